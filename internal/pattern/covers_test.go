// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package pattern

import (
	"strings"
	"testing"
)

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		p, q string
		want bool
	}{
		{"*", "*", true},
		{"*", "*.wasm", true},
		{"*.wasm", "*", false},
		{"*", "app.wasm", true},
		{"**", "*", true},
		{"*", "**", true}, // files have no /
		{"?*", "*", true}, // nor an empty name
		{"*?", "*", true},
		{"??*", "*", false},
		{"?", "*", false},
		{"acme-*", "acme-*.wasm", true},
		{"acme-*.wasm", "acme-*", false},
		{"acme-*", "acme-tool", true},
		{"acme-*", "acm*", false},
		{"*0", "*", false},
		{"*a*", "*ab*", true},
		{"*a*", "*b*", false},
		{"*a*b*", "*ab*", true},
		{"*ab*", "*a*b*", false},
		{"a?c", "abc", true},
		{"abc", "a?c", false},
		{`a\?c`, "a?c", false},
		{"a?c", `a\?c`, true},
		{`a\-b`, "a-b", true},
		{"é*", "éa", true},
		{"*", "oci:**", false},
		{"oci:**", "*", false},
		{"oci:**", "oci:*", true},
		{"oci:*", "oci:**", false},
		{"oci:**", "oci:ghcr.io/acme/**", true},
		{"oci:ghcr.io/**", "oci:ghcr.io/acme/*", true},
		{"oci:ghcr.io/*", "oci:ghcr.io/acme/*", false},
		{"oci:ghcr.io/*/*", "oci:ghcr.io/acme/*", true},
		{"oci:ghcr.io/acme/**", "oci:ghcr.io/**", false},
		{"oci:**/app", "oci:ghcr.io/*/app", true},
		{"oci:?", "oci:/", false},
		{"crate:**", "oci:**", false},
		{strings.Repeat("?", 300), strings.Repeat("?", 44), false}, // 44 is 300 in one byte
		{"*" + strings.Repeat("?", 40), strings.Repeat("?", 41), true},
	} {
		p, err := Parse(tt.p)
		if err != nil {
			t.Fatal(err)
		}
		q, err := Parse(tt.q)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Covers(q); got != tt.want {
			t.Errorf("%q covers %q: %v", tt.p, tt.q, got)
		}
	}
	all, _ := Parse("*")
	if (Pattern{}).Covers(all) || all.Covers(Pattern{}) || (Pattern{}).Covers(Pattern{}) {
		t.Error("the zero Pattern")
	}
}

// TestCoversGivesUp: patterns whose decision would take exponential time are not
// decided, in bounded time and on the safe side.
func TestCoversGivesUp(t *testing.T) {
	p, err := Parse("*a" + strings.Repeat("?", 200))
	if err != nil {
		t.Fatal(err)
	}
	q, err := Parse("*a" + strings.Repeat("?", 100) + "b" + strings.Repeat("?", 99))
	if err != nil {
		t.Fatal(err)
	}
	if p.Covers(q) {
		t.Error("decided without having looked")
	}
}

// FuzzCovers: what one pattern is said to cover, it matches.
func FuzzCovers(f *testing.F) {
	f.Add("oci:a**", "oci:a*b", "oci:a/b")
	f.Add("*a*", "?a", "ba")
	f.Add("a?", `a\*`, "a*")
	f.Fuzz(func(t *testing.T, a, b, name string) {
		if len(a)+len(b) > 40 {
			return
		}
		p, err := Parse(a)
		if err != nil {
			return
		}
		q, err := Parse(b)
		if err != nil {
			return
		}
		if s := Named(name); p.Covers(q) && q.Match(s) && !p.Match(s) {
			t.Errorf("%q is said to cover %q, and does not match %q", a, b, name)
		}
	})
}
