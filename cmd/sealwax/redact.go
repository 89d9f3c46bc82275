// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// The shortest runs that are taken for a secret: of base64, where PKCS #8 has 64
// characters and minisign 212 (public keys have 56), and of hexadecimal digits,
// where fingerprints have 64 and raw secret keys 130.
const (
	secretBase64 = 60
	secretHex    = 100
)

const notShown = "(not shown)"

// redact takes out of a message what could be a secret key: people put one where
// a file's name belongs, and messages end up in logs.
func redact(s string) string {
	if i := strings.Index(s, "-----BEGIN"); i >= 0 {
		s = s[:i] + notShown
	}
	var b strings.Builder
	for len(s) > 0 {
		n := strings.IndexFunc(s, func(r rune) bool { return !isBase64(r) })
		if n < 0 {
			n = len(s)
		}
		if run := s[:n]; looksSecret(run) {
			b.WriteString(notShown)
		} else {
			b.WriteString(run)
		}
		s = s[n:]
		if len(s) > 0 {
			next := strings.IndexFunc(s, isBase64)
			if next < 0 {
				next = len(s)
			}
			b.WriteString(s[:next])
			s = s[next:]
		}
	}
	return b.String()
}

// digestMember is a digest in a report: it is as long as a secret key, and none.
const digestMember = `"blake2b-512":"`

// redactJSON is redact for a line of JSON, whose digests are what they say.
func redactJSON(line string) string {
	const digits = 128
	before, rest, found := strings.Cut(line, digestMember)
	var out strings.Builder
	out.WriteString(redact(before))
	for found {
		digest := rest[:min(digits, len(rest))]
		if strings.Trim(digest, "0123456789abcdef") != "" {
			digest = ""
		}
		before, rest, found = strings.Cut(rest[len(digest):], digestMember)
		out.WriteString(digestMember + digest + redact(before))
	}
	return out.String()
}

func isBase64(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '='
}

// looksSecret tells keys from long paths, which are rarely mixed of small and
// capital letters and digits, and full of slashes.
func looksSecret(run string) bool {
	run = strings.Trim(run, "/=")
	count := func(lo, hi byte) (n int) {
		for _, c := range []byte(run) {
			if c >= lo && c <= hi {
				n++
			}
		}
		return n
	}
	lower, upper, digits := count('a', 'z'), count('A', 'Z'), count('0', '9')
	switch hex := digits + count('a', 'f'); {
	case hex == len(run) && len(run) >= secretHex:
		return true
	case len(run) < secretBase64:
		return false
	}
	return lower >= 3 && upper >= 3 && digits >= 3 && count('/', '/') < len(run)/8
}
