// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Tree is what is in a folder, at any depth.
type Tree struct {
	// Files are the regular files to judge, sorted by path.
	Files []string
	// Skipped counts what is neither a regular file nor a folder: symbolic
	// links, sockets, devices.
	Skipped int
	// Signatures counts the detached signatures, and publishers' files, beside their
	// subjects.
	Signatures int

	names map[string][]string
}

// MaxPublisher is the largest publisher's file that is looked at beside an artifact,
// in bytes.
const MaxPublisher = 2 << 20

// extPublisher is the ending of the name of the publisher's file beside an artifact.
const extPublisher = ".publisher"

// Walk lists every regular file below dir, except detached signatures and
// publishers' files that lie beside their subjects: files that are called so (see
// [IsCompanionName]; subject.publisher) and that isSignature recognises by content. A folder that cannot be read is an error.
func Walk(ctx context.Context, dir string, isSignature func(data []byte) bool) (*Tree, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: not a folder", dir)
	}
	t := &Tree{names: map[string][]string{}}
	var all []string
	root := dir
	if info, err := os.Lstat(dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		root += string(os.PathSeparator) // a link that was named is followed
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			t.Skipped++
			return nil
		}
		parent := filepath.Dir(path)
		t.names[parent] = append(t.names[parent], d.Name())
		all = append(all, path)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	for _, path := range all {
		if t.isSignature(path, isSignature) {
			t.Signatures++
			continue
		}
		t.Files = append(t.Files, path)
	}
	slices.Sort(t.Files)
	return t, nil
}

// Listing is the folder listing that the walk saw, for [Options.Listing].
func (t *Tree) Listing(dir string) ([]string, error) { return t.names[filepath.Clean(dir)], nil }

func (t *Tree) isSignature(path string, recognise func([]byte) bool) bool {
	limit := t.besideSubject(path)
	if limit == 0 {
		return false
	}
	f, _, err := openDiscovered(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	data, err := readCapped(f, path, limit)
	return err == nil && recognise(data)
}

// besideSubject is how long a file may be that is called like a signature, or the
// publisher's file, of one that is there; 0 if it is not called so. The name is cut
// at each dot, so the folder is not searched for each.
func (t *Tree) besideSubject(path string) int64 {
	name := filepath.Base(path)
	for i := range len(name) {
		limit := int64(0)
		switch {
		case name[i] != '.':
		case name[i:] == extPublisher:
			limit = MaxPublisher
		case IsCompanionName(name, name[:i]):
			limit = MaxCompanion
		}
		if limit == 0 {
			continue
		}
		if _, ok := slices.BinarySearch(t.names[filepath.Dir(path)], name[:i]); ok {
			return limit
		}
	}
	return 0
}
