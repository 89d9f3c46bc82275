// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows && !linux

package run

import "syscall"

// sealedImage is "": this system has no sealed memory.
func sealedImage() string { return "" }

// keepStreamsOnly marks every other descriptor to be closed when this process
// becomes the program: what a shell or a caller left open is not the program's.
func keepStreamsOnly() error {
	var most syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &most); err != nil {
		return err
	}
	const enough = 1 << 16 // where there is no limit, no more are looked at
	for fd := troubleFD; fd < int(min(most.Cur, enough)); fd++ {
		syscall.CloseOnExec(fd)
	}
	return nil
}
