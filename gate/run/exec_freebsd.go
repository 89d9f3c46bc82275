// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// memoryLimit is the address space.
const memoryLimit = unix.RLIMIT_AS

// checkSupported has nothing to refuse: every limit can be held here.
func checkSupported(Program) error { return nil }

// setLimit never goes beyond what this process may.
func setLimit(resource int, soft, hard int64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(resource, &now); err != nil {
		return err
	}
	now.Max = min(now.Max, hard)
	now.Cur = min(now.Max, soft)
	return syscall.Setrlimit(resource, &now)
}

// dieWithParent has the kernel kill the child when its parent ends.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
