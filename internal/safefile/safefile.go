// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package safefile reads the files that decide whom the user trusts. It reads
// what only the user, or root, can have written: a file that everybody may change
// decides nothing.
package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Error says which file or folder cannot be used, and what to do.
type Error struct {
	Path string
	Err  error
	Fix  string // an imperative sentence without a full stop
}

// Error names the file, what is wrong and the way out. A path that could upset a
// terminal is quoted.
func (e *Error) Error() string { return fmt.Sprintf("%s: %v: %s", shown(e.Path), e.Err, e.Fix) }

// Unwrap is what is wrong.
func (e *Error) Unwrap() error { return e.Err }

func shown(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(path)
	}
	return path
}

// Read reads a regular file of at most limit bytes that belongs to the user or to
// root and that not everybody may write to. Symbolic links are followed. A file
// that is not there is an error that wraps fs.ErrNotExist, and it is the only one
// that does: a link to nothing, also above it, is a file that is away. Every other
// error is an [*Error].
func Read(path string, limit int64) ([]byte, error) {
	data, err := read(path, limit)
	own := (*Error)(nil)
	switch {
	case err == nil || errors.As(err, &own):
		return data, err
	case errors.Is(err, fs.ErrNotExist):
		return nil, missing(path, err)
	case errors.Is(err, errTooLarge):
		return nil, &Error{path, err, "make it smaller"}
	}
	return nil, &Error{path, cause(err), "make it readable, or remove it"}
}

// missing is err, if there is certainly no such file: what is the last that is
// there on the way to it is a folder. A link to nothing, be it the file or a folder
// above it, may be a disk that is away, and what is on that disk is not known.
func missing(path string, err error) error {
	at := path
	for {
		_, there := os.Lstat(at)
		above := filepath.Dir(at)
		if there == nil {
			break
		}
		if !errors.Is(there, fs.ErrNotExist) {
			return &Error{at, cause(there), "make it readable"}
		}
		if above == at {
			return err
		}
		at = above
	}
	if _, there := os.Stat(at); errors.Is(there, fs.ErrNotExist) {
		return &Error{at, errors.New("it is a link to nothing"), "put back what it leads to, or remove it"}
	}
	return err
}

// cause drops the path that an error of the system repeats.
func cause(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

var errTooLarge = errors.New("larger than")

func read(path string, limit int64) ([]byte, error) {
	// Asked before opening, since opening a pipe waits for its other end.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readOpen(path, file, limit)
}

// readOpen asks again about the file that is open: the name may lead elsewhere by now.
func readOpen(path string, file *os.File, limit int64) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := Check(path, info); err != nil {
		return nil, err
	}
	data := make([]byte, 0, min(max(info.Size(), 0), limit)+1)
	data, err = appendAll(data, io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w %d bytes", errTooLarge, limit)
	}
	return data, nil
}

// appendAll is io.ReadAll into a buffer that has the right size already.
func appendAll(data []byte, r io.Reader) ([]byte, error) {
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Check refuses a file or folder that belongs to another user or that everybody
// on the machine may change, with an [*Error]: whoever can write it decides whom
// the user trusts. On Windows, which has no such bits, everything passes.
func Check(path string, info fs.FileInfo) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	if !ownedBySelf(info) {
		return &Error{path, errors.New("it belongs to another user"), "make it yours with: chown \"$USER\" " + quoted(path)}
	}
	if info.Mode().Perm()&0o002 == 0 {
		return nil
	}
	return &Error{path, errors.New("everybody may write to it"), "take that right away with: chmod o-w " + quoted(path)}
}

// CheckFolder is [Check] of the folder at path. A folder that is not there is an
// error that wraps fs.ErrNotExist; a link to nothing, also above it, is an [*Error].
func CheckFolder(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing(path, err)
	case err != nil:
		return &Error{path, cause(err), "make it readable"}
	case !info.IsDir():
		return &Error{path, errors.New("not a folder"), "move it away"}
	}
	return Check(path, info)
}

// quoted is a path for a POSIX shell, so that a fix can be pasted.
func quoted(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }
