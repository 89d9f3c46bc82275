// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealwax/sealwax/gate/engine/cache"
	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// newCache is a cache in fresh folders.
func newCache(t *testing.T) *cache.Store {
	t.Helper()
	dir := t.TempDir()
	return &cache.Store{Dir: filepath.Join(dir, "compiled"), KeyFile: filepath.Join(dir, "state", "key"), Limit: 1 << 30}
}

// entries are the files of a cache.
func entries(t *testing.T, s *cache.Store) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.Dir, "*.compiled"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// cachedRun runs a module that exits with 42, and reports whether the engine
// compiled it.
func cachedRun(t *testing.T, s *cache.Store, module *sealedmem.File) (compiled bool) {
	t.Helper()
	res, err := Child{Executable: engineExe(t), Cache: s}.Run(t.Context(), Job{}, module)
	if err != nil || res.ExitCode != 42 {
		t.Fatalf("exit code %d, %v; want 42", res.ExitCode, err)
	}
	return res.Kept > 0
}

// TestSecondStartDoesNotCompile is what the cache is for.
func TestSecondStartDoesNotCompile(t *testing.T) {
	s, module := newCache(t), held(t, exiting("\x2a"))
	if !cachedRun(t, s, module) || len(entries(t, s)) != 1 {
		t.Errorf("the first start kept %v", entries(t, s))
	}
	if cachedRun(t, s, module) {
		t.Error("the second start compiled")
	}
	if !cachedRun(t, s, held(t, append(exiting("\x2a"), 0, 2, 1, 'x'))) || len(entries(t, s)) != 2 {
		t.Error("another module was known")
	}
	if cachedRun(t, nil, module) {
		t.Error("without a cache something was kept")
	}
	off := *s
	off.Limit = 0
	cachedRun(t, &off, module)
	if len(entries(t, s)) != 2 {
		t.Error("a cache without room kept something")
	}
}

// TestGuestRunsFromTheCache: with a real program, which compiles in more than an
// instant and uses what it was given.
func TestGuestRunsFromTheCache(t *testing.T) {
	s, module := newCache(t), guestModule(t)
	for i, want := range []bool{true, false} {
		out := filepath.Join(t.TempDir(), "out")
		f, err := os.Create(out)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c := Child{Executable: engineExe(t), Cache: s, Stdout: f}
		res, err := c.Run(t.Context(), Job{Args: []string{"echo", "waxed"}}, module)
		if err != nil || (res.Kept > 0) != want {
			t.Errorf("start %d: kept %d bytes, %v", i, res.Kept, err)
		}
		if b, err := os.ReadFile(out); err != nil || !bytes.Contains(b, []byte("waxed")) {
			t.Errorf("start %d: %q, %v", i, b, err)
		}
	}
}

// TestWhatIsForeignIsCompiledAnew: tampered with, made by another key, cut off,
// another module's; the guest's answer is right and the entry good again.
func TestWhatIsForeignIsCompiledAnew(t *testing.T) {
	s, module := newCache(t), held(t, exiting("\x2a"))
	cachedRun(t, s, module)
	path := entries(t, s)[0]
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	theirs := newCache(t)
	cachedRun(t, theirs, module)
	evil, err := os.ReadFile(filepath.Join(theirs.Dir, filepath.Base(path)))
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(good)
	changed[len(changed)-1] ^= 1
	for name, content := range map[string][]byte{
		"tampered with": changed, "another key's": evil, "cut off": good[:len(good)-1], "empty": {},
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if !cachedRun(t, s, module) {
			t.Errorf("%s: it was not compiled", name)
		}
		if cachedRun(t, s, module) {
			t.Errorf("%s: what was compiled was not kept", name)
		}
	}
}

// TestEntryOfAnotherVersion: an entry that another version of the engine made does
// not reach the one that answers.
func TestEntryOfAnotherVersion(t *testing.T) {
	s, module := newCache(t), held(t, exiting("\x2a"))
	c := Child{Executable: engineExe(t)}
	k, err := c.cacheKey(Job{}, module)
	if err != nil {
		t.Fatal(err)
	}
	cachedRun(t, s, module)
	good, err := s.Load(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	defer good.Code.Close()
	for _, maker := range []cache.Maker{{Name: good.Maker.Name, Version: "v0.0.1"}, {Name: "other", Version: good.Maker.Version}} {
		if err := s.Save(k, maker, good.Code); err != nil {
			t.Fatal(err)
		}
		if !cachedRun(t, s, module) || cachedRun(t, s, module) {
			t.Errorf("by %v: it was not compiled, or not kept", maker)
		}
	}
}

// TestAdmitComesFirst: an engine that is not wanted gets nothing from the cache.
func TestAdmitComesFirst(t *testing.T) {
	errOther := errors.New("another engine")
	s := newCache(t)
	c := Child{Executable: engineExe(t), Cache: s, Admit: func(Identity) error { return errOther }}
	if _, err := c.Run(t.Context(), Job{}, held(t, exiting("\x2a"))); !errors.Is(err, errOther) {
		t.Errorf("%v", err)
	}
	if found := entries(t, s); len(found) != 0 {
		t.Errorf("%v was kept", found)
	}
}

// TestCacheThatCannotBeUsed costs nothing but time.
func TestCacheThatCannotBeUsed(t *testing.T) {
	s := newCache(t)
	if err := os.WriteFile(s.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	module := held(t, exiting("\x2a"))
	for range 2 {
		cachedRun(t, s, module)
	}
}

// keepAs writes to the output and speaks, as a child would.
func keepAs(messages ...helper.Message) int {
	if _, err := os.NewFile(6, "").WriteString("code"); err != nil {
		return 1
	}
	return speak(append([]helper.Message{hello()}, messages...)...)
}

// TestOnlyWhatComesBeforeTheGuest: what is announced once, before the guest
// starts, and is as long as announced, is kept.
func TestOnlyWhatComesBeforeTheGuest(t *testing.T) {
	for as, want := range map[string]struct{ kept, fails bool }{
		"late-keeper": {false, true}, "twice-keeper": {true, true}, "short-keeper": {}, "good-keeper": {kept: true},
	} {
		s := newCache(t)
		_, err := Child{Executable: role(t, as), Cache: s}.Run(t.Context(), Job{}, held(t, spinModule()))
		if (err != nil) != want.fails || (len(entries(t, s)) == 1) != want.kept {
			t.Errorf("%s: %v, and %d entries", as, err, len(entries(t, s)))
		}
	}
}
