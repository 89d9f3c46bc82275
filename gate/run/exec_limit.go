// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows && !freebsd

package run

import "syscall"

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
