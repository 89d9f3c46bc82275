// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes a string from an artifact safe for a terminal: control and
// format characters (escapes, bidirectional overrides), line and paragraph
// separators and bytes that are not UTF-8 are shown as Go escapes. Everything
// that people print a foreign string with goes through here.
func Printable(s string) string {
	if isPrintable(s) { // mutate:skip only speed depends on it
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if (r == utf8.RuneError && n == 1) || !printableRune(r) {
			q := strconv.QuoteToASCII(s[:n])
			b.WriteString(q[1 : len(q)-1])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

func isPrintable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !printableRune(r) {
			return false
		}
	}
	return true
}

// printableRune is unicode.IsPrint without the bare line breaks that it
// excludes anyway; spaces other than U+0020 are shown escaped too.
func printableRune(r rune) bool { return unicode.IsPrint(r) }
