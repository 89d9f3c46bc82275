// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"fmt"
	"strings"

	"github.com/sealwax/sealwax/key"
)

// Statement is the line that a publisher puts where people know it to be its own
// place: a website, the DNS, a profile. Whoever reads it there knows the id from
// another source than the file.
func (c *Chain) Statement() string {
	return fmt.Sprintf("sealwax-publisher=v1 name=%s id=%s", c.Name(), c.ID())
}

// States reports whether a text, a page say, has the publisher's statement in it,
// whole and not as a part of something longer.
func (c *Chain) States(text string) bool {
	want := c.Statement()
	for from := 0; ; {
		at := strings.Index(text[from:], want)
		if at < 0 {
			return false
		}
		at += from
		from = at + len(want)
		if !endsInWord(text[:at]) && !beginsWithWord(text[from:]) {
			return true
		}
	}
}

func endsInWord(s string) bool { return s != "" && isWordByte(s[len(s)-1]) }

func beginsWithWord(s string) bool { return s != "" && isWordByte(s[0]) }

func isWordByte(c byte) bool {
	return alphanumeric(c) || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == ':' || c == '='
}

// Lists reports whether the chain lists a key, in whatever standing.
func (c *Chain) Lists(k key.Public) bool {
	_, ok := c.Key(k)
	return ok
}
