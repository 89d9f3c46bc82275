// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package record is the decision log: one line of JSON for each decision, in the
// order in which they were made, written by as many processes as there are.
package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/filelock"
)

// The limits of a log that says nothing else.
const (
	// MaxBytes is how large a file may become before the next one is begun.
	MaxBytes = 64 << 20
	// KeepFiles is how many finished files are kept: FILE.1, the youngest, to
	// FILE.8.
	KeepFiles = 8
)

// patience is how long a writer waits for the others.
const patience = 10 * time.Second

// Log is a decision log. The zero Log is off: nothing is written. It may be used
// by several goroutines.
//
// The file is appended to with one write for each decision, under a lock on
// FILE.lock, so that records of several processes are neither mixed nor lost, and
// a process that is killed leaves whole lines. It is not synced: a machine that
// loses its power may lose the last records.
type Log struct {
	// Path is the file. Its folder is made (0700) if it is not there, and it is
	// made 0600. Empty is off.
	Path string
	// Now is the clock. Nil is the system's.
	Now func() time.Time
	// Policies are the digests of policy files by the name of the demand that
	// speaks for them ([sealwax.Demand.Name]). A demand that is not in it has no
	// file.
	Policies map[string]string
	// MaxBytes and KeepFiles are the limits; zero is the package's own.
	MaxBytes  int64
	KeepFiles int
}

// What makes a log unusable. The error that wraps it names the file.
var (
	errNotFile  = errors.New("it is not a regular file: name a file, or one that is not there yet")
	errWritable = errors.New("everybody may write to it: take that right away with chmod o-w")
)

// Write appends the record of one decision, made at a gate ("verify", "run"). The
// report may be of several demands. An error means that the record is not there,
// and that whoever has to keep one has not decided anything.
func (l *Log) Write(gate string, r *sealwax.Report) error {
	if l.Path == "" {
		return nil
	}
	line, err := l.line(gate, r)
	if err != nil {
		return fmt.Errorf("writing the decision log: %w", err)
	}
	return l.locked(func() error { return l.append(line) })
}

// Check says whether a record could be written, as far as looking can tell: it
// makes and changes nothing.
func (l *Log) Check() error {
	if l.Path == "" {
		return nil
	}
	err := l.look()
	if err != nil {
		return fmt.Errorf("the decision log %s: %w", sealwax.Printable(l.Path), err)
	}
	return nil
}

func (l *Log) look() error {
	_, err := os.Lstat(l.Path)
	if err == nil {
		f, err := l.open()
		if err != nil {
			return err
		}
		return f.Close()
	}
	for dir := filepath.Dir(l.Path); errors.Is(err, fs.ErrNotExist); dir = filepath.Dir(dir) {
		if _, err = os.Stat(dir); err == nil { // mutate:skip root may write everywhere, and so may a test that is root
			return mayMakeIn(dir)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return err
}

// locked calls do when nobody else writes.
func (l *Log) locked(do func() error) error {
	fail := func(err error) error {
		return fmt.Errorf("writing the decision log %s: %w", sealwax.Printable(l.Path), err)
	}
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o700); err != nil {
		return fail(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	lock, err := filelock.Acquire(ctx, l.Path+".lock")
	if err != nil {
		return fail(err)
	}
	err = do()
	if err := errors.Join(err, lock.Release()); err != nil {
		return fail(err)
	}
	return nil
}

// append writes a line to the end of the file, or of the next one.
func (l *Log) append(line []byte) error {
	if err := l.rotate(int64(len(line))); err != nil {
		return err
	}
	f, err := l.open()
	if err != nil {
		return err
	}
	if err := writeWhole(f, line); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// open opens the file for appending, and makes it if it is not there. What is
// there must be a file of its own and not everybody's: a link could make the log
// grow elsewhere.
func (l *Log) open() (*os.File, error) {
	before, err := os.Lstat(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return os.OpenFile(l.Path, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	}
	switch {
	case err != nil:
		return nil, err
	case !before.Mode().IsRegular():
		return nil, errNotFile
	case filepath.Separator == '/' && before.Mode().Perm()&0o002 != 0:
		return nil, errWritable
	}
	f, err := os.OpenFile(l.Path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = errNotFile
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// writeWhole appends a line. A piece of one, left by a full disk, is closed with
// a line feed first, and is not left by us if that can be helped.
func writeWhole(f *os.File, line []byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if size > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	if _, err := f.Write(line); err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	return nil
}

// rotate gives the file the name FILE.1, and the older ones the next number, if
// the line has no room in it. A process that is killed in between leaves a number
// out, and the next rotation fills it.
func (l *Log) rotate(more int64) error {
	info, err := os.Lstat(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	limit, keep := l.MaxBytes, l.KeepFiles
	if limit <= 0 {
		limit = MaxBytes
	}
	if keep <= 0 {
		keep = KeepFiles
	}
	if !info.Mode().IsRegular() || info.Size() == 0 || info.Size()+more <= limit {
		return nil
	}
	for n := firstFree(l.Path, keep); n > 1; n-- {
		if err := os.Rename(numbered(l.Path, n-1), numbered(l.Path, n)); err != nil {
			return err
		}
	}
	return os.Rename(l.Path, numbered(l.Path, 1))
}

// firstFree is the lowest number that no file has, or the highest there is.
func firstFree(path string, keep int) int {
	for n := 1; n < keep; n++ {
		if _, err := os.Lstat(numbered(path, n)); errors.Is(err, fs.ErrNotExist) {
			return n
		}
	}
	return keep
}

func numbered(path string, n int) string { return path + "." + strconv.Itoa(n) }
