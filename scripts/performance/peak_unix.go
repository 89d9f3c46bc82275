// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory is the most that a finished process had in memory, in bytes.
func peakMemory(s *os.ProcessState) int64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss) //nolint:unconvert // an int32 on some systems; bytes here, KiB elsewhere
	}
	return int64(u.Maxrss) << 10 //nolint:unconvert // an int32 on some systems
}
