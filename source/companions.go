// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package source

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
)

// MaxCompanion is the largest detached signature that is read, in bytes.
const MaxCompanion = 1 << 20

// Limits of the companions of one artifact that are found by name: how many are
// read, and how many bytes together.
const (
	MaxCompanions      = 256
	MaxCompanionsBytes = 4 << 20
)

// The endings of detached signatures' names. Several people's signatures lie
// side by side as NAME.PERSON.minisig.
const (
	extMinisign = ".minisig"
	extWasmsig  = ".wasmsig"
	extSig      = ".sig"
)

// IsCompanionName reports whether name is called like a detached signature of
// subject: subject.minisig, subject.*.minisig, subject.sig, subject.wasmsig or
// subject.*.wasmsig.
func IsCompanionName(name, subject string) bool {
	rest, ok := strings.CutPrefix(name, subject+".")
	if !ok {
		return false
	}
	rest = "." + rest
	return rest == extSig || strings.HasSuffix(rest, extMinisign) || strings.HasSuffix(rest, extWasmsig)
}

// companions lists the explicit signatures and those found by name.
func companions(path string, o Options, explicit []sealwax.Companion) sealwax.CompanionsFunc {
	var cached []sealwax.Companion
	done := false
	return func(context.Context) ([]sealwax.Companion, error) {
		if done {
			return cached, nil
		}
		found, err := discover(path, o, explicit)
		if err != nil {
			return nil, err
		}
		cached, done = append(slices.Clone(explicit), found...), true
		return cached, nil
	}
}

func discover(path string, o Options, explicit []sealwax.Companion) ([]sealwax.Companion, error) {
	if path == Stdin {
		return nil, nil
	}
	names, err := list(filepath.Dir(path), o)
	if err != nil {
		return nil, err
	}
	subject := filepath.Base(path)
	given := map[string]bool{}
	for _, c := range explicit {
		given[absolute(c.Name)] = true
	}
	var out []sealwax.Companion
	room := int64(MaxCompanionsBytes)
	for _, name := range names {
		full := filepath.Join(filepath.Dir(path), name)
		if !IsCompanionName(name, subject) || given[absolute(full)] {
			continue
		}
		if len(out) == MaxCompanions {
			return append(out, sealwax.Companion{
				Name: full,
				Err:  fmt.Errorf("more than %d signatures lie beside it: remove some, or name those you mean", MaxCompanions),
			}), nil
		}
		c := sealwax.Companion{Name: full}
		c.Data, c.Err = readDiscovered(full, min(room, MaxCompanion))
		room -= int64(len(c.Data))
		out = append(out, c)
	}
	return out, nil
}

// list gives the names in the folder of an artifact.
func list(dir string, o Options) ([]string, error) {
	listing := o.Listing
	if listing == nil {
		listing = ListFolder
	}
	names, err := listing(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a pipe in a folder that has no listing, as /dev/fd
	}
	return names, err
}

// ListFolder is the names in a folder, sorted.
func ListFolder(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for signatures: %w", err)
	}
	defer func() { _ = f.Close() }()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("looking for signatures: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// readDiscovered reads a signature that was found by its name only.
func readDiscovered(path string, limit int64) ([]byte, error) {
	f, size, err := openDiscovered(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	switch {
	case size > MaxCompanion:
		return nil, tooLong(path, MaxCompanion)
	case size > limit:
		return nil, fmt.Errorf("%s: with it, the signatures beside the file are longer than %d bytes together", path, MaxCompanionsBytes)
	}
	return readCapped(f, path, MaxCompanion)
}

// openDiscovered opens a file that was found by its name only: nothing that
// could block or has no end. It is opened before it is looked at, so that it is
// the same file.
func openDiscovered(path string) (f *os.File, size int64, err error) {
	f, err = os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", path)
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// absolute gives one spelling to the paths of one name.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return filepath.Clean(path)
}

// readSignatures reads each named signature once: a pipe gives its bytes only
// the first time.
func readSignatures(artifact string, o Options) ([]sealwax.Companion, error) {
	var out []sealwax.Companion
	read := map[string]bool{}
	for _, p := range o.Signatures {
		if read[absolute(p)] {
			continue
		}
		read[absolute(p)] = true
		if p == Stdin && artifact == Stdin {
			return nil, ErrStdinTwice
		}
		data, err := ReadSignature(p, o.Stdin)
		if err != nil {
			return nil, err
		}
		out = append(out, sealwax.Companion{Name: p, Data: data})
	}
	return out, nil
}

// ErrStdinTwice is returned when the standard input would be two things.
var ErrStdinTwice = errors.New("standard input can be the artifact or one signature, not both")

// ReadSignature reads one detached signature, "-" from stdin, of at most
// [MaxCompanion] bytes: also from a pipe or a device that has no end.
func ReadSignature(path string, stdin io.Reader) ([]byte, error) {
	read := readCompanion
	if path == Stdin {
		read = func(string) ([]byte, error) { return readCapped(stdin, "standard input", MaxCompanion) }
	}
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("reading the signature: %w", err)
	}
	return data, nil
}

func readCompanion(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return readCapped(f, path, MaxCompanion)
}

func readCapped(r io.Reader, path string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, tooLong(path, limit)
	}
	return data, nil
}

func tooLong(path string, limit int64) error {
	return fmt.Errorf("%s: longer than the %d bytes that a signature may have", path, limit)
}
