// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package guestfs

import (
	"testing"

	"github.com/tetratelabs/wazero/experimental/sys"
	"golang.org/x/sys/unix"
)

func makeFIFO(t *testing.T, path string) {
	t.Helper()
	if err := unix.Mkfifo(path, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestDevicesCannotBeOpened(t *testing.T) {
	f := offer(t, "/dev", ReadWrite)
	for _, name := range []string{"null", "zero", "tty"} {
		for _, flag := range []sys.Oflag{sys.O_RDONLY, sys.O_WRONLY, sys.O_RDWR, sys.O_WRONLY | sys.O_TRUNC} {
			if o, errno := f.OpenFile(name, flag, 0); errno == 0 {
				o.Close()
				t.Errorf("/dev/%s was opened with %#x", name, flag)
			}
		}
	}
	if _, errno := f.Stat("null"); errno != 0 {
		t.Errorf("looking at a device: %v", errno)
	}
}
