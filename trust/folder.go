// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/internal/filelock"
)

// folder is where the store's files are: small texts, one for each thing that is
// known, whose kinds differ by extension. What the texts say is not its business.
type folder struct{ config string }

func (f folder) dir() string { return filepath.Join(f.config, "pins") }

func (f folder) path(name, ext string) string { return filepath.Join(f.dir(), name+ext) }

// lockName begins with a dot, as nothing that the store reads does.
const lockName = ".lock"

// FileError says which file of the store cannot be used, and what to do. It is
// never a reason to go on without the file.
type FileError struct {
	Path string
	Err  error
	Fix  string // an imperative sentence without a full stop
}

// Error names the file, what is wrong and the way out.
func (e *FileError) Error() string {
	return fmt.Sprintf("%s: %v: %s", sealwax.Printable(e.Path), e.Err, e.Fix)
}

// Unwrap is what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

// errNoFolder is for a store that was opened without saying where.
var errNoFolder = errors.New("the store of pins has no folder")

// names lists the files with an extension, sorted, without it. A folder that is
// not there is an empty one. Names that begin with a dot are not the store's.
func (f folder) names(ext string) ([]string, error) {
	if f.config == "" {
		return nil, errNoFolder
	}
	all, err := f.readDir(MaxPins)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, f.dangling()
	}
	if err != nil {
		return nil, fmt.Errorf("reading the pins: %w", err)
	}
	var out []string
	for _, n := range all {
		if name, ok := strings.CutSuffix(n, ext); ok && !strings.HasPrefix(n, ".") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// dangling is an error if the folder is a link to nothing: that is no empty
// store, but one that is away.
func (f folder) dangling() error {
	for _, dir := range []string{f.config, f.dir()} {
		if _, err := os.Lstat(dir); err != nil {
			return nil //nolint:nilerr // it is not there at all
		}
		if _, err := os.Stat(dir); err != nil {
			return &FileError{dir, errors.New("it is a link to nothing"), "put back what it leads to, or remove it"}
		}
	}
	return nil
}

// readDir lists the folder, after a look at who else may write in it.
func (f folder) readDir(limit int) ([]string, error) {
	for _, dir := range []string{f.config, f.dir()} {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, err
		}
		if err := checkWritable(dir, info); err != nil {
			return nil, err
		}
	}
	d, err := os.Open(f.dir())
	if err != nil {
		return nil, err
	}
	defer d.Close()
	all, err := d.Readdirnames(limit + 1)
	if errors.Is(err, io.EOF) {
		err = nil // an empty folder
	}
	if len(all) > limit {
		return nil, fmt.Errorf("%s holds more than %d files", f.dir(), limit)
	}
	return all, err
}

// checkWritable refuses what everybody on the machine may change, and what
// belongs to another user: whoever can write a pin decides whom the user trusts.
func checkWritable(path string, info fs.FileInfo) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	if !ownedBySelf(info) {
		return &FileError{path, errors.New("it belongs to another user"), "make it yours with: chown \"$USER\" " + quoted(path)}
	}
	if info.Mode().Perm()&0o002 == 0 {
		return nil
	}
	return &FileError{path, errors.New("everybody may write to it"), "take that right away with: chmod o-w " + quoted(path)}
}

// quoted is a path for a POSIX shell, so that a fix can be pasted.
func quoted(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }

// isMissing reports whether there is certainly no such file.
func (f folder) isMissing(name, ext string) bool {
	_, err := os.Lstat(f.path(name, ext))
	return f.config != "" && errors.Is(err, fs.ErrNotExist)
}

// read reads one file. A file that is not there is an error that wraps
// fs.ErrNotExist; any other is a [*FileError].
func (f folder) read(name, ext string, limit int64) ([]byte, error) {
	path := f.path(name, ext)
	data, err := readRegular(path, limit)
	if own := (*FileError)(nil); err == nil || errors.Is(err, fs.ErrNotExist) || errors.As(err, &own) {
		return data, err
	}
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return nil, &FileError{path, err, "make it readable, or remove it"}
}

func readRegular(path string, limit int64) ([]byte, error) {
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
	info, err = file.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkWritable(path, info); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("larger than %d bytes", limit)
	}
	return data, err
}

// change makes the folder if need be and runs do while no other process changes
// it.
func (f folder) change(ctx context.Context, do func() error) (err error) {
	if f.config == "" {
		return errNoFolder
	}
	if err := os.MkdirAll(f.dir(), 0o700); err != nil {
		return err
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(f.dir(), lockName))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if err := atomicfile.Sweep(f.dir()); err != nil {
		return err
	}
	return do()
}

// create writes a file that must not be there yet. Call it inside change.
func (f folder) create(name, ext string, data []byte) error {
	return atomicfile.WriteFile(f.path(name, ext), data, atomicfile.Options{Mode: atomicfile.Public})
}

// remove removes a file for good. Call it inside change.
func (f folder) remove(name, ext string) error {
	if err := os.Remove(f.path(name, ext)); err != nil {
		return err
	}
	return atomicfile.SyncDir(f.dir())
}
