// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package guestfs offers folders of the host to a WebAssembly guest and nothing
// beside them.
//
// Every path is resolved by [os.Root]: no "..", no absolute path and no symbolic
// link leads out of the folder, whoever made the link and whenever. A folder
// offered without the right to write cannot be changed by any call, whatever
// flags the guest combines. Only regular files and folders can be opened: a
// device would reach past the folder, and a FIFO would block the guest inside a
// call. Two mounts of one folder are two folders: read-only holds for the mount,
// not for the place.
package guestfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
)

// Access says what a guest may do in a folder. The zero Access is [ReadOnly].
type Access uint8

// The two kinds of access.
const (
	ReadOnly  Access = iota // look and read
	ReadWrite               // change everything inside as well
)

// FS is one folder, offered to a guest.
type FS struct {
	sys.UnimplementedFS
	root   *os.Root
	access Access
}

// Open offers the host folder dir. It fails when dir is not a folder or cannot
// be listed. The caller closes the FS.
func Open(dir string, access Access) (*FS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("offering the folder %q: %w", dir, err)
	}
	f, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("offering the folder %q: %w", dir, err)
	}
	f.Close()
	return &FS{root: root, access: access}, nil
}

// Close lets the folder go. Files opened in it stay open.
func (f *FS) Close() error { return f.root.Close() }

// inside gives a path the form that [os.Root] takes. The engine names what it
// finds below a folder that was opened as "." with a "/" in front; such a path
// counts from this folder, as every other does.
func inside(name string) string {
	if name = strings.TrimLeft(name, "/"); name == "" {
		return "."
	}
	return name
}

// writes are the flags that change something or ask for the right to.
const writes = sys.O_RDWR | sys.O_WRONLY | sys.O_CREAT | sys.O_TRUNC | sys.O_APPEND

// OpenFile opens a regular file or a folder.
func (f *FS) OpenFile(name string, flag sys.Oflag, perm fs.FileMode) (sys.File, sys.Errno) {
	name = inside(name)
	if f.access != ReadWrite && flag&writes != 0 {
		// Read-only means read-only: creating and truncating are changes even
		// when the file itself is opened for reading.
		return nil, sys.EROFS
	}
	if errno := f.admit(name, flag); errno != 0 {
		return nil, errno
	}
	o, err := f.root.OpenFile(name, hostFlags(flag), perm&fs.ModePerm)
	if err != nil {
		return nil, errnoOf(err)
	}
	// What was opened counts, not what was there a moment ago.
	st, err := o.Stat()
	if err == nil && !offered(st.Mode()) || isProcess(o) {
		err = syscall.EACCES
	}
	if err == nil && flag&sys.O_DIRECTORY != 0 && !st.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		o.Close()
		return nil, errnoOf(err)
	}
	return newFile(f, o, name, st, flag)
}

// admit looks before opening, because opening a device can already do something,
// and keeps what [os.Root] cannot be told: not to follow the last link.
func (f *FS) admit(name string, flag sys.Oflag) sys.Errno {
	look := f.root.Stat
	if flag&sys.O_NOFOLLOW != 0 {
		look = f.root.Lstat
	}
	st, err := look(name)
	if errors.Is(err, fs.ErrNotExist) && flag&sys.O_CREAT != 0 {
		return 0
	}
	if err != nil {
		return errnoOf(err)
	}
	if flag&(sys.O_CREAT|sys.O_EXCL) == sys.O_CREAT|sys.O_EXCL {
		return sys.EEXIST
	}
	if st.Mode()&fs.ModeSymlink != 0 {
		return sys.ELOOP
	}
	if !offered(st.Mode()) { // mutate:skip what was opened is looked at as well
		return sys.EACCES
	}
	return 0
}

// offered holds for what a guest may open.
func offered(m fs.FileMode) bool { return m.IsRegular() || m.IsDir() }

// hostFlags translates flags. O_APPEND is not among them: see [file.SetAppend].
func hostFlags(flag sys.Oflag) int {
	out := openAlways
	switch flag & (sys.O_RDWR | sys.O_WRONLY) {
	case sys.O_RDWR:
		out |= os.O_RDWR
	case sys.O_WRONLY:
		out |= os.O_WRONLY
	default:
		out |= os.O_RDONLY
	}
	for _, t := range []struct {
		guest sys.Oflag
		host  int
	}{{sys.O_CREAT, os.O_CREATE}, {sys.O_EXCL, os.O_EXCL}, {sys.O_TRUNC, os.O_TRUNC}, {sys.O_SYNC | sys.O_DSYNC | sys.O_RSYNC, os.O_SYNC}} {
		if flag&t.guest != 0 {
			out |= t.host
		}
	}
	return out
}

// Lstat describes name without following a link.
func (f *FS) Lstat(name string) (wasys.Stat_t, sys.Errno) {
	name = inside(name)
	st, err := f.root.Lstat(name)
	if err != nil {
		return wasys.Stat_t{}, errnoOf(err)
	}
	return f.describe(name, st)
}

// Stat describes what name leads to.
func (f *FS) Stat(name string) (wasys.Stat_t, sys.Errno) {
	name = inside(name)
	st, err := f.root.Stat(name)
	if err != nil {
		return wasys.Stat_t{}, errnoOf(err)
	}
	return f.describe(name, st)
}

// change runs an operation that changes the folder.
func (f *FS) change(op func() error) sys.Errno {
	if f.access != ReadWrite {
		return sys.EROFS
	}
	return errnoOf(op())
}

// Mkdir makes a folder.
func (f *FS) Mkdir(name string, perm fs.FileMode) sys.Errno {
	return f.change(func() error { return f.root.Mkdir(inside(name), perm&fs.ModePerm) })
}

// Chmod changes permission bits, and no others: a guest cannot make a set-uid
// program.
func (f *FS) Chmod(name string, perm fs.FileMode) sys.Errno {
	return f.change(func() error { return f.root.Chmod(inside(name), perm&fs.ModePerm) })
}

// Rename moves within the folder.
func (f *FS) Rename(from, to string) sys.Errno {
	return f.change(func() error { return f.root.Rename(inside(from), inside(to)) })
}

// Rmdir removes an empty folder.
func (f *FS) Rmdir(name string) sys.Errno {
	return f.change(func() error { return f.remove(inside(name), true) })
}

// Unlink removes a file or a link.
func (f *FS) Unlink(name string) sys.Errno {
	return f.change(func() error { return f.remove(inside(name), false) })
}

// remove tells what [os.Root.Remove] does not: whether a folder was meant.
func (f *FS) remove(name string, dir bool) error {
	st, err := f.root.Lstat(strings.TrimRight(name, "/"))
	switch {
	case err != nil:
		return err
	case dir && !st.IsDir():
		return syscall.ENOTDIR
	case !dir && st.IsDir():
		return syscall.EISDIR
	}
	return f.root.Remove(name)
}

// Link makes a second name. A symbolic link as the old name is linked itself,
// never what it leads to.
func (f *FS) Link(oldName, newName string) sys.Errno {
	return f.change(func() error { return f.root.Link(inside(oldName), inside(newName)) })
}

// Symlink makes a symbolic link, if what it says stays in the folder. Following
// one that leads out is refused anyway; not making it keeps a program of the
// host from falling for it later.
func (f *FS) Symlink(target, name string) sys.Errno {
	name = inside(name)
	return f.change(func() error {
		if !staysInside(path.Dir(name), target) {
			return syscall.EPERM
		}
		return f.root.Symlink(target, name)
	})
}

func staysInside(dir, target string) bool {
	if target == "" || path.IsAbs(target) || strings.ContainsRune(target, 0) {
		return false
	}
	if runtime.GOOS == "windows" && strings.ContainsAny(target, `\:`) { // mutate:skip not on this system
		return false
	}
	// Counted by the text of both, step by step: "a/../.." must not pass because
	// of what a would be.
	return fs.ValidPath(path.Join(dir, target))
}

// Readlink reads a link. What it says is only text to the guest.
func (f *FS) Readlink(name string) (string, sys.Errno) {
	name = inside(name)
	target, err := f.root.Readlink(name)
	if err != nil {
		return "", errnoOf(err)
	}
	if runtime.GOOS == "windows" {
		target = strings.ReplaceAll(target, `\`, "/")
	}
	return target, 0
}

// Utimens sets times in nanoseconds since 1970, or leaves one that is UTIME_OMIT.
func (f *FS) Utimens(name string, atim, mtim int64) sys.Errno {
	return f.change(func() error { return f.root.Chtimes(inside(name), timeOf(atim), timeOf(mtim)) })
}

// timeOf gives the zero time for "leave it", as [os.Root.Chtimes] wants.
func timeOf(ns int64) time.Time {
	if ns == sys.UTIME_OMIT {
		return time.Time{}
	}
	return time.Unix(ns/1e9, ns%1e9)
}

// errnoOf translates an error. [os.Root] has an unexported error for paths that
// lead out; it, and everything else that no number stands for, is "not permitted".
func errnoOf(err error) sys.Errno {
	var number syscall.Errno
	switch {
	case err == nil:
		return 0
	case errors.As(err, &number):
		return sys.UnwrapOSError(number)
	case errors.Is(err, fs.ErrNotExist):
		return sys.ENOENT
	case errors.Is(err, fs.ErrExist):
		return sys.EEXIST
	case errors.Is(err, fs.ErrClosed):
		return sys.EBADF
	case errors.Is(err, fs.ErrInvalid):
		return sys.EINVAL
	}
	return sys.EPERM
}
