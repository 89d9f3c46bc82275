// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
)

func TestParseMeta(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		good       bool
	}{
		{"one", "name=x\n", true},
		{"three", "expires=2027-01-31T00:00:00Z\nname=hello\nversion=1.2.3\n", true},
		{"value with =", "a=b=c\n", true},
		{"umlaut and space", "name=größer als\n", true},
		{"longest name", strings.Repeat("n", 32) + "=x\n", true},
		{"longest value", "n=" + strings.Repeat("v", 1024) + "\n", true},
		{"every name character", "a-b.c_9=x\n", true},

		{"empty", "", false},
		{"blank", "\n", false},
		{"no end", "name=x", false},
		{"blank line", "a=x\n\nb=y\n", false},
		{"no =", "name\n", false},
		{"twice", "a=x\na=y\n", false},
		{"out of order", "b=x\na=y\n", false},
		{"empty name", "=x\n", false},
		{"upper case", "Name=x\n", false},
		{"digit first", "9a=x\n", false},
		{"space in name", "a b=x\n", false},
		{"name too long", strings.Repeat("n", 33) + "=x\n", false},
		{"empty value", "a=\n", false},
		{"value too long", "n=" + strings.Repeat("v", 1025) + "\n", false},
		{"CR", "a=x\r\n", false},
		{"TAB", "a=x\ty\n", false},
		{"escape", "a=\x1b[2J\n", false},
		{"bidi override", "a=\u202e\n", false},
		{"not UTF-8", "a=\xff\n", false},
		{"expires in words", "expires=tomorrow\n", false},
		{"expires a date", "expires=2027-01-31\n", false},
		{"expires elsewhere", "expires=2027-01-31T00:00:00+01:00\n", false},
		{"expires in parts of seconds", "expires=2027-01-31T00:00:00.5Z\n", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fields, err := ParseMeta([]byte(tc.text))
			if (err == nil) != tc.good {
				t.Fatalf("got %v", err)
			}
			if !tc.good {
				return
			}
			if out, err := MarshalMeta(fields); err != nil || string(out) != tc.text {
				t.Errorf("written again: %q, %v", out, err)
			}
		})
	}
	if _, err := ParseMeta([]byte("name\n")); err == nil || !strings.Contains(err.Error(), "not NAME=VALUE") {
		t.Errorf("no sign: %v", err)
	}
	if _, err := ParseMeta([]byte(strings.Repeat("n="+strings.Repeat("v", 1000)+"\n", 17))); err == nil || !strings.Contains(err.Error(), "at most 16384") {
		t.Errorf("too long: %v", err)
	}
}

func TestMarshalMeta(t *testing.T) {
	got, err := MarshalMeta([]sealwax.Field{{Name: "version", Value: "2"}, {Name: "expires", Value: "2027-01-31T01:00:00+01:00"}})
	if want := "expires=2027-01-31T00:00:00Z\nversion=2\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range [][]sealwax.Field{
		nil,
		{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}},
		{{Name: "a", Value: "x\ny=z"}},
		{{Name: "a=b", Value: "x"}},
		{{Name: "expires", Value: "2027-01-31"}},
	} {
		if out, err := MarshalMeta(bad); err == nil {
			t.Errorf("%v became %q", bad, out)
		}
	}
}

func FuzzParseMeta(f *testing.F) {
	f.Add([]byte("name=hello\nversion=1.2.3\n"))
	f.Add([]byte("expires=2027-01-31T00:00:00Z\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fields, err := ParseMeta(b)
		if err != nil {
			return
		}
		out, err := MarshalMeta(fields)
		if err != nil || string(out) != string(b) {
			t.Fatalf("%q became %q, %v", b, out, err)
		}
		again, err := ParseMeta(out)
		if d := cmp.Diff(fields, again); err != nil || d != "" {
			t.Fatalf("%v %s", err, d)
		}
	})
}
