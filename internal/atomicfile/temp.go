// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	tempPrefix = ".sealwax-"
	tempSuffix = ".tmp"
)

// tempName is a name that nobody can foresee, short enough for any folder.
func tempName(dir string) string {
	return filepath.Join(dir, tempPrefix+strings.ToLower(rand.Text())+tempSuffix)
}

// Sweep removes the temporary files that killed processes left in dir. Call it
// only while no other process can be writing there: under the folder's lock.
func Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tempPrefix) || !strings.HasSuffix(e.Name(), tempSuffix) {
			continue
		}
		if gone := os.Remove(filepath.Join(dir, e.Name())); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
