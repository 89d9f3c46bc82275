// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// suffix ends the names of entries: nothing else in the folder is touched, save
// what writing leaves behind when it is killed.
const suffix = ".compiled"

// Info is what a cache holds. Nothing of it has been checked against the key.
type Info struct {
	Entries int
	Size    int64 // bytes of all entries
}

// kept is one file of the folder.
type kept struct {
	path string
	size int64
	used time.Time
}

// Info counts what is there. A folder that is not there holds nothing.
func (s *Store) Info() (Info, error) {
	files, err := s.files()
	if err != nil {
		return Info{}, fmt.Errorf("looking at the compile cache: %w", err)
	}
	return sum(files), nil
}

// Clean removes every entry and says what it removed. The key stays.
func (s *Store) Clean() (Info, error) {
	files, err := s.files()
	var gone []kept
	for _, f := range files {
		if e := os.Remove(f.path); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
			continue
		}
		gone = append(gone, f)
	}
	if err != nil {
		err = fmt.Errorf("cleaning the compile cache: %w", err)
	}
	return sum(gone), err
}

func sum(files []kept) (n Info) {
	for _, f := range files {
		n.Size += f.size
		n.Entries++
	}
	return n
}

// trim removes what was not used for the longest time until at most limit bytes
// are left. Somebody who is reading an entry has it open and keeps it.
func (s *Store) trim(limit int64) error {
	files, err := s.files()
	if err != nil {
		return err
	}
	slices.SortFunc(files, func(a, b kept) int {
		return cmp.Or(a.used.Compare(b.used), strings.Compare(a.path, b.path))
	})
	size := sum(files).Size
	for _, f := range files {
		if size <= limit {
			break
		}
		if e := os.Remove(f.path); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
			continue
		}
		size -= f.size
	}
	return err
}

// files are the entries, and what killed processes left of some.
func (s *Store) files() ([]kept, error) {
	err := checkFolder(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, err
	}
	var out []kept
	for _, e := range list {
		if !ours(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // gone meanwhile
		}
		out = append(out, kept{filepath.Join(s.Dir, e.Name()), info.Size(), info.ModTime()})
	}
	return out, nil
}

// ours recognises the names that this package and atomicfile give.
func ours(name string) bool {
	return strings.HasSuffix(name, suffix) || strings.HasPrefix(name, ".sealwax-") && strings.HasSuffix(name, ".tmp")
}
