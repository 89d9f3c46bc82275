// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
)

// openUnnamed is for systems that have files without a name.
func openUnnamed(string, fs.FileMode) (*os.File, error) { return nil, errors.ErrUnsupported }

// publish renames the temporary file.
func (f *File) publish() error {
	rename := renameToFree
	if f.options.Replace {
		rename = os.Rename
	}
	if err := rename(f.temp, f.target); err != nil {
		return err
	}
	f.temp = ""
	return nil
}
