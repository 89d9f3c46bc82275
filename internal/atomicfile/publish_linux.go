// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// openUnnamed makes a file that has no name yet (O_TMPFILE). File systems that
// cannot, and systems without /proc, which linking needs, give an error.
func openUnnamed(dir string, mode fs.FileMode) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, uint32(mode.Perm()))
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), filepath.Join(dir, "(unnamed)"))
	if _, err := os.Stat(descriptorPath(f)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func descriptorPath(f *os.File) string {
	return "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
}

// linkUnnamed gives the unnamed file a name that must be free.
func linkUnnamed(f *os.File, name string) error {
	return unix.Linkat(unix.AT_FDCWD, descriptorPath(f), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
}

// publish gives the file its name. An unnamed file is linked, which never
// replaces anything; to replace, it is linked under a temporary name first.
func (f *File) publish() error {
	if f.temp == "" {
		if !f.options.Replace {
			return linkUnnamed(f.f, f.target)
		}
		temp := tempName(filepath.Dir(f.target))
		if err := linkUnnamed(f.f, temp); err != nil {
			return err
		}
		f.temp = temp
		f.reached()
	}
	if err := f.rename(); err != nil {
		return err
	}
	f.temp = ""
	return nil
}

func (f *File) rename() error {
	if f.options.Replace {
		return os.Rename(f.temp, f.target)
	}
	err := unix.Renameat2(unix.AT_FDCWD, f.temp, unix.AT_FDCWD, f.target, unix.RENAME_NOREPLACE)
	// Old kernels and some file systems do not know the flag.
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return renameToFree(f.temp, f.target)
	}
	return err
}
