// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// writeEnv makes the test binary a process that replaces a file for ever.
const writeEnv = "ATOMICFILE_TEST_WRITE"

func TestMain(m *testing.M) {
	if name := os.Getenv(writeEnv); name != "" {
		replaceForEver(name)
	}
	os.Exit(m.Run())
}

const versionSize = 256 << 10

func version(n int) []byte {
	line := fmt.Appendf(nil, "%015d\n", n)
	return bytes.Repeat(line, versionSize/len(line))
}

func replaceForEver(name string) {
	for n := 1; ; n++ {
		if err := WriteFile(name, version(n), Options{Mode: Public, Replace: true}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// TestKill kills a writing process at many moments: the name always holds one
// whole version.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "x")
	if err := WriteFile(name, version(0), Options{Mode: Public}); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), writeEnv+"="+name)
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		awaitAnother(t, name) // it writes: a kill before that would show nothing
		time.Sleep(time.Duration(7*i) * time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		checkVersion(t, name)
	}
	if err := Sweep(dir); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, dir); len(got) != 1 {
		t.Errorf("left behind after Sweep: %q", got)
	}
}

// awaitAnother waits until the file's content is no longer what it is now.
func awaitAnother(t *testing.T, name string) {
	t.Helper()
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		if now, err := os.ReadFile(name); err == nil && !bytes.Equal(now, before) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the child writes nothing")
}

func checkVersion(t *testing.T, name string) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != versionSize {
		t.Fatalf("%d bytes", len(got))
	}
	n, err := strconv.Atoi(string(got[:15]))
	if err != nil || !bytes.Equal(got, version(n)) {
		t.Fatalf("neither old nor new: %q…", got[:32])
	}
}

// TestUnnamed: a killed process that had not committed leaves no trace
// where unnamed files exist.
func TestUnnamed(t *testing.T) {
	dir := t.TempDir()
	f := start(t, filepath.Join(dir, "x"), Options{}, "unnamed")
	if got := entries(t, dir); len(got) != 0 {
		t.Errorf("the temporary file is called %q", got)
	}
	f.Abort()
}

func TestModes(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		umask int
		mode  fs.FileMode
		want  fs.FileMode
	}{
		{0, 0, 0o600},
		{0, Secret, 0o600},
		{0o777, Secret, 0o600},
		{0o022, Public, 0o644},
		{0o077, Public, 0o600},
		{0, Public, 0o644},
	} {
		for _, replaced := range []fs.FileMode{0o644, 0o600, 0o444} {
			name := filepath.Join(dir, "x")
			write(t, name, "old", replaced)
			old := syscall.Umask(tt.umask)
			err := WriteFile(name, nil, Options{Mode: tt.mode, Replace: true})
			syscall.Umask(old)
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(name)
			if err != nil || info.Mode().Perm() != tt.want {
				t.Errorf("umask %03o, mode %03o, over %03o: got %v, want %v (%v)", tt.umask, tt.mode, replaced, info.Mode(), tt.want, err)
			}
		}
	}
}

// TestNeverFollows: whatever a symbolic link at the name points to stays as it
// was, and no device or folder is replaced.
func TestNeverFollows(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	write(t, victim, "precious", 0o644)
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"link": victim, "dangling": filepath.Join(dir, "nothing"), "self": "self", "device": "/dev/null", "folder": dir,
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"link", "dangling", "self", "device", "folder", "fifo", "."} {
		path := filepath.Join(dir, name)
		if err := WriteFile(path, []byte("new"), Options{}); !errors.Is(err, ErrExists) {
			t.Errorf("%s: %v, want ErrExists", name, err)
		}
		if err := WriteFile(path, []byte("new"), Options{Replace: true}); !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s, replacing: %v, want ErrNotRegular", name, err)
		}
	}
	if got := read(t, victim); got != "precious" {
		t.Errorf("a link was followed: %q", got)
	}
	if _, err := os.Lstat(filepath.Join(dir, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a dangling link was followed")
	}
}

// TestLinkMeanwhile: a link that appears after Create is not followed either.
func TestLinkMeanwhile(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	write(t, victim, "precious", 0o644)
	for _, o := range []Options{{}, {Replace: true}} {
		f, err := Create(filepath.Join(dir, "x"), o)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Abort()
		if err := os.Symlink(victim, f.target); err != nil {
			t.Fatal(err)
		}
		_ = f.publish()
		if got := read(t, victim); got != "precious" {
			t.Errorf("%+v: a link was followed: %q", o, got)
		}
		if err := os.Remove(f.target); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRenameToFree(t *testing.T) {
	for name, rename := range map[string]func(from, to string) error{"link": renameToFree, "claim": claimAndRename} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
			write(t, from, "new", 0o600)
			write(t, to, "old", 0o600)
			if err := rename(from, to); !errors.Is(err, fs.ErrExist) {
				t.Fatalf("got %v, want fs.ErrExist", err)
			}
			if got := read(t, to); got != "old" {
				t.Fatalf("replaced by %q", got)
			}
			if err := os.Remove(to); err != nil {
				t.Fatal(err)
			}
			if err := rename(from, to); err != nil {
				t.Fatal(err)
			}
			if got := entries(t, dir); len(got) != 1 || read(t, to) != "new" {
				t.Errorf("left %q", got)
			}
		})
	}
}
