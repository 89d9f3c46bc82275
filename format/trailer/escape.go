// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"encoding/hex"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// isSafe reports whether a byte of a value stands for itself: it can neither end a
// token nor hide one, in any reader.
func isSafe(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return strings.IndexByte("-._~:/+,@", c) >= 0
}

// escape writes every other byte as % and two upper-case hexadecimal digits.
func escape(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if isSafe(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
	}
	return b.String()
}

// unescape reads what escape writes. What escape would write otherwise comes out
// so that escaping it again gives another text.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+3 <= len(text) {
			if c, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				b.Write(c)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
