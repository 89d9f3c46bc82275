// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmbin

// TextHead is how many bytes [LooksLikeText] should be given.
const TextHead = 4096

// LooksLikeText reports whether something begins like WebAssembly's text format:
// after blanks and line comments, a parenthesis and a word, or a block comment,
// with which nothing else begins. It is a guess, good for choosing a reader and
// for naming things.
func LooksLikeText(b []byte) bool {
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n':
		case b[i] == ';' && i+1 < len(b) && b[i+1] == ';':
			for i < len(b) && b[i] != '\n' {
				i++
			}
		case b[i] == '(' && i+1 < len(b) && b[i+1] == ';':
			return true
		default:
			return b[i] == '(' && i+1 < len(b) && b[i+1] >= 'a' && b[i+1] <= 'z'
		}
	}
	return false
}
