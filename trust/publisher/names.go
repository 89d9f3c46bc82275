// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealwax/sealwax"
)

// The longest names, in bytes.
const (
	maxName   = 64
	maxSpace  = 64
	maxRole   = 32
	maxReason = 256
)

// CheckName says why a name cannot be a publisher's: it wants 1 to 64 of
// a-z 0-9 . _ -, a letter or digit first, and no name of a Windows device, since
// files are called after it.
func CheckName(name string) error {
	if !isName(name) {
		return fmt.Errorf("name %q: want 1 to %d of a-z 0-9 . _ -, a letter or digit first", name, maxName)
	}
	if isDevice(name) {
		return fmt.Errorf("name %q: it is a device's name on Windows: choose another", name)
	}
	return nil
}

// isName is [a-z0-9][a-z0-9._-]{0,63}.
func isName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i, c := range []byte(s) {
		if !alphanumeric(c) && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// isDevice reports names that are no files on Windows, whatever follows a dot.
func isDevice(s string) bool {
	stem, _, _ := strings.Cut(s, ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	port, digit := strings.CutPrefix(stem, "com")
	if !digit {
		port, digit = strings.CutPrefix(stem, "lpt")
	}
	return digit && len(port) == 1 && port[0] >= '0' && port[0] <= '9'
}

// CheckSpace says why a name cannot be a name space, the part before the colon
// in acme:tool: it wants [a-z][a-z0-9]*(-[a-z][a-z0-9]*)* of at most 64 bytes.
func CheckSpace(space string) error {
	if len(space) > maxSpace || !isWords(space) {
		return fmt.Errorf("name space %q: want at most %d of a-z 0-9 in words divided by one -, each beginning with a letter", space, maxSpace)
	}
	return nil
}

// CheckRole says why a word cannot name a role. The list of roles is open; the
// grammar is that of name spaces, at most 32 bytes.
func CheckRole(role sealwax.Role) error {
	if len(role) > maxRole || !isWords(string(role)) {
		return fmt.Errorf("role %q: want at most %d of a-z 0-9 in words divided by one -, each beginning with a letter", role, maxRole)
	}
	return nil
}

func isWords(s string) bool {
	for word := range strings.SplitSeq(s, "-") {
		if word == "" || word[0] < 'a' { // what is beyond z is no letter below
			return false
		}
		for _, c := range []byte(word) {
			if !alphanumeric(c) {
				return false
			}
		}
	}
	return true
}

// checkReason holds the text behind a taken back digest to what can be shown.
func checkReason(s string) error {
	switch {
	case s == "":
		return errors.New("no reason: say in a few words why it is taken back")
	case len(s) > maxReason:
		return fmt.Errorf("a reason of %d bytes, and at most %d can be", len(s), maxReason)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("a reason with a character that cannot be seen")
	case strings.TrimSpace(s) != s:
		return errors.New("a reason with a blank at an end")
	}
	return nil
}

const digestPrefix = "sha256:"

// Digest is the name of some bytes: "sha256:" and 64 lower-case hexadecimal
// digits.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return digestPrefix + hex.EncodeToString(sum[:])
}

// CheckDigest says why a string is not what [Digest] writes.
func CheckDigest(s string) error {
	h, ok := strings.CutPrefix(s, digestPrefix)
	if !ok || len(h) != 2*sha256.Size || strings.Trim(h, "0123456789abcdef") != "" {
		return fmt.Errorf("digest %q: want sha256: and 64 lower-case hexadecimal digits", s)
	}
	return nil
}
