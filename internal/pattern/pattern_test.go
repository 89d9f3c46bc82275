// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package pattern

import (
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, subject string
		want             bool
	}{
		{"app.wasm", "app.wasm", true},
		{"app.wasm", "/some/where/app.wasm", true},
		{"app.wasm", "./app.wasm", true},
		{"app.wasm", "app.wasm/", true},
		{"app.wasm", "App.wasm", false},
		{"app.wasm", "app.wasm.bak", false},
		{"app.wasm", "my-app.wasm", false},
		{"app.wasm", "app_wasm", false},
		{"*", "anything at all", true},
		{"**", "x", true},
		{"*", "", false},
		{"*", "/", false},
		{"*.wasm", "dir/a.wasm", true},
		{"*.wasm", ".wasm", true},
		{"a*b*c", "abc", true},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"a?c", "abc", true},
		{"a?c", "aéc", true},
		{"a?c", "ac", false},
		{"a?c", "abbc", false},
		{"a?c", "a\xffc", true},
		{"a\ufffdc", "a\xffc", false},
		{"a*", "a\xff\xfe", true},
		{"*\ufffd", "a\ufffd", true},
		{"*\ufffd", "a\xff", false},
		{`\*`, "*", true},
		{`\*`, "x", false},
		{`a\?`, "a?", true},
		{`a\?`, "ab", false},
		{`a\[1\]`, "a[1]", true},
		{`a\\b`, `./a\b`, runtime.GOOS != "windows"},
		{`a\ `, "a ", true},
		{"a b", "a b", true},
		{"überall.*", "überall.txt", true},

		// Schemes.
		{"crate:ripgrep", "crate:ripgrep", true},
		{"crate:ripgrep", "crate:ripgrep-all", false},
		{"crate:*", "crate:ripgrep", true},
		{"crate:*", "acme:ripgrep", false},
		{"crate:*", "ripgrep", false},
		{"*", "crate:ripgrep", false},
		{"**", "crate:ripgrep", false},
		{"ripgrep", "crate:ripgrep", false},
		{`\?*`, "crate:ripgrep", false},
		{`crate\:ripgrep`, "crate:ripgrep", false},
		{`crate\:ripgrep`, "./crate:ripgrep", true},
		{"crate:ripgrep", "./crate:ripgrep", false},
		{"crate:ripgrep", "dir/crate:ripgrep", false},
		{"oci:docker.io/acme/app", "oci:docker.io/acme/app", true},
		{"oci:docker.io/acme/*", "oci:docker.io/acme/app", true},
		{"oci:docker.io/acme/*", "oci:docker.io/acme/team/app", false},
		{"oci:docker.io/acme/**", "oci:docker.io/acme/team/app", true},
		{"oci:docker.io/*/app", "oci:docker.io/acme/app", true},
		{"oci:docker.io/*/app", "oci:docker.io/acme/team/app", false},
		{"oci:docker.io/**/app", "oci:docker.io/acme/team/app", true},
		{"oci:docker.io/acme/**", "oci:docker.io/acme", false},
		{"oci:*", "oci:docker.io/acme", false},
		{"oci:?", "oci:/", false},
		{"oci:localhost:5000/**", "oci:localhost:5000/app:v1", true},
		{"oci:docker.io/acme/*", "oci:docker.io/acme/", true},
		{"oci:docker.io/acme/**b*c", "oci:docker.io/acme/x/b/b-c", true},
		{"oci:docker.io/acme/**b*c", "oci:docker.io/acme/x/b/y/c", false},
		{"oci:a*/**b", "oci:a/x*/b", true},
		{"https:**", "https://example.org/a", true},

		// What has a colon and is no canonical name is a file.
		{`*`, `C:\dir\app.wasm`, true},
		{`*`, "Crate:ripgrep", true},
		{`*`, "c:app.wasm", true},
		{`*`, ":app", true},
		{`*`, "crate:", true},
	} {
		p, err := Parse(tt.pattern)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.pattern, err)
			continue
		}
		if got := p.Match(Named(tt.subject)); got != tt.want {
			t.Errorf("%q, %q: got %v", tt.pattern, tt.subject, got)
		}
		if p.String() != tt.pattern {
			t.Errorf("%q prints as %q", tt.pattern, p)
		}
	}
}

func TestFileIsNeverCanonical(t *testing.T) {
	for _, pattern := range []string{"crate:ripgrep", "crate:*", "crate:**"} {
		p, err := Parse(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if p.Match(File("crate:ripgrep")) {
			t.Errorf("%s matches a file", pattern)
		}
	}
}

func TestZero(t *testing.T) {
	all, err := Parse("**")
	if err != nil {
		t.Fatal(err)
	}
	if (Pattern{}).Match(File("x")) || (Pattern{}).Match(Subject{}) || all.Match(Subject{}) {
		t.Error("a zero value matches")
	}
	if !(Pattern{}).IsZero() || all.IsZero() {
		t.Error("IsZero")
	}
}

func TestParseRefuses(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                       "empty",
		strings.Repeat("a", 513): "longer than 512",
		"a\xff":                  "UTF-8",
		"a\tb":                   "cannot be seen",
		"a\nb":                   "cannot be seen",
		"a\u202eb":               "cannot be seen",
		" a":                     "blank at an end",
		"a ":                     "blank at an end",
		`a\\ `:                   "blank at an end",
		"crate:":                 "nothing after the scheme",
		"***":                    "neither * nor **",
		"a[bc]":                  `write \[`,
		"a]":                     `write \]`,
		"{a,b}":                  `write \{`,
		"a}":                     `write \}`,
		`a\`:                     "only before a punctuation",
		`a\n`:                    "only before a punctuation",
		`a\é`:                    "only before a punctuation",
		"dist/*.wasm":            "base name",
		"/app":                   "base name",
		"Crate:x":                "no scheme",
		"c:x":                    "no scheme",
		"*:x":                    "no scheme",
		":x":                     "no scheme",
		"c++:x":                  "no scheme",
		"1a:x":                   "no scheme",
		`a\\:b`:                  "no scheme",
		"oci:a[b]":               `write \[`,
	} {
		p, err := Parse(pattern)
		if err == nil || !strings.Contains(err.Error(), want) || !p.IsZero() {
			t.Errorf("Parse(%q): %v, want %q", pattern, err, want)
		}
	}
	for _, ok := range []string{strings.Repeat("a", 512), `a\:b`, `\ a\ `, "a:b"[:1], "ab:c:d", "wasi-http:x"} {
		if _, err := Parse(ok); err != nil {
			t.Error(err)
		}
	}
}

// TestNoBlowUp: patterns that take backtracking matchers years.
func TestNoBlowUp(t *testing.T) {
	long := strings.Repeat("a", 5_000)
	for _, pattern := range []string{
		strings.Repeat("*a", 255) + "b",
		"xx:" + strings.Repeat("**a", 160) + "b",
		"xx:" + strings.Repeat("**a*a", 100) + "b",
	} {
		p, err := Parse(pattern)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if p.Match(Named("xx:"+long)) || p.Match(File(long)) {
			t.Error("matches")
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v", pattern[:20], took)
		}
	}
}

// oracle says the same with a regular expression.
func oracle(glob, name string) bool {
	var re strings.Builder
	for s := glob; s != ""; {
		switch {
		case strings.HasPrefix(s, "**"):
			re.WriteString(".*")
			s = s[2:]
		case s[0] == '*':
			re.WriteString("[^/]*")
			s = s[1:]
		case s[0] == '?':
			re.WriteString("[^/]")
			s = s[1:]
		case s[0] == '\\':
			re.WriteString(regexp.QuoteMeta(s[1:2]))
			s = s[2:]
		default:
			_, n := utf8.DecodeRuneInString(s)
			re.WriteString(regexp.QuoteMeta(s[:n]))
			s = s[n:]
		}
	}
	return regexp.MustCompile(`(?s)\A(?:` + re.String() + `)\z`).MatchString(name)
}

// FuzzMatch holds the matcher against a regular expression that says the same.
func FuzzMatch(f *testing.F) {
	for _, s := range [][2]string{
		{"*", "a"},
		{"a**b*c?", "axbycz"},
		{"**/x", "a/b/x"},
		{`\**`, "*a"},
		{"*/*", "a/b"},
		{"**a*b", "a/ab/aab"},
		{"a*?b", "a/b"},
		{"?", "é"},
		{"", "a"},
		{"[", "["},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		if len(name) > 1000 || name == "" || !utf8.ValidString(name) {
			return
		}
		p, err := Parse("scheme:" + glob)
		if err != nil {
			return
		}
		if got, want := p.Match(Named("scheme:"+name)), oracle(glob, name); got != want {
			t.Errorf("%q, %q: got %v, want %v", glob, name, got, want)
		}
		if _, err := Parse(glob); err == nil && !strings.Contains(glob, ":") {
			file := name[strings.LastIndexByte(name, '/')+1:]
			p, _ := Parse(glob)
			if got, want := p.Match(File("dir/"+file)), oracle(glob, file); file != "" && got != want {
				t.Errorf("file %q, %q: got %v, want %v", glob, file, got, want)
			}
		}
	})
}

// FuzzParse: no input panics, and what is accepted is printed as it was.
func FuzzParse(f *testing.F) {
	f.Add(`oci:a/**/b\*?`)
	f.Add(`a\:b c`)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			return
		}
		if p.String() != s {
			t.Errorf("%q prints as %q", s, p)
		}
		p.Match(Named(s))
	})
}

func BenchmarkMatch(b *testing.B) {
	p, err := Parse("oci:docker.io/acme/**")
	if err != nil {
		b.Fatal(err)
	}
	s := Named("oci:docker.io/acme/team/app")
	for b.Loop() {
		p.Match(s)
	}
}
