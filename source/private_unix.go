// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package source

import (
	"os"
	"syscall"
)

// nonBlocking keeps the opening of a pipe from waiting for its writer.
const nonBlocking = syscall.O_NONBLOCK

// privateFile is a 0600 file that no longer has a name: nobody can open it, and
// it is gone with its descriptor, whatever becomes of this process.
func privateFile() (*os.File, error) {
	f, err := os.CreateTemp("", "sealwax-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
