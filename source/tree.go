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
	// Signatures counts the detached signatures beside their subjects.
	Signatures int

	names map[string][]string
}

// Walk lists every regular file below dir, except detached signatures that lie
// beside their subjects: files that are called so (see [IsCompanionName]) and
// that isSignature recognises by content. A folder that cannot be read is an error.
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
	if !t.besideSubject(path) {
		return false
	}
	data, err := readDiscovered(path, MaxCompanion)
	return err == nil && recognise(data)
}

// besideSubject reports whether path is called like a signature of a file that
// is there: the name is cut at each dot, so the folder is not searched for each.
func (t *Tree) besideSubject(path string) bool {
	name := filepath.Base(path)
	for i := range len(name) {
		if name[i] != '.' || !IsCompanionName(name, name[:i]) {
			continue
		}
		if _, ok := slices.BinarySearch(t.names[filepath.Dir(path)], name[:i]); ok {
			return true
		}
	}
	return false
}
