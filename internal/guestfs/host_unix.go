// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package guestfs

import (
	"io/fs"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
	"golang.org/x/sys/unix"
)

// openAlways is added to every open: a FIFO that came into place after the look
// must not block the guest, and a terminal must not become ours.
const openAlways = unix.O_NONBLOCK | unix.O_NOCTTY

// describe needs nothing but what stat said.
func (f *FS) describe(_ string, st fs.FileInfo) (wasys.Stat_t, sys.Errno) {
	return wasys.NewStat_t(st), 0
}

func describeOpen(_ *os.File, st fs.FileInfo) (wasys.Stat_t, sys.Errno) {
	return wasys.NewStat_t(st), 0
}

// setAppend switches append mode of the open descriptor.
func setAppend(f *os.File, enable bool) error {
	return control(f, func(fd int) error {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil {
			return err
		}
		flags &^= unix.O_APPEND
		if enable {
			flags |= unix.O_APPEND
		}
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags)
		return err
	})
}

// writeEnd writes at the end, where the kernel puts it in append mode.
func writeEnd(f *os.File, buf []byte) (int, error) { return f.Write(buf) }

// control runs do on the descriptor of f.
func control(f *os.File, do func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := conn.Control(func(fd uintptr) { inner = do(int(fd)) }); err != nil {
		return err
	}
	return inner
}
