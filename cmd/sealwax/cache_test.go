// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestCacheLimit(t *testing.T) {
	for _, tc := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"", 1 << 30, true},
		{"0", 0, true},
		{"64MiB", 64 << 20, true},
		{"none", 0, false},
		{"-1", 0, false},
		{"12", 0, false},
		{"1GB", 0, false},
	} {
		a := &app{env: func(string) (string, bool) { return tc.text, true }}
		if got, err := a.cacheLimit(); got != tc.want || (err == nil) != tc.ok {
			t.Errorf("SEALWAX_CACHE_LIMIT=%q: %d, %v; want %d", tc.text, got, err, tc.want)
		}
	}
}

func TestBytesText(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 1536 << 10: "1.5 MiB", 1 << 30: "1.0 GiB", 1 << 40: "1024.0 GiB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// TestCacheJSON: both commands print what the schema says.
func TestCacheJSON(t *testing.T) {
	dir := t.TempDir()
	a := docsApp(t, dir)
	a.env = func(name string) (string, bool) {
		if name == "SEALWAX_CACHE_LIMIT" {
			return "", false
		}
		return filepath.Join(dir, name), true
	}
	for _, word := range []string{"info", "clean"} {
		if code := a.main(t.Context(), []string{"cache", word, "--json"}); code != exitYes {
			t.Errorf("cache %s: code %d", word, code)
		}
		out, err := os.ReadFile(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		if err := holdsTo(t, "cache-v1.json", string(out)); err != nil {
			t.Errorf("cache %s: %s: %v", word, out, err)
		}
		if err := os.Truncate(filepath.Join(dir, "out"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := a.out.Seek(0, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// cmdEntry works on the only entry of a script's cache: entry copy|copy-back|same|
// differs FILE, entry flip (a bit of its code), entry pipe (puts a pipe there, which
// whoever opens it waits at).
func cmdEntry(ts *testscript.TestScript, neg bool, args []string) {
	found, err := filepath.Glob(filepath.Join(ts.Getenv("SEALWAX_CACHE_DIR"), "compiled", "*.compiled"))
	ts.Check(err)
	if neg || len(found) != 1 || len(args) == 0 {
		ts.Fatalf("%d entries, want 1; usage: entry WORD [FILE]", len(found))
	}
	entry := found[0]
	if info, err := os.Lstat(entry); err == nil && info.Mode().IsRegular() && args[0] != "pipe" {
		b, err := os.ReadFile(entry)
		ts.Check(err)
		workOnEntry(ts, entry, b, args)
		return
	}
	ts.Check(os.Remove(entry))
	switch args[0] {
	case "pipe":
		ts.Check(ts.Exec("mkfifo", entry))
	case "copy-back":
		b, err := os.ReadFile(ts.MkAbs(args[1]))
		ts.Check(err)
		ts.Check(os.WriteFile(entry, b, 0o600))
	}
}

func workOnEntry(ts *testscript.TestScript, entry string, b []byte, args []string) {
	switch args[0] {
	case "copy":
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
	case "same", "differs":
		other, err := os.ReadFile(ts.MkAbs(args[1]))
		ts.Check(err)
		if bytes.Equal(b, other) != (args[0] == "same") {
			ts.Fatalf("the entry (%d bytes) and %s (%d bytes): want %s", len(b), args[1], len(other), args[0])
		}
	case "flip":
		b[len(b)-1] ^= 1
		ts.Check(os.WriteFile(entry, b, 0o600))
	default:
		ts.Fatalf("entry %s", args[0])
	}
}
