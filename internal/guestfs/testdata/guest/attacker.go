// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sort"
	"syscall"
	"time"
	"unsafe"
)

// Flags of wasi_snapshot_preview1.
const (
	follow    = 1
	oCreat    = 1
	oDir      = 2
	oTrunc    = 8
	rightRead = 1 << 1
	fdAppend  = 1
	preopen   = 3
)

//go:wasmimport wasi_snapshot_preview1 path_open
func pathOpen(fd int32, dirflags int32, path unsafe.Pointer, n int32, oflags int32, base, inherit int64, fdflags int32, out unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 path_link
func pathLink(oldFD int32, flags int32, oldPath unsafe.Pointer, oldN int32, newFD int32, newPath unsafe.Pointer, newN int32) uint32

//go:wasmimport wasi_snapshot_preview1 path_filestat_set_times
func pathSetTimes(fd int32, flags int32, path unsafe.Pointer, n int32, atim, mtim int64, fst int32) uint32

//go:wasmimport wasi_snapshot_preview1 fd_filestat_set_times
func fdSetTimes(fd int32, atim, mtim int64, fst int32) uint32

//go:wasmimport wasi_snapshot_preview1 fd_filestat_set_size
func fdSetSize(fd int32, size int64) uint32

//go:wasmimport wasi_snapshot_preview1 fd_allocate
func fdAllocate(fd int32, off, size int64) uint32

func ptr(s string) (unsafe.Pointer, int32) {
	b := append([]byte(s), 0)
	return unsafe.Pointer(&b[0]), int32(len(s))
}

func open(dir int32, path string, oflags, fdflags int32, rights int64) (int32, error) {
	var fd int32
	p, n := ptr(path)
	if e := pathOpen(dir, follow, p, n, oflags, rights, rights, fdflags, unsafe.Pointer(&fd)); e != 0 {
		return 0, syscall.Errno(e)
	}
	return fd, nil
}

// read opens a path as it stands, past what the runtime makes of it.
func read(dir int32, path string) (string, error) {
	fd, err := open(dir, path, 0, 0, rightRead)
	if err != nil {
		return "", err
	}
	buf := make([]byte, 100)
	n, err := syscall.Read(int(fd), buf)
	return string(buf[:max(n, 0)]), err
}

func errno(e uint32) (string, error) {
	if e != 0 {
		return "", syscall.Errno(e)
	}
	return "done", nil
}

func file(path string) (string, error) {
	b, err := os.ReadFile(path)
	return string(b), err
}

func done(err error) (string, error) { return "done", err }

func opened(fd int32, err error) (string, error) { return "done", err }

var attacks = map[string]func() (string, error){
	"host-link":     func() (string, error) { return file("/m/out") },
	"host-abs-link": func() (string, error) { return file("/m/abs") },
	"host-dir-link": func() (string, error) { return file("/m/dirout/secret.txt") },
	"guest-link": func() (string, error) {
		if err := os.Symlink("../secret.txt", "/m/link1"); err != nil {
			return "", err
		}
		return file("/m/link1")
	},
	"guest-link-moved": func() (string, error) {
		if err := os.Mkdir("/m/two", 0o777); err != nil {
			return "", err
		}
		if err := os.Symlink("../secret.txt", "/m/two/link"); err != nil {
			return "", err
		}
		if err := os.Rename("/m/two/link", "/m/link2"); err != nil {
			return "", err
		}
		if t, err := os.Readlink("/m/link2"); err != nil || t != "../secret.txt" {
			return "", fmt.Errorf("the link is not in place: %q %v", t, err)
		}
		if s, err := read(preopen, "link2"); err == nil {
			return s, nil
		}
		return file("/m/link2")
	},
	"guest-abs-link": func() (string, error) { return done(os.Symlink(os.Args[2]+"/secret.txt", "/m/link3")) },
	"write-through-host-link": func() (string, error) {
		return done(os.WriteFile("/m/out", []byte("overwritten"), 0o666))
	},
	"chtimes-through-host-link": func() (string, error) {
		p, n := ptr("out")
		return errno(pathSetTimes(preopen, follow, p, n, 1, 1, 5))
	},
	"dotdot":      func() (string, error) { return read(preopen, "../secret.txt") },
	"dotdot-deep": func() (string, error) { return read(preopen, "dir/../../secret.txt") },
	"dotdot-abs":  func() (string, error) { return read(preopen, os.Args[2]+"/secret.txt") },
	"dotdot-dirfd": func() (string, error) {
		fd, err := open(preopen, "dir", oDir, 0, rightRead)
		if err != nil {
			return "", fmt.Errorf("opening dir: %w", err)
		}
		return read(fd, "../../secret.txt")
	},
	"rdonly-creat":  func() (string, error) { return opened(open(preopen, "created", oCreat, 0, rightRead)) },
	"rdonly-trunc":  func() (string, error) { return opened(open(preopen, "trunc.txt", oTrunc, 0, rightRead)) },
	"rdonly-append": func() (string, error) { return opened(open(preopen, "file.txt", 0, fdAppend, rightRead)) },
	"rdwr":          func() (string, error) { _, err := os.OpenFile("/m/file.txt", os.O_RDWR, 0); return done(err) },
	"write":         func() (string, error) { return done(os.WriteFile("/m/written", []byte("x"), 0o666)) },
	"write-rdonly-fd": func() (string, error) {
		f, err := os.Open("/m/file.txt")
		if err != nil {
			return "opened", nil
		}
		_, err = f.WriteAt([]byte("X"), 0)
		return done(err)
	},
	"set-size": func() (string, error) {
		fd, err := open(preopen, "file.txt", 0, 0, rightRead)
		if err != nil {
			return "opened", nil
		}
		return errno(fdSetSize(fd, 0))
	},
	"allocate": func() (string, error) {
		fd, err := open(preopen, "file.txt", 0, 0, rightRead)
		if err != nil {
			return "opened", nil
		}
		return errno(fdAllocate(fd, 0, 4096))
	},
	"fd-times": func() (string, error) {
		fd, err := open(preopen, "file.txt", 0, 0, rightRead)
		if err != nil {
			return "opened", nil
		}
		return errno(fdSetTimes(fd, 1, 1, 5))
	},
	"dir-times": func() (string, error) { return errno(fdSetTimes(preopen, 1, 1, 5)) },
	"rename":    func() (string, error) { return done(os.Rename("/m/ren.txt", "/m/renamed")) },
	"link":      func() (string, error) { return done(os.Link("/m/file.txt", "/m/hard")) },
	"unlink":    func() (string, error) { return done(os.Remove("/m/unlink.txt")) },
	"rmdir":     func() (string, error) { return done(syscall.Rmdir("/m/empty")) },
	"mkdir":     func() (string, error) { return done(os.Mkdir("/m/made", 0o777)) },
	"symlink":   func() (string, error) { return done(os.Symlink("file.txt", "/m/sym")) },
	"chtimes":   func() (string, error) { return done(os.Chtimes("/m/file.txt", time.Unix(1, 0), time.Unix(1, 0))) },
	"hard-link-of-link": func() (string, error) {
		if err := os.Link("/m/out", "/m/hard-out"); err != nil {
			return "", err
		}
		return file("/m/hard-out")
	},
	"hard-link-out": func() (string, error) {
		p, n := ptr("../secret.txt")
		q, m := ptr("hard-secret")
		return errno(pathLink(preopen, 0, p, n, preopen, q, m))
	},
	"fifo-read":  func() (string, error) { return opened(open(preopen, "fifo", 0, 0, rightRead)) },
	"fifo-write": func() (string, error) { _, err := os.OpenFile("/m/fifo", os.O_WRONLY, 0); return done(err) },
	"fifo-rdwr":  func() (string, error) { _, err := os.OpenFile("/m/fifo", os.O_RDWR, 0); return done(err) },
	"fifo-link":  func() (string, error) { return file("/m/tofifo") },
}

// attack tries everything to get out of the folder /m, or to change it, and
// prints what came of each attempt as NAME=OK:TEXT or NAME=ERR:REASON.
func attack() {
	names := make([]string, 0, len(attacks))
	for n := range attacks {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		if s, err := attacks[n](); err != nil {
			if pe, ok := err.(*fs.PathError); ok {
				err = pe.Err
			}
			fmt.Printf("%s=ERR:%v\n", n, err)
		} else {
			fmt.Printf("%s=OK:%s\n", n, s)
		}
		runtime.GC()
	}
	// These work in any folder.
	for _, good := range []string{"/m/file.txt", "/m/inside", "/m/dir/../file.txt"} {
		s, err := file(good)
		fmt.Printf("good %s=%s %v\n", good, s, err)
	}
}
