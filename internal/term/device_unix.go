// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package term

import "os"

// openDevice opens the process's controlling terminal.
func openDevice() (in, out *os.File, err error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	return f, f, err
}
