// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// seal forbids every later change of a memory file, to everybody. A file of
// another kind has no seals; closing it has to do.
func seal(f *os.File) error {
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	_, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals)
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}
