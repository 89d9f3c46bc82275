// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program is the file name of a helper.
func program(name string) string {
	if runtime.GOOS == "windows" {
		return HelperPrefix + name + ".exe"
	}
	return HelperPrefix + name
}

// install puts a program into a folder of its own.
func install(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, program(name)), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// inPath answers the question for PATH.
func inPath(dirs ...string) func(string) string {
	return func(name string) string {
		if name != "PATH" {
			return ""
		}
		return strings.Join(dirs, string(os.PathListSeparator))
	}
}

func TestFind(t *testing.T) {
	good, other, empty := install(t, "x"), install(t, "x"), t.TempDir()
	folder, plain := t.TempDir(), install(t, "x")
	if err := os.Mkdir(filepath.Join(folder, program("x")), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(plain, program("x")), 0o644); err != nil {
		t.Fatal(err)
	}
	dirs := []string{empty, folder, good, other}
	if runtime.GOOS != "windows" {
		dirs = append([]string{plain}, dirs...) // not executable
	}
	path, err := Find("x", inPath(dirs...))
	if err != nil || path != filepath.Join(good, program("x")) {
		t.Errorf("%q, %v", path, err)
	}
}

// TestFindNotInTheWorkingFolder: no entry of PATH means it.
func TestFindNotInTheWorkingFolder(t *testing.T) {
	t.Chdir(install(t, "x"))
	for _, dir := range []string{"", ".", "./", "../" + filepath.Base(t.TempDir())} {
		if path, err := Find("x", inPath(dir)); err == nil {
			t.Errorf("PATH %q: %s", dir, path)
		}
	}
}

func TestFindNothing(t *testing.T) {
	_, err := Find("x", inPath(t.TempDir(), ""))
	missing, ok := errors.AsType[*NotInstalledError](err)
	if !ok || missing.Unsafe != nil || !strings.Contains(err.Error(), "sealwax-x") || !strings.Contains(err.Error(), "make install") {
		t.Errorf("%v", err)
	}
}

// TestFindWhatOthersCanChange: such a program is passed over, and named when there
// is no other.
func TestFindWhatOthersCanChange(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // it has no such rights
	}
	inOpen, open, good := install(t, "x"), install(t, "x"), install(t, "x")
	if err := errors.Join(os.Chmod(inOpen, 0o777), os.Chmod(filepath.Join(open, program("x")), 0o777)); err != nil {
		t.Fatal(err)
	}
	_, err := Find("x", inPath(inOpen, open))
	if missing, ok := errors.AsType[*NotInstalledError](err); !ok || missing.Unsafe == nil ||
		!strings.Contains(err.Error(), inOpen) || !strings.Contains(err.Error(), open) {
		t.Errorf("%v", err)
	}
	if path, err := Find("x", inPath(inOpen, open, good)); err != nil || path != filepath.Join(good, program("x")) {
		t.Errorf("%q, %v", path, err)
	}
}

// TestFindBesideTheProgram: there before PATH, and in libexec next to its folder.
func TestFindBesideTheProgram(t *testing.T) {
	dirs := HelperFolders(inPath("/a", "b", "/c/"))
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(exe)
	if len(dirs) < 2 || dirs[0] != dir || dirs[1] != filepath.Join(dir, "..", "libexec", "sealwax") {
		t.Errorf("%q", dirs)
	}
	if runtime.GOOS != "windows" && strings.Join(dirs[2:], " ") != "/a /c" {
		t.Errorf("%q", dirs[2:])
	}
}

// TestFindLooksBehindLinks: who can replace the program that a link leads to, or a
// folder above it, can replace the helper.
func TestFindLooksBehindLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // it has no such bits
	}
	for name, open := range map[string]func(top, dir string) string{
		"nothing":           func(_, _ string) string { return "" },
		"the real folder":   func(_, dir string) string { return dir },
		"a folder above it": func(top, _ string) string { return top },
	} {
		top := t.TempDir()
		dir := filepath.Join(top, "a", "b")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "real"), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		links := t.TempDir()
		if err := os.Symlink(filepath.Join(dir, "real"), filepath.Join(links, program("x"))); err != nil {
			t.Fatal(err)
		}
		if path := open(top, dir); path != "" {
			if err := os.Chmod(path, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Find("x", inPath(links))
		if missing := (*NotInstalledError)(nil); (name != "nothing") != (errors.As(err, &missing) && missing.Unsafe != nil) {
			t.Errorf("%s can be written by everybody: %v", name, err)
		}
	}
}
