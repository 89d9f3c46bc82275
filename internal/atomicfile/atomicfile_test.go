// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, name, data string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(data), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

// entries lists a folder, to show that nothing is left in it.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "new")
	if err := WriteFile(name, []byte("hello"), Options{Mode: Public}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, name); got != "hello" {
		t.Errorf("got %q", got)
	}
	if got := entries(t, dir); len(got) != 1 {
		t.Errorf("left behind: %q", got)
	}
}

func TestRefusesToReplace(t *testing.T) {
	name := filepath.Join(t.TempDir(), "taken")
	write(t, name, "old", 0o644)
	if err := WriteFile(name, []byte("new"), Options{}); !errors.Is(err, ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	if got := read(t, name); got != "old" {
		t.Errorf("the old file now says %q", got)
	}
}

// TestTakenMeanwhile shows that Commit itself refuses, not only Create.
func TestTakenMeanwhile(t *testing.T) {
	for _, form := range []string{"unnamed", "named"} {
		t.Run(form, func(t *testing.T) {
			dir := t.TempDir()
			f := start(t, filepath.Join(dir, "x"), Options{}, form)
			write(t, f.target, "somebody else's", 0o644)
			// claim alone: checkTarget must not be what refuses.
			if err := f.claim(); !errors.Is(err, ErrExists) {
				t.Errorf("claim: %v, want ErrExists", err)
			}
			if err := f.Commit(); !errors.Is(err, ErrExists) {
				t.Errorf("Commit: %v, want ErrExists", err)
			}
			if got := read(t, f.target); got != "somebody else's" {
				t.Errorf("replaced by %q", got)
			}
			if got := entries(t, dir); len(got) != 1 {
				t.Errorf("left behind: %q", got)
			}
		})
	}
}

// start begins a file in one of the two forms that temporary files have.
func start(t *testing.T, name string, o Options, form string) *File {
	t.Helper()
	if form == "unnamed" {
		f, err := Create(name, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.Abort)
		if f.temp != "" {
			t.Skip("this file system has no unnamed files")
		}
		return f
	}
	if o.Mode == 0 {
		o.Mode = Secret
	}
	f := &File{target: name, options: o, temp: tempName(filepath.Dir(name))}
	var err error
	f.f, err = os.OpenFile(f.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, o.Mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Abort)
	return f
}

func TestBothForms(t *testing.T) {
	for _, form := range []string{"unnamed", "named"} {
		for _, o := range []Options{{}, {Mode: Public}, {Replace: true}, {Mode: Public, Replace: true}} {
			dir := t.TempDir()
			f := start(t, filepath.Join(dir, "x"), o, form)
			if o.Replace {
				write(t, f.target, "old", 0o666)
			}
			if _, err := io.WriteString(f, "content"); err != nil {
				t.Fatal(err)
			}
			if err := f.Commit(); err != nil {
				t.Fatalf("%s %+v: %v", form, o, err)
			}
			if got := read(t, f.target); got != "content" {
				t.Errorf("%s %+v: got %q", form, o, got)
			}
			if got := entries(t, dir); len(got) != 1 {
				t.Errorf("%s %+v: left behind: %q", form, o, got)
			}
		}
	}
}

// TestOneWinner: of many that write one name at once, one succeeds.
func TestOneWinner(t *testing.T) {
	dir := t.TempDir()
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			err := WriteFile(filepath.Join(dir, "x"), []byte{byte(i)}, Options{})
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, ErrExists) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || len(entries(t, dir)) != 1 {
		t.Errorf("%d winners, left %q", won.Load(), entries(t, dir))
	}
}

func TestReadBeforeCommit(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "x"), Options{Mode: Public})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	data := bytes.Repeat([]byte("0123456789"), 100_000)
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	w := f.Written()
	got, err := io.ReadAll(w)
	if err != nil || !bytes.Equal(got, data) || w.Size() != int64(len(data)) {
		t.Fatalf("read %d of %d bytes: %v", len(got), len(data), err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file has its name before Commit: %v", err)
	}
	if _, err := io.WriteString(f, "!"); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, f.Name()); got != string(data)+"!" {
		t.Errorf("wrote %d bytes", len(got))
	}
	if _, err := w.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("Written is readable after Commit")
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	for _, form := range []string{"unnamed", "named"} {
		t.Run(form, func(t *testing.T) {
			dir := t.TempDir()
			f := start(t, filepath.Join(dir, "x"), Options{}, form)
			f.Abort()
			f.Abort()
			if got := entries(t, dir); len(got) != 0 {
				t.Errorf("left behind: %q", got)
			}
			if _, err := f.Write([]byte("x")); err == nil {
				t.Error("Write after Abort")
			}
			if err := f.Commit(); err == nil {
				t.Error("Commit after Abort")
			}
		})
	}
}

func TestNoFolder(t *testing.T) {
	_, err := Create(filepath.Join(t.TempDir(), "absent", "x"), Options{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	write(t, tempName(dir), "half", 0o600)
	write(t, filepath.Join(dir, "keep.tmp"), "", 0o600)
	write(t, filepath.Join(dir, ".sealwax-keep"), "", 0o600)
	if err := Sweep(dir); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, dir); len(got) != 2 {
		t.Errorf("left %q", got)
	}
}
