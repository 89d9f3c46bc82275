// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guestfs

import (
	"io"
	"io/fs"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
	"golang.org/x/sys/windows"
)

// openAlways is nothing here: [os.Root] refuses the names of devices.
const openAlways = 0

// describe asks the open file for its numbers, which stat does not tell here: a
// guest could not tell files apart without them.
func (f *FS) describe(name string, st fs.FileInfo) (wasys.Stat_t, sys.Errno) {
	if !offered(st.Mode()) {
		return wasys.NewStat_t(st), 0
	}
	o, err := f.root.Open(name)
	if err != nil {
		return wasys.NewStat_t(st), 0
	}
	defer o.Close()
	return describeOpen(o, st)
}

func describeOpen(o *os.File, st fs.FileInfo) (wasys.Stat_t, sys.Errno) {
	out := wasys.NewStat_t(st)
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(o.Fd()), &info); err != nil {
		return out, errnoOf(err)
	}
	out.Dev = uint64(info.VolumeSerialNumber)
	out.Ino = uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)
	out.Nlink = uint64(info.NumberOfLinks)
	return out, 0
}

// setAppend has nothing to switch: writeEnd does it.
func setAppend(*os.File, bool) error { return nil }

// writeEnd moves to the end first.
func writeEnd(f *os.File, buf []byte) (int, error) {
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return 0, err
	}
	return f.Write(buf)
}
