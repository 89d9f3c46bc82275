// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package term

import "os"

// openDevice opens the process's console, whose two halves are two files.
func openDevice() (in, out *os.File, err error) {
	in, err = os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	out, err = os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		in.Close()
		return nil, nil, err
	}
	return in, out, nil
}
