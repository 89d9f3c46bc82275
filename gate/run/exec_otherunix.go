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

// dieWithParent does nothing here: no kernel call does it.
func dieWithParent(*syscall.SysProcAttr) {}
