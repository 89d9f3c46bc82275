// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/sealwaxtest"
)

func fields(pairs ...string) []sealwax.Field {
	var out []sealwax.Field
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, sealwax.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func TestParseComment(t *testing.T) {
	for _, tc := range []struct {
		in     string
		fields []sealwax.Field
		text   string
	}{
		{"", nil, ""},
		{"free text", nil, "free text"},
		{"timestamp:1\tfile:x\thashed", fields("timestamp", "1", "file", "x"), ""},
		{"timestamp:1\tfile:a/b\tprehashed", fields("timestamp", "1", "file", "a/b"), ""},
		{"timestamp:1\tfilename:x", fields("timestamp", "1", "filename", "x"), ""},
		{"version:1\tversion:2", fields("version", "1", "version", "2"), ""},
		{"expires:2030-01-02T03:04:05Z", fields("expires", "2030-01-02T03:04:05Z"), ""},
		{"one\ttwo\t\thashed\tthree", nil, "one\ttwo\tthree"},
		{"see https://example.org/x", nil, "see https://example.org/x"},
		{"https://example.org/x", nil, "https://example.org/x"},
		{"Version:1", nil, "Version:1"},
		{"note: see below", fields("note", " see below"), ""},
		{"expires: 2001-01-01T00:00:00Z", fields("expires", " 2001-01-01T00:00:00Z"), ""}, // no time, so it never counts
		{" version:1", nil, " version:1"},
		{"1st:x", nil, "1st:x"},
		{":x", nil, ":x"},
		{"empty:", fields("empty", ""), ""},
		{"a_b-c.d9:x:y", fields("a_b-c.d9", "x:y"), ""},
		{strings.Repeat("a", 32) + ":x", fields(strings.Repeat("a", 32), "x"), ""},
		{strings.Repeat("a", 33) + ":x", nil, strings.Repeat("a", 33) + ":x"},
	} {
		got, text := minisign.ParseComment(tc.in)
		if diff := cmp.Diff(tc.fields, got); diff != "" || text != tc.text {
			t.Errorf("%q: text %q, want %q; fields (-want +got):\n%s", tc.in, text, tc.text, diff)
		}
	}
}

func TestFormatComment(t *testing.T) {
	now := time.Unix(5, 0)
	for _, tc := range []struct {
		file string
		o    sealwax.SignOptions
		want string // empty: refused
	}{
		{"x", sealwax.SignOptions{}, "file:x\thashed"},
		{"a/b/x", sealwax.SignOptions{Now: now}, "timestamp:5\tfile:x\thashed"},
		{`C:\dir\x`, sealwax.SignOptions{}, "file:x\thashed"},
		{"-", sealwax.SignOptions{Now: now}, "timestamp:5\thashed"},
		{"", sealwax.SignOptions{}, "hashed"},
		{"bad\nname", sealwax.SignOptions{}, "hashed"},
		{"tab\tname", sealwax.SignOptions{}, "hashed"},
		{"\xff", sealwax.SignOptions{}, "hashed"},
		{"x", sealwax.SignOptions{Comment: "hello there"}, "file:x\thashed\thello there"},
		{"x", sealwax.SignOptions{Comment: "note: hello"}, "file:x\thashed\tnote: hello"},
		{"x", sealwax.SignOptions{Fields: fields("version", "1", "name", "n")}, "file:x\thashed\tversion:1\tname:n"},
		{"x", sealwax.SignOptions{Fields: fields("file", "y")}, "hashed\tfile:y"},
		{"x", sealwax.SignOptions{Now: now, Fields: fields("timestamp", "9")}, "file:x\thashed\ttimestamp:9"},
		{"x", sealwax.SignOptions{Fields: fields("a", "1", "a", "2")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("a", "1", "a", "1")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("", "1")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("A", "1")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("9a", "1")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("a:b", "1")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("a b", "1")}, ""},
		{"x", sealwax.SignOptions{Fields: fields(strings.Repeat("a", 33), "1")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("a", "")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("a", "1\t2")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("a", "1\n")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("a", "//host")}, ""},
		{"x", sealwax.SignOptions{Comment: "version:9"}, ""},
		{"x", sealwax.SignOptions{Comment: "sealwax-native/v1 kind=program"}, ""},
		{"x", sealwax.SignOptions{Comment: "  Sealwax-NATIVE/"}, ""},
		{"x", sealwax.SignOptions{Comment: "about sealwax-native/v1"}, "file:x\thashed\tabout sealwax-native/v1"},
		{"x", sealwax.SignOptions{Comment: "https://example.org"}, "file:x\thashed\thttps://example.org"},
		{"x", sealwax.SignOptions{Fields: fields("a", "\x1b[2J")}, ""},
		{"x", sealwax.SignOptions{Fields: fields("a", "\xff")}, ""},
		{"x", sealwax.SignOptions{Comment: "a\tb:c"}, ""},
		{"x", sealwax.SignOptions{Comment: "two\nlines"}, ""},
		{"x", sealwax.SignOptions{Comment: "good\rEVIL"}, ""},
		{"x", sealwax.SignOptions{Comment: "\u009b31m"}, ""},
		{"x", sealwax.SignOptions{Comment: "\x7f"}, ""},
		{"x", sealwax.SignOptions{Comment: "\x00"}, ""},
		{"x", sealwax.SignOptions{Comment: "\xc3"}, ""},
		{"", sealwax.SignOptions{Comment: strings.Repeat("c", minisign.MaxTrustedWritten-7)}, "hashed\t" + strings.Repeat("c", minisign.MaxTrustedWritten-7)},
		{"", sealwax.SignOptions{Comment: strings.Repeat("c", minisign.MaxTrustedWritten-6)}, ""},
		{"", sealwax.SignOptions{Comment: strings.Repeat("c", 100_000)}, ""},
	} {
		got, err := minisign.FormatComment(tc.file, tc.o)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%q with %+v: %q, %v; want %q", tc.file, tc.o, got, err, tc.want)
		}
	}
}

// TestCommentHasOneReading: a signer's free text never becomes a statement that
// the signer did not mean, and statements come back as they were given.
func TestCommentHasOneReading(t *testing.T) {
	given := fields("version", "1.2", "target", "linux/amd64", "expires", "2030-01-01T00:00:00Z")
	c, err := minisign.FormatComment("x", sealwax.SignOptions{Fields: given, Comment: "just text"})
	if err != nil {
		t.Fatal(err)
	}
	got, text := minisign.ParseComment(c)
	if diff := cmp.Diff(append(fields("file", "x"), given...), got); diff != "" || text != "just text" {
		t.Error(text, diff)
	}
}

func TestCheckTrusted(t *testing.T) {
	for c, ok := range map[string]bool{
		"": true, "a\tb": true, "\u202e": true, "grüße": true, "\u00a0": true,
		"\n": false, "\r": false, "\x00": false, "\x1b": false, "\x1f": false, "\x7f": false, "\u0080": false, "\u009f": false, "\xff": false,
	} {
		if err := minisign.CheckTrusted(c); (err == nil) != ok {
			t.Errorf("%q: %v", c, err)
		}
	}
}

// TestStatementsSpeakForNativeCode: a trusted comment that is a statement about
// native code makes the signature one for native code, and for nothing else.
func TestStatementsSpeakForNativeCode(t *testing.T) {
	s, data := sealwaxtest.Key(1), []byte("code")
	for trusted, role := range map[string]sealwax.Role{
		"sealwax-native/v1 kind=program": sealwax.RoleNative, "SEALWAX-native/": sealwax.RoleNative,
		"hello": sealwax.RoleRelease, "about sealwax-native/v1": sealwax.RoleRelease,
	} {
		sig := file(t, s, data, trusted, false).Marshal()
		for _, asked := range []sealwax.Role{sealwax.RoleRelease, sealwax.RoleNative} {
			v := &sealwax.Verifier{Formats: []sealwax.Format{minisign.Format{}}, Trust: sealwaxtest.Trusting(asked, s.Public())}
			_, err := v.Verify(t.Context(), sealwaxtest.Bytes("file", data, beside(sig)), sealwax.AnyOf(1, asked))
			// Other signatures speak in any role.
			if ok := asked == role || role == sealwax.RoleRelease; (err == nil) != ok {
				t.Errorf("%q, asked for %s: %v", trusted, asked, err)
			}
		}
	}
}
