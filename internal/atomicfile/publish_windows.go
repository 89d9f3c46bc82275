// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// openUnnamed is for systems that have files without a name.
func openUnnamed(string, fs.FileMode) (*os.File, error) { return nil, errors.ErrUnsupported }

// publish moves the temporary file. A file that is open cannot be moved.
func (f *File) publish() error {
	if err := f.f.Close(); err != nil {
		return err
	}
	if err := f.move(); err != nil {
		return err
	}
	f.temp = ""
	return nil
}

// move tries for half a second when another process, often a virus scanner, has
// one of the two files open.
func (f *File) move() error {
	from, err := windows.UTF16PtrFromString(f.temp)
	if err != nil {
		return err
	}
	to, err := windows.UTF16PtrFromString(f.target)
	if err != nil {
		return err
	}
	flags := uint32(windows.MOVEFILE_WRITE_THROUGH)
	if f.options.Replace {
		flags |= windows.MOVEFILE_REPLACE_EXISTING
	}
	for wait := time.Millisecond; ; wait *= 2 {
		err := windows.MoveFileEx(from, to, flags)
		if err == nil || wait > 256*time.Millisecond || !isBusy(err) {
			return err
		}
		time.Sleep(wait)
	}
}

func isBusy(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
}

// SyncDir has nothing to do: MOVEFILE_WRITE_THROUGH waits for the disk.
func SyncDir(string) error { return nil }
