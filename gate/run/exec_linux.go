// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"math"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// memoryLimit is what a program can write to: its data, its heap, and what it maps
// privately. Address space that it only reserves is not counted.
const memoryLimit = unix.RLIMIT_DATA

// checkSupported has nothing to refuse: every limit can be held here.
func checkSupported(Program) error { return nil }

// dieWithParent has the kernel kill the child when the thread that started it
// ends; see [process.Start]. The program keeps that.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// keepStreamsOnly marks every other descriptor to be closed when this process
// becomes the program: what a shell or a caller left open is not the program's.
func keepStreamsOnly() error {
	if unix.CloseRange(troubleFD, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	open, err := os.ReadDir("/proc/self/fd") // kernels before 5.11
	if err != nil {
		return err
	}
	for _, e := range open {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd >= troubleFD {
			syscall.CloseOnExec(fd)
		}
	}
	return nil
}
