// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cache

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestModes(t *testing.T) {
	s := newStore(t)
	path := save(t, s, aKey(1), "code")
	for name, want := range map[string]os.FileMode{path: 0o600, s.KeyFile: 0o600, s.Dir: 0o700, filepath.Dir(s.KeyFile): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %o", name, info.Mode(), err, want)
		}
	}
}

// TestKeyThatIsNoSecret: what somebody else may have read vouches for nothing,
// and is replaced; so is what is damaged.
func TestKeyThatIsNoSecret(t *testing.T) {
	s := newStore(t)
	spoil := map[string]func(good []byte) error{
		"readable": func([]byte) error { return os.Chmod(s.KeyFile, 0o644) },
		"group":    func([]byte) error { return os.Chmod(s.KeyFile, 0o640) },
		"writable": func([]byte) error { return os.Chmod(s.KeyFile, 0o602) },
		"short":    func(good []byte) error { return os.WriteFile(s.KeyFile, good[:len(good)-3], 0o600) },
		"long":     func(good []byte) error { return os.WriteFile(s.KeyFile, append(good, good...), 0o600) },
		"unnamed":  func(good []byte) error { return os.WriteFile(s.KeyFile, good[len(fileLabel):], 0o600) },
		"empty":    func([]byte) error { return os.WriteFile(s.KeyFile, nil, 0o600) },
	}
	for name, spoil := range spoil {
		save(t, s, aKey(1), "code")
		good, err := os.ReadFile(s.KeyFile)
		if err != nil {
			t.Fatal(err)
		}
		if err := spoil(bytes.Clone(good)); err != nil {
			t.Fatal(err)
		}
		if got, err := load(t, s, aKey(1)); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %q, %v; want ErrForeign", name, got, err)
		}
		save(t, s, aKey(2), "two")
		if _, err := load(t, s, aKey(2)); err != nil {
			t.Errorf("%s: with the new key: %v", name, err)
		}
		if fresh, err := os.ReadFile(s.KeyFile); err != nil || bytes.Equal(fresh, good) {
			t.Errorf("%s: the key was not replaced (%v)", name, err)
		}
		if info, err := os.Stat(s.KeyFile); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the new key's file is %v, %v", name, info.Mode(), err)
		}
		if got, err := load(t, s, aKey(1)); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: what the old key vouched for: %q, %v", name, got, err)
		}
	}
}

// TestPlacesOfOthers: a folder that everybody can write to is not used, nor a key
// file that is none, and the person is told.
func TestPlacesOfOthers(t *testing.T) {
	for name, place := range map[string]func(*Store) (path string, err error){
		"folder":   func(s *Store) (string, error) { return s.Dir, os.Chmod(s.Dir, 0o707) },
		"key link": func(s *Store) (string, error) { return s.KeyFile, link(s.KeyFile) },
	} {
		s := newStore(t)
		save(t, s, aKey(1), "code")
		path, err := place(s)
		if err != nil {
			t.Fatal(err)
		}
		told := warnings(s)
		if got, err := load(t, s, aKey(1)); err == nil {
			t.Errorf("%s: %q was loaded", name, got)
		}
		if err := s.Save(aKey(1), maker(), held(t, "code")); err == nil {
			t.Errorf("%s: it was kept", name)
		}
		if len(*told) != 2 || (*told)[0] != path {
			t.Errorf("%s: the person was told of %q, want %s", name, *told, path)
		}
	}
}

// link moves a file away and puts a link to it in its place.
func link(path string) error {
	return errors.Join(os.Rename(path, path+".moved"), os.Symlink(path+".moved", path))
}

// TestPipesAreNotOpened: opening one would wait for ever.
func TestPipesAreNotOpened(t *testing.T) {
	s := newStore(t)
	path := save(t, s, aKey(1), "code")
	if err := errors.Join(os.Remove(path), unix.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if got, err := load(t, s, aKey(1)); !errors.Is(err, ErrForeign) {
		t.Errorf("an entry that is a pipe: %q, %v", got, err)
	}
	if err := errors.Join(os.Remove(s.KeyFile), unix.Mkfifo(s.KeyFile, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(aKey(1), maker(), held(t, "code")); err == nil {
		t.Error("a key file that is a pipe was used")
	}
}

// TestBinary: another build has another identity, however its file came there.
func TestBinary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine")
	seen := map[string]string{}
	look := func(what string) {
		t.Helper()
		id, err := Binary(path)
		if before, again := seen[id]; again || err != nil {
			t.Errorf("%s: %s, %v: as %s", what, id, err, before)
		}
		seen[id] = what
	}
	if _, err := Binary(path); err == nil {
		t.Error("a program that is not there has an identity")
	}
	then := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	write := func(content string) error {
		return errors.Join(os.WriteFile(path, []byte(content), 0o700), os.Chtimes(path, then, then))
	}
	for what, change := range map[string]func() error{
		"first":       func() error { return write("one") },
		"same length": func() error { return write("two") },
		"replaced by rename": func() error {
			return errors.Join(os.WriteFile(path+"2", []byte("two"), 0o700), os.Chtimes(path+"2", then, then), os.Rename(path+"2", path))
		},
	} {
		// The clock of a file system ticks every few milliseconds.
		time.Sleep(20 * time.Millisecond)
		if err := change(); err != nil {
			t.Fatal(err)
		}
		look(what)
	}
	again, err := Binary(path)
	if _, same := seen[again]; !same || err != nil {
		t.Errorf("the same file: %s, %v", again, err)
	}
}
