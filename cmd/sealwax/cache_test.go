// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
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
