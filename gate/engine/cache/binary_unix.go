// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cache

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// identity leaves out the device's number, which many file systems get anew with
// every start of the machine or container.
func identity(path string) (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return "", &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return fmt.Sprintf("stat:%d/%d/%d.%09d/%d.%09d", st.Ino, st.Size, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec), nil
}
