// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package safefile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func written(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	for _, n := range []int{0, 1, 511, 512, 4096} {
		want := bytes.Repeat([]byte{'x'}, n)
		got, err := Read(written(t, want), 4096)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
}

// wrong holds an error to be an *Error about path that says want.
func wrong(t *testing.T, err error, path, want string) {
	t.Helper()
	own := (*Error)(nil)
	if !errors.As(err, &own) || own.Path != path || own.Fix == "" || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q of %s", err, want, path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v passes for a file that is not there", err)
	}
}

func TestReadRefuses(t *testing.T) {
	large := written(t, make([]byte, 11))
	_, err := Read(large, 10)
	wrong(t, err, large, "larger than 10 bytes: make it smaller")
	_, err = Read(filepath.Join(large, "below"), 10)
	if own := (*Error)(nil); !errors.As(err, &own) && !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), large) != 1 {
		t.Errorf("%v: the path is to be named, once", err)
	}
	dir := t.TempDir()
	_, err = Read(dir, 10)
	wrong(t, err, dir, "not a regular file")
	if _, err := Read(filepath.Join(dir, "none"), 10); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestLinks(t *testing.T) {
	path := written(t, []byte("x"))
	link := path + "-link"
	if err := os.Symlink(path, link); err != nil {
		if runtime.GOOS == "windows" {
			return // takes a right that not everybody has
		}
		t.Fatal(err)
	}
	if got, err := Read(link, 10); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err := Read(link, 10)
	wrong(t, err, link, "it is a link to nothing")
	wrong(t, CheckFolder(link), link, "it is a link to nothing")
}

// TestLinksAbove: what is behind a link to nothing is away, and not known to be
// nothing.
func TestLinksAbove(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "away")
	if err := os.Symlink(filepath.Join(dir, "none", "sealwax"), link); err != nil {
		if runtime.GOOS == "windows" {
			return // takes a right that not everybody has
		}
		t.Fatal(err)
	}
	for _, below := range []string{"policy.toml", filepath.Join("sealwax", "pins", "alice.pin")} {
		_, err := Read(filepath.Join(link, below), 10)
		wrong(t, err, link, "it is a link to nothing")
		wrong(t, CheckFolder(filepath.Join(link, below)), link, "it is a link to nothing")
	}
	if err := os.Mkdir(filepath.Join(dir, "none"), 0o700); err != nil {
		t.Fatal(err)
	}
	wrong(t, CheckFolder(filepath.Join(link, "pins")), link, "it is a link to nothing")
	if err := os.Mkdir(filepath.Join(dir, "none", "sealwax"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(link, "a", "b"), filepath.Join(dir, "x", "y", "z")} {
		if err := CheckFolder(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := Read(path, 10); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestCheckFolder(t *testing.T) {
	dir := t.TempDir()
	if err := CheckFolder(dir); err != nil {
		t.Error(err)
	}
	if err := CheckFolder(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	path := written(t, nil)
	wrong(t, CheckFolder(path), path, "not a folder")
}

func TestErrorQuotes(t *testing.T) {
	err := &Error{"a\x1b[2J", errors.New("bad"), "fix it"}
	if got := err.Error(); got != `"a\x1b[2J": bad: fix it` {
		t.Error(got)
	}
	err.Path = `C:\a "b"`
	if got := err.Error(); got != `C:\a "b": bad: fix it` {
		t.Error(got)
	}
}
