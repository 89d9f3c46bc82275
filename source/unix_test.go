// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/source"
)

func fifo(t *testing.T, dir, name string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := unix.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestCompanionThatIsAFIFO: whoever can write beside an artifact does not stop
// its verification.
func TestCompanionThatIsAFIFO(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "app", "")
	fifo(t, dir, "app.minisig")
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "app.sig")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "app.wasmsig")); err != nil {
		t.Fatal(err)
	}
	done := make(chan []string, 1)
	a := open(t, app, source.Options{})
	go func() { done <- besides(t, a) }()
	select {
	case got := <-done:
		if strings.Join(got, " ") != "app.minisig=! app.sig=! app.wasmsig=!" {
			t.Error(got)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it waits for a FIFO")
	}
}

// TestPipesAreHeld: what can be read once only is copied, whatever is asked.
func TestPipesAreHeld(t *testing.T) {
	eachHolding(t, func(t *testing.T, h source.Holding) {
		dir := t.TempDir()
		path := fifo(t, dir, "pipe")
		data := strings.Repeat("from a pipe ", 1<<17)
		go func() { _ = os.WriteFile(path, []byte(data), 0) }()
		a := open(t, path, source.Options{Holding: h})
		for range 2 {
			if contentOf(t, a) != data {
				t.Error("not what was piped")
			}
		}
	})
}

// TestExplicitPipe: -s <(command) works.
func TestExplicitPipe(t *testing.T) {
	dir := t.TempDir()
	path := fifo(t, dir, "pipe")
	go func() { _ = os.WriteFile(path, []byte("a signature"), 0) }()
	a := open(t, write(t, dir, "app", ""), source.Options{Signatures: []string{path}})
	if got := besides(t, a); len(got) != 1 || got[0] != "pipe=a signature" {
		t.Error(got)
	}
}

// TestHeldHasNoName: nobody can open the copy.
func TestHeldHasNoName(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	app := write(t, t.TempDir(), "app", "x")
	open(t, app, source.Options{Holding: source.Held})
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) != 0 {
		t.Errorf("%v, %v: the copy has a name", left, err)
	}
	t.Setenv("TMPDIR", filepath.Join(tmp, "absent"))
	if _, err := source.Open(t.Context(), app, source.Options{Holding: source.Held}); err == nil {
		t.Error("held without a place to hold it")
	}
}

func TestWalkSkipsWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "app", "")
	fifo(t, dir, "app.minisig")
	if err := os.Symlink("app", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	tree, err := source.Walk(t.Context(), dir, func([]byte) bool { return true })
	if err != nil || len(tree.Files) != 1 || tree.Skipped != 3 || tree.Signatures != 0 {
		t.Errorf("%+v, %v", tree, err)
	}
}
