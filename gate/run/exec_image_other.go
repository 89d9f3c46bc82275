// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package run

import (
	"strconv"

	"github.com/sealwax/sealwax/internal/sealedmem"
)

// canExecute is false: this system has no sealed memory.
func canExecute(*sealedmem.File) bool { return false }

// isSealed is false: this system has no sealed memory.
func isSealed(uintptr) bool { return false }

// descriptorPath names an open file of this process.
func descriptorPath(fd uintptr) string { return "/dev/fd/" + strconv.FormatUint(uint64(fd), 10) }
