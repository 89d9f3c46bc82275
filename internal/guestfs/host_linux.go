// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guestfs

import (
	"errors"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
	"golang.org/x/sys/unix"
)

// isProcess reports a file of the process file system. Its files look regular,
// but /proc/self/mem is the engine's own memory: writing there would leave the
// sandbox without leaving the folder.
func isProcess(f *os.File) bool {
	var st unix.Statfs_t
	err := control(f, func(fd int) error { return unix.Fstatfs(fd, &st) })
	return err != nil || st.Type == unix.PROC_SUPER_MAGIC
}

// setTimes changes the open file itself, whatever its name is now; kernels
// before 5.8 go by the name.
func (f *file) setTimes(atim, mtim int64) error {
	times := []unix.Timespec{timespec(atim), timespec(mtim)}
	err := control(f.f, func(fd int) error { return unix.UtimesNanoAt(fd, "", times, unix.AT_EMPTY_PATH) })
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) { // mutate:skip only old kernels
		return f.fs.root.Chtimes(f.name, timeOf(atim), timeOf(mtim))
	}
	return err
}

func timespec(ns int64) unix.Timespec {
	if ns == sys.UTIME_OMIT {
		return unix.Timespec{Nsec: unix.UTIME_OMIT}
	}
	return unix.NsecToTimespec(ns)
}
