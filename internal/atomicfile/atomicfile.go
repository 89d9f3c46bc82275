// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package atomicfile writes files that are there whole or not at all: the bytes
// go to a temporary file in the same folder, are synced, and get their name in
// one step. A process that is killed at any instant leaves the old file or the
// new one.
//
// Where the system can (Linux, on most file systems) the temporary file has no
// name until it is complete, so that a killed process leaves nothing behind.
// Elsewhere it is called .sealwax-*.tmp; see [Sweep].
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// The modes that files are made with.
const (
	// Secret is for secret keys: 0600 exactly, whatever the umask is and
	// whatever mode a replaced file had.
	Secret fs.FileMode = 0o600
	// Public is for everything else: 0644 less the umask.
	Public fs.FileMode = 0o644
)

var (
	// ErrExists is wrapped when the name is taken and [Options.Replace] is not set.
	ErrExists = errors.New("it exists already")
	// ErrNotRegular is wrapped when the name to be replaced is a symbolic link, a
	// folder, a device or a pipe: only regular files are ever replaced.
	ErrNotRegular = errors.New("not a regular file")
	// errDone is what a File says after Commit or Abort.
	errDone = errors.New("the file is committed or aborted already")
)

// Options says how a file is written. The zero value writes a secret and
// replaces nothing.
type Options struct {
	// Mode is the permission bits; zero is [Secret].
	Mode fs.FileMode
	// Replace allows a regular file of that name to be replaced.
	Replace bool
	// Step, if set, is called before each step that the disk would show: for
	// tests that kill the process there.
	Step func()
}

// reached tells whoever asked for [Options.Step].
func (f *File) reached() {
	if f.options.Step != nil {
		f.options.Step()
	}
}

// File is a file that is being written. One goroutine uses it at a time.
type File struct {
	target  string
	temp    string // the temporary file's path; empty while it has none
	options Options
	f       *os.File // nil after Commit and Abort
	size    int64
}

// Create starts a file that [File.Commit] will call name. It fails at once if
// the name is taken and must not be replaced; Commit asks again, without a race.
// Always defer [File.Abort]: after Commit it does nothing.
func Create(name string, o Options) (*File, error) {
	if o.Mode == 0 {
		o.Mode = Secret
	}
	f := &File{target: filepath.Clean(name), options: o}
	if err := f.checkTarget(); err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	return f, nil
}

// WriteFile writes data to a file called name.
func WriteFile(name string, data []byte, o Options) error {
	f, err := Create(name, o)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}

// checkTarget refuses names that must not be given away.
func (f *File) checkTarget() error {
	info, err := os.Lstat(f.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !f.options.Replace:
		return ErrExists
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: name a file, or remove what is there", ErrNotRegular)
	}
	return nil
}

// open makes the temporary file, without a name if that can be had.
func (f *File) open() error {
	dir := filepath.Dir(f.target)
	f.reached()
	file, err := openUnnamed(dir, f.options.Mode)
	if err != nil {
		f.temp = tempName(dir)
		file, err = os.OpenFile(f.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, f.options.Mode)
	}
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return fmt.Errorf("making a temporary file: %w", &fs.PathError{Op: "create", Path: dir, Err: pathErr.Err})
	}
	if err != nil {
		return err
	}
	f.f = file
	if err := f.keepSecret(); err != nil {
		f.Abort()
		return err
	}
	return nil
}

// keepSecret gives a secret its exact mode: a umask may have taken more away,
// and a file system without modes may have given more.
func (f *File) keepSecret() error {
	if f.options.Mode != Secret || runtime.GOOS == "windows" {
		return nil
	}
	if err := f.f.Chmod(Secret); err != nil {
		return fmt.Errorf("this file system cannot keep a secret from other users: %w", err)
	}
	return nil
}

// Write appends to the file.
func (f *File) Write(p []byte) (int, error) {
	if f.f == nil {
		return 0, fmt.Errorf("writing %s: %w", f.target, errDone)
	}
	f.reached()
	n, err := f.f.Write(p)
	f.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("writing %s: %w", f.target, err)
	}
	return n, nil
}

// Name is what the file will be called.
func (f *File) Name() string { return f.target }

// Written is what was written so far, to be read and judged before Commit. It is
// good until Commit or Abort; closing it does nothing.
func (f *File) Written() *Written {
	return &Written{io.NewSectionReader(readerAt{f}, 0, f.size)}
}

// Written is the content of a [File] that has no name yet.
type Written struct{ *io.SectionReader }

// Close does nothing: the file belongs to whoever writes it.
func (*Written) Close() error { return nil }

type readerAt struct{ f *File }

// ReadAt reads what was written, until the file is committed or aborted.
func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	if r.f.f == nil {
		return 0, errDone
	}
	return r.f.f.ReadAt(p, off)
}

// Commit syncs the bytes and gives the file its name. An error that wraps
// [ErrExists] means that the name was taken meanwhile. Whatever the error, the
// file is gone and the name is as it was, unless the error is of syncing the
// folder, when the new file is in place and might not outlive a power cut.
func (f *File) Commit() error {
	if f.f == nil {
		return fmt.Errorf("writing %s: %w", f.target, errDone)
	}
	defer f.Abort()
	f.reached()
	if err := f.f.Sync(); err != nil {
		return fmt.Errorf("writing %s: %w", f.target, err)
	}
	if err := f.checkTarget(); err != nil {
		return fmt.Errorf("writing %s: %w", f.target, err)
	}
	f.reached()
	if err := f.claim(); err != nil {
		return fmt.Errorf("writing %s: %w", f.target, err)
	}
	f.reached()
	if err := SyncDir(filepath.Dir(f.target)); err != nil {
		return fmt.Errorf("writing %s: syncing its folder: %w", f.target, err)
	}
	return nil
}

// claim publishes, with the one error that callers act on.
func (f *File) claim() error {
	err := f.publish()
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	return err
}

// Abort removes what was written. After Commit, or a second time, it does nothing.
func (f *File) Abort() {
	if f.f == nil {
		return
	}
	f.f.Close()
	f.f = nil
	if f.temp != "" {
		_ = os.Remove(f.temp) // nobody could do more about it than Sweep does
		f.temp = ""
	}
}
