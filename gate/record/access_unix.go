// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package record

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// mayMakeIn reports why no file can be made in a folder.
func mayMakeIn(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "writing in", Path: dir, Err: err}
	}
	return nil
}
