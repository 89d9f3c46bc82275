// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// newStore is a store in fresh folders, neither of which is there yet.
func newStore(t *testing.T) *Store {
	t.Helper()
	root := t.TempDir()
	return &Store{
		Dir:     filepath.Join(root, "cache", "compiled"),
		KeyFile: filepath.Join(root, "state", "compile-cache.key"),
		Limit:   1 << 20,
	}
}

func aKey(module byte) Key {
	return Key{Module: [32]byte{module}, Binary: "stat:1", Flags: "none"}
}

func maker() Maker { return Maker{"wazero", "v1.12.0"} }

func held(t *testing.T, content string) *sealedmem.File {
	t.Helper()
	f, err := sealedmem.Copy(t.Context(), "code", strings.NewReader(content), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func save(t *testing.T, s *Store, k Key, content string) (path string) {
	t.Helper()
	if err := s.Save(k, maker(), held(t, content)); err != nil {
		t.Fatal(err)
	}
	description, err := k.describe()
	if err != nil {
		t.Fatal(err)
	}
	return s.path(description)
}

// load gives what the store has, as text.
func load(t *testing.T, s *Store, k Key) (string, error) {
	t.Helper()
	e, err := s.Load(t.Context(), k)
	if err != nil {
		return "", err
	}
	defer e.Code.Close()
	if e.Maker != maker() {
		t.Errorf("it was made by %v", e.Maker)
	}
	b, err := io.ReadAll(io.NewSectionReader(e.Code, 0, e.Code.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return string(b), nil
}

func TestWhatIsSavedIsLoaded(t *testing.T) {
	s := newStore(t)
	if _, err := load(t, s, aKey(1)); !errors.Is(err, ErrNone) {
		t.Errorf("of an empty store: %v, want ErrNone", err)
	}
	for _, content := range []string{"", "code", strings.Repeat("native\n", 10000)} {
		save(t, s, aKey(1), content)
		if got, err := load(t, s, aKey(1)); got != content || err != nil {
			t.Errorf("%d bytes, %v; want the %d that were kept", len(got), err, len(content))
		}
	}
}

// TestLoadedCodeIsSealed: what was checked is what the caller gets, whatever
// becomes of the file.
func TestLoadedCodeIsSealed(t *testing.T) {
	s := newStore(t)
	path := save(t, s, aKey(1), "code")
	e, err := s.Load(t.Context(), aKey(1))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Code.Close()
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(e.Code, 0, e.Code.Size()))
	if string(b) != "code" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestAnotherKeyIsAnotherEntry: each part of a key decides.
func TestAnotherKeyIsAnotherEntry(t *testing.T) {
	s := newStore(t)
	save(t, s, aKey(1), "code")
	for name, change := range map[string]func(*Key){
		"module": func(k *Key) { k.Module[31]++ },
		"binary": func(k *Key) { k.Binary = "stat:2" },
		"flags":  func(k *Key) { k.Flags = "" },
	} {
		k := aKey(1)
		change(&k)
		if got, err := load(t, s, k); !errors.Is(err, ErrNone) {
			t.Errorf("another %s: %q, %v; want ErrNone", name, got, err)
		}
	}
	for name, k := range map[string]Key{
		"no binary": {Flags: "x"},
		"too long":  {Binary: "x", Flags: strings.Repeat("x", maxLine)},
	} {
		if err := s.Save(k, maker(), held(t, "code")); err == nil {
			t.Errorf("%s: it was kept", name)
		}
		if _, err := load(t, s, k); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEveryChangeIsForeign flips each bit, shortens to each length, and appends.
func TestEveryChangeIsForeign(t *testing.T) {
	s := newStore(t)
	path := save(t, s, aKey(1), "code")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	foreign := func(what string, at int, content []byte) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := load(t, s, aKey(1)); !errors.Is(err, ErrForeign) {
			t.Fatalf("%s at %d: %q, %v; want ErrForeign", what, at, got, err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Fatalf("%s at %d: it is still there", what, at)
		}
	}
	for i := range len(good) * 8 {
		changed := bytes.Clone(good)
		changed[i/8] ^= 1 << (i % 8)
		foreign("a bit", i, changed)
	}
	for n := range good {
		foreign("the end", n, good[:n])
	}
	foreign("more", len(good), append(bytes.Clone(good), 0))
	upper := bytes.ToUpper(good[:len(good)-len("code\n")])
	foreign("upper case", 0, append(upper, "\ncode"...))
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := load(t, s, aKey(1)); got != "code" || err != nil {
		t.Errorf("put back: %q, %v", got, err)
	}
}

// TestForeignEntries: made with another key, or for something else.
func TestForeignEntries(t *testing.T) {
	s := newStore(t)
	mine := save(t, s, aKey(1), "code")
	other := newStore(t)
	other.Dir = s.Dir
	theirs := save(t, other, aKey(2), "evil")
	if got, err := load(t, s, aKey(2)); !errors.Is(err, ErrForeign) {
		t.Errorf("made with another key: %q, %v", got, err)
	}
	for name, from := range map[string]string{"another module's, under this name": mine, "another's": theirs} {
		save(t, s, aKey(1), "code")
		save(t, other, aKey(2), "evil")
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		into := save(t, s, aKey(3), "three")
		if err := os.WriteFile(into, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := load(t, s, aKey(3)); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %q, %v; want ErrForeign", name, got, err)
		}
	}
}

func TestSaveReplacesWhatIsForeign(t *testing.T) {
	s := newStore(t)
	path := save(t, s, aKey(1), "code")
	for name, put := range map[string]func() error{
		"file":   func() error { return os.WriteFile(path, []byte("evil"), 0o600) },
		"folder": func() error { return os.Mkdir(path, 0o700) },
		"link":   func() error { return os.Symlink(s.KeyFile, path) },
	} {
		if err := errors.Join(os.Remove(path), put()); err != nil {
			t.Fatal(err)
		}
		if got, err := load(t, s, aKey(1)); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %q, %v; want ErrForeign", name, got, err)
		}
		save(t, s, aKey(1), "code")
		if got, err := load(t, s, aKey(1)); got != "code" || err != nil {
			t.Errorf("after a %s: %q, %v", name, got, err)
		}
	}
}

// TestConcurrentSaves: those who make the first key at once agree on one, and an
// entry is one of those that were written.
func TestConcurrentSaves(t *testing.T) {
	s := newStore(t)
	var all sync.WaitGroup
	for i := range byte(8) {
		code := held(t, strings.Repeat(string('a'+rune(i)), 100_000))
		all.Go(func() {
			mine := *s // as another process has it
			if err := errors.Join(mine.Save(aKey(i), maker(), code), mine.Save(aKey(100), maker(), code)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range byte(8) {
		if _, err := load(t, s, aKey(i)); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	if got, err := load(t, s, aKey(100)); err != nil || strings.Trim(got, got[:1]) != "" || len(got) != 100_000 {
		t.Errorf("the one that all wrote: %d bytes, %v", len(got), err)
	}
}

func TestZeroStore(t *testing.T) {
	nowhere := Store{Limit: 1 << 20}
	if _, err := nowhere.Load(t.Context(), aKey(1)); !errors.Is(err, ErrNone) {
		t.Errorf("Load without a folder: %v, want ErrNone", err)
	}
	if err := nowhere.Save(aKey(1), maker(), held(t, "code")); err == nil {
		t.Error("Save without a folder")
	}
	var s Store
	if _, err := s.Load(t.Context(), aKey(1)); !errors.Is(err, ErrNone) {
		t.Errorf("Load: %v, want ErrNone", err)
	}
	if err := s.Save(aKey(1), maker(), held(t, "code")); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Save: %v, want ErrTooLarge", err)
	}
	if n, err := s.Info(); n != (Info{}) || err != nil {
		t.Errorf("Info: %v, %v", n, err)
	}
	if n, err := s.Clean(); n != (Info{}) || err != nil {
		t.Errorf("Clean: %v, %v", n, err)
	}
}

// TestNothingIsTouchedBefore: looking makes nothing.
func TestNothingIsTouchedBefore(t *testing.T) {
	s := newStore(t)
	_, _ = s.Load(t.Context(), aKey(1))
	_, _ = s.Info()
	_, _ = s.Clean()
	if list, err := os.ReadDir(filepath.Dir(filepath.Dir(s.KeyFile))); len(list) != 0 || err != nil {
		t.Errorf("%v, %v; want nothing", list, err)
	}
}

func TestMakersThatCannotBeWritten(t *testing.T) {
	s := newStore(t)
	for _, m := range []Maker{{}, {"", "1"}, {"a b", "1"}, {"a", "1\n2"}, {"a\n", "1"}, {"a", strings.Repeat("1", maxLine)}} {
		if err := s.Save(aKey(1), m, held(t, "code")); err == nil {
			t.Errorf("%.40q was kept", m)
		}
	}
}

func TestUnreachableFolder(t *testing.T) {
	s := newStore(t)
	s.Dir = filepath.Join(t.TempDir(), "file", "compiled")
	if err := os.WriteFile(filepath.Dir(s.Dir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Warn = func(err error) { t.Errorf("somebody was told of %v", err) }
	if err := s.Save(aKey(1), maker(), held(t, "code")); err == nil {
		t.Error("it was kept")
	}
	if _, err := load(t, s, aKey(1)); err == nil {
		t.Error("it was found")
	}
}

// TestUsedLast: what was used stays longest, and nothing but entries goes.
func TestUsedLast(t *testing.T) {
	s := newStore(t)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { now = now.Add(time.Minute); return now }
	s.Limit = 3*30_000 + maxHead
	content := strings.Repeat("x", 29_000)
	paths := map[byte]string{}
	for i := range byte(3) {
		paths[i] = save(t, s, aKey(i), content)
		if _, err := load(t, s, aKey(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := load(t, s, aKey(0)); err != nil { // now 1 is the oldest
		t.Fatal(err)
	}
	note := filepath.Join(s.Dir, "note.txt")
	killed := filepath.Join(s.Dir, ".sealwax-abc.tmp")
	for path, age := range map[string]time.Duration{note: 0, killed: time.Hour} {
		then := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(age)
		if err := errors.Join(os.WriteFile(path, []byte(content), 0o600), os.Chtimes(path, then, then)); err != nil {
			t.Fatal(err)
		}
	}
	paths[3] = save(t, s, aKey(3), content)
	if n, err := s.Info(); n.Entries != 3 || n.Size > s.Limit || err != nil {
		t.Errorf("%+v, %v; want 3 entries and at most %d bytes", n, err, s.Limit)
	}
	for path, want := range map[string]bool{paths[0]: true, paths[1]: false, paths[2]: true, paths[3]: true, note: true, killed: false} {
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s: there %v, want %v", path, err == nil, want)
		}
	}
	n, err := s.Clean()
	if n.Entries != 3 || err != nil {
		t.Errorf("cleaned %+v, %v", n, err)
	}
	if list, err := os.ReadDir(s.Dir); len(list) != 1 || err != nil {
		t.Errorf("%v, %v; want only the note", list, err)
	}
}

func TestLimits(t *testing.T) {
	s := newStore(t)
	save(t, s, aKey(1), strings.Repeat("x", 1000))
	small := *s
	small.Limit = 1000
	if err := small.Save(aKey(2), maker(), held(t, "code")); !errors.Is(err, ErrTooLarge) {
		t.Errorf("larger than the cache: %v", err)
	}
	if got, err := load(t, &small, aKey(1)); !errors.Is(err, ErrForeign) {
		t.Errorf("an entry larger than the limit: %d bytes, %v", len(got), err)
	}
	off := *s
	off.Limit = 0
	save(t, s, aKey(1), "code")
	if got, err := load(t, &off, aKey(1)); !errors.Is(err, ErrNone) {
		t.Errorf("without any room: %q, %v", got, err)
	}
}

// warnings notes what the store tells a person.
func warnings(s *Store) *[]string {
	var got []string
	s.Warn = func(err error) {
		unsafe := (*safefile.Error)(nil)
		if errors.As(err, &unsafe) {
			got = append(got, unsafe.Path)
		}
	}
	return &got
}

func FuzzParseHead(f *testing.F) {
	f.Add([]byte(version + "\n{}\nwazero v1\n" + strings.Repeat("00", 32) + "\ncode"))
	f.Add([]byte(version + "\n\n\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHead(b)
		if err != nil {
			return
		}
		if again := h.front + h.mac + "\n"; again != string(b[:h.size]) {
			t.Errorf("%q is written as %q", b[:h.size], again)
		}
	})
}
