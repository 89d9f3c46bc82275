// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allSeals forbid every change of a memory file.
const allSeals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL

// sealed reports whether a file can never change any more.
func sealed(f *os.File) bool {
	got, err := unix.FcntlInt(f.Fd(), unix.F_GET_SEALS, 0)
	return err == nil && got&allSeals == allSeals
}

// seal forbids every later change of a memory file, to everybody. A file of
// another kind has no seals; closing it has to do.
func seal(f *os.File) error {
	_, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, allSeals)
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}
