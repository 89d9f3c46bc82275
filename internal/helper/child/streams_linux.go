// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// ownStreams opens the guest's terminal and pipes anew. Whether a file blocks
// belongs to everybody who shares it, and many guests make their streams
// non-blocking first thing: the user's shell, and whatever else writes to the
// same terminal, must not notice. Where the system refuses, the stream stays
// shared, and the parent puts its mode back in the end.
func ownStreams() {
	for fd := range 3 {
		if terminalOrPipe(fd) {
			_ = reopen(fd)
		}
	}
}

// terminalOrPipe leaves out regular files, which would lose their position, and
// devices, which might mind.
func terminalOrPipe(fd int) bool {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return false
	}
	if st.Mode&unix.S_IFMT == unix.S_IFIFO {
		return true
	}
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

func reopen(fd int) error {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	// Non-blocking, because opening a pipe waits for its other end.
	again, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), flags&unix.O_ACCMODE|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(again) //nolint:errcheck // dup2 has made another number of it
	if _, err := unix.FcntlInt(uintptr(again), unix.F_SETFL, flags&^unix.O_NONBLOCK); err != nil {
		return err
	}
	return dup2(again, fd)
}
