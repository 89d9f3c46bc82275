// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// vector is one text file: what is expected, and the pieces, quoted as Go does.
type vector struct{ expect, message, key, sig string }

func readVector(t testing.TB, file string) vector {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	fields := map[string]*string{"message": &v.message, "key": &v.key, "sig": &v.sig}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, ": ")
		switch {
		case line == "" || line[0] == '#':
		case ok && name == "expect":
			v.expect = value
		case ok && fields[name] != nil:
			s, err := strconv.Unquote(value)
			if err != nil {
				t.Fatalf("%s: %q: %v", file, value, err)
			}
			*fields[name] += s
		default:
			t.Fatalf("%s: what is %q?", file, line)
		}
	}
	return v
}

func vectors(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d vectors, %v", len(files), err)
	}
	return files
}

func TestVectors(t *testing.T) {
	for _, file := range vectors(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			v := readVector(t, file)
			if got := outcome(t, []byte(v.key), []byte(v.sig), []byte(v.message)); got != v.expect {
				t.Errorf("%s, want %s", got, v.expect)
			}
		})
	}
}

// TestHostile holds all hostile cases to our own table, where they are at hand.
func TestHostile(t *testing.T) {
	data, err := os.ReadFile("../../../shared/vectors/minisign/hostile.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("nothing outside the repository to compare with: testdata/vectors holds all but the huge ones")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name    string `json:"name"`
		Pub     []byte `json:"pubkey_file_b64"`
		Sig     []byte `json:"sig_file_b64"`
		Message []byte `json:"message_b64"`
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	want := table(t)
	for _, c := range cases {
		if got := outcome(t, c.Pub, c.Sig, c.Message); got != want[c.Name] {
			t.Errorf("%s: %s, want %q", c.Name, got, want[c.Name])
		}
		delete(want, c.Name)
	}
	for name := range want {
		t.Errorf("%s is expected and was not there", name)
	}
}

func table(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("testdata/hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if name, expect, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && line[0] != '#' {
			want[name] = expect
		}
	}
	return want
}

// TestHuge are the cases that are too large to keep.
func TestHuge(t *testing.T) {
	s, data := sealwaxtest.Key(1), []byte("data")
	for _, tc := range []struct {
		untrusted, trusted, behind int
		want                       bool
	}{
		{0, 0, 0, true},
		{minisign.MaxUntrusted, 0, 0, true},
		{minisign.MaxUntrusted + 1, 0, 0, false},
		{100_000, 0, 0, false},
		{0, minisign.MaxTrusted, 0, true},
		{0, minisign.MaxTrusted + 1, 0, false},
		{0, 100_000, 0, false},
		{0, 0, 50_000, true},
		{0, 0, minisign.MaxFile, false},
	} {
		f := file(t, s, data, strings.Repeat("t", tc.trusted), false)
		f.Untrusted = strings.Repeat("u", tc.untrusted)
		sig := append(f.Marshal(), strings.Repeat("\n", tc.behind)...)
		r := judge(t, s.Public(), data, sig, strict)
		if got := r.Verdict.String() == "allow"; got != tc.want {
			t.Errorf("%+v: %s", tc, messages(r))
		}
	}
}

// TestMalformedSaysWhy: a person can act on each message.
func TestMalformedSaysWhy(t *testing.T) {
	good := string(file(t, sealwaxtest.Key(1), nil, "t", false).Marshal())
	lines := strings.SplitAfter(good, "\n")
	for name, tc := range map[string]struct{ data, says string }{
		"empty":       {"", "empty"},
		"one line":    {lines[0], "after line 1"},
		"signify":     {lines[0] + lines[1], "signify"},
		"three lines": {lines[0] + lines[1] + lines[2], "after line 3"},
		"BOM":         {"\xef\xbb\xbf" + good, "byte-order mark"},
		"UTF-16 LE":   {"\xff\xfe" + good, "UTF-16"},
		"UTF-16 BE":   {"\xfe\xff" + good, "UTF-16"},
		"behind":      {good + "x", "nothing signs it"},
		"blanks":      {good + " \n", "nothing signs it"},
		"prefix 1":    {"x" + good, "line 1"},
		"NUL":         {strings.Replace(good, "x\n", "\x00\n", 1), "NUL"},
		"CR CR":       {strings.Replace(good, "x\n", "x\r\r\n", 1), "carriage returns"},
		"prefix 3":    {strings.Replace(good, "\ntrusted", "\nTrusted", 1), "line 3"},
		"line 2":      {strings.Replace(good, lines[1], "AAAA\n", 1), "line 2"},
		"length 2":    {strings.Replace(good, lines[1], "AAAA\n", 1), "4 characters, want 100"},
		"line 4":      {strings.Replace(good, lines[3], "AAAA\n", 1), "line 4"},
		"no fourth":   {lines[0] + lines[1] + strings.TrimSuffix(lines[2], "\n"), "after line 3"},
		"algorithm":   {strings.Replace(good, "\nRU", "\nAA", 1), "algorithm"},
	} {
		_, err := minisign.Parse([]byte(tc.data))
		if !errors.Is(err, minisign.ErrSyntax) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want it to say %q", name, err, tc.says)
		}
	}
}

// TestLineEnds: what mail and other systems do to text files is no harm.
func TestLineEnds(t *testing.T) {
	s, data := sealwaxtest.Key(1), []byte("data")
	good := string(file(t, s, data, "t", false).Marshal())
	for name, sig := range map[string]string{
		"LF": good, "CRLF": strings.ReplaceAll(good, "\n", "\r\n"), "no last": strings.TrimSuffix(good, "\n"),
		"blank lines": good + "\n\r\n\n", "CR last": strings.TrimSuffix(good, "\n") + "\r",
	} {
		if r := judge(t, s.Public(), data, []byte(sig), strict); r.Verdict.String() != "allow" {
			t.Errorf("%s: %s", name, messages(r))
		}
	}
}
