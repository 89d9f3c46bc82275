// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package child

import (
	"os"

	"golang.org/x/sys/unix"
)

// takeStderr gives the guest its error stream under another number, and puts the
// events in its place: what a dying runtime has to say goes to the parent, not
// between the guest's own lines.
func takeStderr(events *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(os.Stderr.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	if err := dup2(int(events.Fd()), int(os.Stderr.Fd())); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "stderr"), nil
}

// giveStderr undoes [takeStderr].
func giveStderr(stderr *os.File) error { return dup2(int(stderr.Fd()), int(os.Stderr.Fd())) }
