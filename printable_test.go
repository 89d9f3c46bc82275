// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sealwax/sealwax"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"plain name-1.0":     "plain name-1.0",
		"grüße 日本":           "grüße 日本",
		"\x1b[31m":           `\x1b[31m`,
		"a\nb\r\tc":          `a\nb\r\tc`,
		"\x00\x7f":           `\x00\x7f`,
		"c1 \u009b31m":       `c1 \u009b31m`,
		"bidi \u202egpj":     `bidi \u202egpj`,
		"isolate \u2066x":    `isolate \u2066x`,
		"line\u2028sep":      `line\u2028sep`,
		"para\u2029sep":      `para\u2029sep`,
		"zero\u200bwidth":    `zero\u200bwidth`,
		"bom\ufeff":          `bom\ufeff`,
		"nbsp\u00a0":         `nbsp\u00a0`,
		"tag \U000e0041":     `tag \U000e0041`,
		"bad \xff\xc3":       `bad \xff\xc3`,
		"real \ufffd":        "real \ufffd",
		"surrogate \xed\xa0": `surrogate \xed\xa0`,
	} {
		if got := sealwax.Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b[2J\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := sealwax.Printable(s)
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
				t.Errorf("Printable(%q) holds %U", s, r)
			}
		}
		if again := sealwax.Printable(got); again != got {
			t.Errorf("twice: %q, then %q", got, again)
		}
	})
}
