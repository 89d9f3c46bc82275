// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"strconv"

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

// descriptorPath names an open file of this process.
func descriptorPath(fd uintptr) string { return "/proc/self/fd/" + strconv.FormatUint(uint64(fd), 10) }
