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
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/internal/filelock"
	"github.com/sealwax/sealwax/internal/safefile"
)

// folder is where files of the store are: small texts, one for each thing that is
// known, whose kinds differ by extension. What the texts say is not its business.
type folder struct {
	base string // the configuration's or the state's
	sub  string // its place in there; empty is base itself
	step func() // in tests: called before each step that the disk would show
}

func (f folder) dir() string { return filepath.Join(f.base, f.sub) }

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

// fileError is the store's word for what is wrong with a file.
func fileError(err error) error {
	if unsafe := (*safefile.Error)(nil); errors.As(err, &unsafe) {
		return &FileError{unsafe.Path, unsafe.Err, unsafe.Fix}
	}
	return err
}

// names lists the files with an extension, sorted, without it. A folder that is
// not there is an empty one. Names that begin with a dot are not the store's.
func (f folder) names(ext string) ([]string, error) {
	if f.base == "" {
		return nil, errNoFolder
	}
	if there, err := f.check(); !there {
		return nil, err
	}
	all, err := f.readDir(MaxPins)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.dir(), err)
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

// check reports whether the folder is there, after a look at who else may write
// in it. A link to nothing is no empty store, but one that is away.
func (f folder) check() (there bool, err error) {
	for _, dir := range []string{f.base, f.dir()} {
		err := safefile.CheckFolder(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, fileError(err)
		}
	}
	return true, nil
}

func (f folder) readDir(limit int) ([]string, error) {
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
		return nil, fmt.Errorf("more than %d files", limit)
	}
	return all, err
}

// isMissing reports whether there is certainly no such file. In a folder that is
// away there may be one.
func (f folder) isMissing(name, ext string) bool {
	if f.base == "" {
		return false
	}
	_, err := os.Lstat(f.path(name, ext))
	if !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	_, err = f.check()
	return err == nil
}

// read reads one file. A file that is not there is an error that wraps
// fs.ErrNotExist; any other is a [*FileError].
func (f folder) read(name, ext string, limit int64) ([]byte, error) {
	data, err := safefile.Read(f.path(name, ext), limit)
	return data, fileError(err)
}

// change makes the folder if need be and runs do while no other process changes
// it.
func (f folder) change(ctx context.Context, do func() error) (err error) {
	if f.base == "" {
		return errNoFolder
	}
	f.reached()
	if err := os.MkdirAll(f.dir(), 0o700); err != nil {
		return err
	}
	f.reached()
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

// reached tells the test that kills here.
func (f folder) reached() {
	if f.step != nil {
		f.step()
	}
}

// create writes a file that must not be there yet. Call it inside change.
func (f folder) create(name, ext string, data []byte) error {
	return atomicfile.WriteFile(f.path(name, ext), data, atomicfile.Options{Mode: atomicfile.Public, Step: f.step})
}

// replace writes a file that may be there. Call it inside change.
func (f folder) replace(name, ext string, data []byte) error {
	return atomicfile.WriteFile(f.path(name, ext), data, atomicfile.Options{Mode: atomicfile.Public, Replace: true, Step: f.step})
}

// remove removes a file for good. Call it inside change.
func (f folder) remove(name, ext string) error {
	f.reached()
	if err := os.Remove(f.path(name, ext)); err != nil {
		return err
	}
	f.reached()
	return atomicfile.SyncDir(f.dir())
}
