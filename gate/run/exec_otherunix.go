// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows && !linux && !freebsd

package run

import (
	"errors"
	"syscall"
)

// memoryLimit is never set here: see checkSupported.
const memoryLimit = syscall.RLIMIT_DATA

func checkSupported(p Program) error {
	if p.MaxMemory > 0 {
		return errors.New("this system cannot limit a program's memory")
	}
	return nil
}

// setLimit never goes beyond what this process may.
func setLimit(resource int, soft, hard int64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(resource, &now); err != nil {
		return err
	}
	now.Max = min(now.Max, uint64(max(hard, 0)))
	now.Cur = min(now.Max, uint64(max(soft, 0)))
	return syscall.Setrlimit(resource, &now)
}

// dieWithParent does nothing here: no kernel call does it.
func dieWithParent(*syscall.SysProcAttr) {}
