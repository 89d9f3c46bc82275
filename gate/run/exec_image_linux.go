// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/internal/sealedmem"
)

// canExecute reports whether the held bytes are sealed and may be executed as they
// are.
func canExecute(held *sealedmem.File) bool {
	if !held.Sealed() { // mutate:skip what is no sealed memory is a file whose mode has no such bit
		return false
	}
	info, err := held.OSFile().Stat()
	if err != nil {
		return false
	}
	return info.Mode()&0o100 != 0
}

// sealedImage is the path of what the parent has handed down, if that is memory that
// can never change.
func sealedImage() string {
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	got, err := unix.FcntlInt(imageFD, unix.F_GET_SEALS, 0)
	if err != nil || got&seals != seals {
		return ""
	}
	return descriptorPath(imageFD)
}

// descriptorPath names an open file of this process.
func descriptorPath(fd uintptr) string { return "/proc/self/fd/" + strconv.FormatUint(uint64(fd), 10) }
