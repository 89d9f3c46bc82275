// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

var failures int

func check(what string, ok bool, got ...any) {
	if !ok {
		failures++
		fmt.Println("FAILED:", what, got)
	}
}

// work does what programs do with files, in the folder /m, and ends with the
// number of things that went wrong.
func work() {
	if err := os.Chdir("/m"); err != nil {
		check("chdir", false, err)
	}
	contents()
	appending()
	names()
	listing()
	times()
	os.Exit(failures)
}

func contents() {
	f, err := os.Create("a.txt")
	check("create", err == nil, err)
	_, err = f.WriteString("hello, wax")
	check("write", err == nil, err)
	n, err := f.Seek(7, io.SeekStart)
	check("seek", n == 7 && err == nil, n, err)
	rest, err := io.ReadAll(f)
	check("read after seek", string(rest) == "wax" && err == nil, string(rest), err)
	_, err = f.WriteAt([]byte("J"), 0)
	check("pwrite", err == nil, err)
	b := make([]byte, 5)
	_, err = f.ReadAt(b, 0)
	check("pread", string(b) == "Jello" && err == nil, string(b), err)
	check("truncate", f.Truncate(5) == nil)
	check("sync", f.Sync() == nil)
	st, err := f.Stat()
	check("fstat", err == nil && st.Size() == 5 && st.Mode().IsRegular(), st, err)
	check("close", f.Close() == nil)
	_, err = os.OpenFile("a.txt", os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
	check("excl", errors.Is(err, fs.ErrExist), err)
	_, err = os.Open("nowhere")
	check("absent", errors.Is(err, fs.ErrNotExist), err)
	_, err = os.ReadFile("a.txt/x")
	check("file as folder", err != nil, err)
}

func appending() {
	for range 2 {
		f, err := os.OpenFile("log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
		check("open for append", err == nil, err)
		_, err = f.WriteString("line\n")
		check("append", err == nil, err)
		f.Close()
	}
	b, err := os.ReadFile("log")
	check("appended", string(b) == "line\nline\n" && err == nil, string(b), err)
}

func names() {
	check("mkdir all", os.MkdirAll("d/e/f", 0o777) == nil)
	check("rename", os.Rename("a.txt", "d/b.txt") == nil)
	check("rename folder", os.Rename("d/e", "d/g") == nil)
	a, err1 := os.Stat("d/b.txt")
	check("link", os.Link("d/b.txt", "d/hard") == nil)
	b, err2 := os.Stat("d/hard")
	check("same file", err1 == nil && err2 == nil && os.SameFile(a, b))
	c, _ := os.Stat("log")
	check("other file", !os.SameFile(a, c))
	check("symlink", os.Symlink("b.txt", "d/sym") == nil)
	t, err := os.Readlink("d/sym")
	check("readlink", t == "b.txt" && err == nil, t, err)
	l, err := os.Lstat("d/sym")
	check("lstat", err == nil && l.Mode()&fs.ModeSymlink != 0, l, err)
	s, err := os.ReadFile("d/sym")
	check("read through link", string(s) == "Jello" && err == nil, string(s), err)
	check("symlink up, but inside", os.Symlink("../log", "d/up") == nil)
	s, err = os.ReadFile("d/up")
	check("read up", strings.HasPrefix(string(s), "line") && err == nil, string(s), err)
	check("remove link", os.Remove("d/up") == nil)
	check("remove full folder", os.Remove("d") != nil)
}

func listing() {
	for i := range 300 {
		check("fill", os.WriteFile(fmt.Sprintf("d/n%03d-%s", i, strings.Repeat("x", i%40)), bytes.Repeat([]byte("x"), i), 0o666) == nil)
	}
	entries, err := os.ReadDir("d")
	check("readdir", len(entries) == 300+4 && err == nil, len(entries), err)
	var walked []string
	err = filepath.WalkDir(".", func(p string, e fs.DirEntry, err error) error {
		if !strings.HasPrefix(e.Name(), "n") {
			walked = append(walked, fmt.Sprint(p, e.Type()&(fs.ModeDir|fs.ModeSymlink)))
		}
		return err
	})
	sort.Strings(walked)
	want := "[.d--------- d/b.txt---------- d/g/fd--------- d/gd--------- d/hard---------- d/symL--------- dd--------- log----------]"
	check("walk", err == nil && fmt.Sprint(walked) == want, walked, err)
	err = os.RemoveAll("d")
	check("remove all", err == nil, err)
	left, err := os.ReadDir(".")
	check("left", len(left) == 1 && err == nil, left, err)
}

func times() {
	at, mt := time.Unix(1_000_000_000, 123456789), time.Unix(1_500_000_000, 987654321)
	check("chtimes", os.Chtimes("log", at, mt) == nil)
	st, err := os.Stat("log")
	check("mtime", err == nil && st.ModTime().Equal(mt), st.ModTime(), err)
	now := time.Now()
	check("real clock", now.Year() >= 2025, now)
	start := time.Now()
	time.Sleep(20 * time.Millisecond)
	check("real sleep", time.Since(start) >= 20*time.Millisecond)
}
