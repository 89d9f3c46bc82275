// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guestfs

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
)

// file is an open regular file or folder of an [FS]. A guest has one thread, and
// so do its files.
type file struct {
	sys.UnimplementedFile
	fs       *FS
	f        *os.File
	name     string
	dir      bool
	flag     sys.Oflag
	nonblock bool // only remembered: what we open is always ready
}

var _ sys.PollableFile = (*file)(nil)

func newFile(f *FS, o *os.File, name string, st fs.FileInfo, flag sys.Oflag) (sys.File, sys.Errno) {
	out := &file{fs: f, f: o, name: name, dir: st.IsDir(), flag: flag &^ sys.O_APPEND, nonblock: flag&sys.O_NONBLOCK != 0}
	if flag&sys.O_APPEND != 0 {
		if errno := out.SetAppend(true); errno != 0 {
			o.Close()
			return nil, errno
		}
	}
	return out, 0
}

// Dev is the number of the device that holds the file.
func (f *file) Dev() (uint64, sys.Errno) {
	st, errno := f.Stat()
	return st.Dev, errno
}

// Ino is the number of the file on its device.
func (f *file) Ino() (wasys.Inode, sys.Errno) {
	st, errno := f.Stat()
	return st.Ino, errno
}

// IsDir reports a folder.
func (f *file) IsDir() (bool, sys.Errno) { return f.dir, 0 }

// IsAppend reports whether every write goes to the end.
func (f *file) IsAppend() bool { return f.flag&sys.O_APPEND != 0 }

// SetAppend lets every write go to the end, or not. The open descriptor is
// switched: opening the name again could find another file under it.
func (f *file) SetAppend(enable bool) sys.Errno {
	if f.dir {
		return sys.EISDIR
	}
	if enable == f.IsAppend() {
		return 0
	}
	if err := setAppend(f.f, enable); err != nil {
		return errnoOf(err)
	}
	f.flag ^= sys.O_APPEND
	return 0
}

// IsNonblock reports what the guest last asked for.
func (f *file) IsNonblock() bool { return f.nonblock }

// SetNonblock remembers what the guest asks for; regular files never block.
func (f *file) SetNonblock(enable bool) sys.Errno {
	f.nonblock = enable
	return 0
}

// Poll reports that the file is ready, as regular files always are.
func (f *file) Poll(sys.Pflag, int32) (bool, sys.Errno) { return true, 0 }

// Stat describes the open file.
func (f *file) Stat() (wasys.Stat_t, sys.Errno) {
	st, err := f.f.Stat()
	if err != nil {
		return wasys.Stat_t{}, errnoOf(err)
	}
	return describeOpen(f.f, st)
}

// Read reads at the position. The end is no error.
func (f *file) Read(buf []byte) (int, sys.Errno) {
	if f.dir { // mutate:skip Unix says so by itself
		return 0, sys.EISDIR
	}
	return result(f.f.Read(buf))
}

// Pread reads at off and leaves the position.
func (f *file) Pread(buf []byte, off int64) (int, sys.Errno) {
	if f.dir { // mutate:skip Unix says so by itself
		return 0, sys.EISDIR
	}
	if off < 0 {
		return 0, sys.EINVAL
	}
	return result(f.f.ReadAt(buf, off))
}

// position is a place in a file, in bytes. It has its own name because vet takes
// every Seek(int64, int) for a wrong io.Seeker.
type position = int64

// Seek moves the position. A folder can only be rewound.
func (f *file) Seek(offset position, whence int) (position, sys.Errno) {
	if f.dir && (offset != 0 || whence != io.SeekStart) {
		return 0, sys.EISDIR
	}
	if uint(whence) > io.SeekEnd { // hosts know more of them than guests
		return 0, sys.EINVAL
	}
	n, err := f.f.Seek(offset, whence)
	return n, errnoOf(err)
}

// Readdir lists up to n more entries of a folder, all when n is not positive.
func (f *file) Readdir(n int) ([]sys.Dirent, sys.Errno) {
	if !f.dir {
		return nil, sys.EBADF
	}
	entries, err := f.f.Readdir(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errnoOf(err)
	}
	out := make([]sys.Dirent, len(entries))
	for i, e := range entries {
		out[i] = sys.Dirent{Name: e.Name(), Ino: wasys.NewStat_t(e).Ino, Type: e.Mode().Type()}
	}
	return out, 0
}

// writable says why a write cannot be.
func (f *file) writable() sys.Errno {
	switch {
	case f.dir:
		return sys.EISDIR
	case f.fs.access != ReadWrite:
		return sys.EROFS
	case f.flag&(sys.O_RDWR|sys.O_WRONLY) == 0:
		return sys.EBADF
	}
	return 0
}

// Write writes at the position, or at the end in append mode.
func (f *file) Write(buf []byte) (int, sys.Errno) {
	if errno := f.writable(); errno != 0 {
		return 0, errno
	}
	if f.IsAppend() { // mutate:skip Unix writes at the end by itself
		return result(writeEnd(f.f, buf))
	}
	return result(f.f.Write(buf))
}

// Pwrite writes at off and leaves the position. In append mode it goes to the
// end, as on Linux.
func (f *file) Pwrite(buf []byte, off int64) (int, sys.Errno) {
	if errno := f.writable(); errno != 0 {
		return 0, errno
	}
	if off < 0 {
		return 0, sys.EINVAL
	}
	return result(f.f.WriteAt(buf, off))
}

// Truncate sets the length.
func (f *file) Truncate(size int64) sys.Errno {
	if errno := f.writable(); errno != 0 {
		return errno
	}
	return errnoOf(f.f.Truncate(size))
}

// Sync writes the file through to its device.
func (f *file) Sync() sys.Errno {
	if f.fs.access != ReadWrite { // mutate:skip only Windows minds
		return 0 // nothing can be waiting
	}
	return errnoOf(f.f.Sync())
}

// Datasync does the same as Sync.
func (f *file) Datasync() sys.Errno { return f.Sync() }

// Utimens sets times of the open file.
func (f *file) Utimens(atim, mtim int64) sys.Errno {
	if f.fs.access != ReadWrite {
		return sys.EROFS
	}
	return errnoOf(f.setTimes(atim, mtim))
}

// Close closes the file; a second time is no error.
func (f *file) Close() sys.Errno {
	if err := f.f.Close(); err != nil && !errors.Is(err, fs.ErrClosed) { // mutate:skip only a dying disk fails here
		return errnoOf(err)
	}
	return 0
}

// result turns Go's way to say how much was done into the guest's: the end is no
// error.
func result(n int, err error) (int, sys.Errno) {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, errnoOf(err)
}
