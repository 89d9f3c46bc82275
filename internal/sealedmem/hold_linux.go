// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealedmem

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// seals forbids every later change: the content, the length, and the seals.
const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL

// newHold makes a memory file that can never be executed, or a private file
// where the kernel or a sandbox refuses one.
func newHold(name string) (*hold, error) { return newMemoryHold(name, unix.MFD_NOEXEC_SEAL) }

// newExecutableHold makes a memory file that can be executed.
func newExecutableHold(name string) (*hold, error) { return newMemoryHold(name, unix.MFD_EXEC) }

func newMemoryHold(name string, exec int) (*hold, error) {
	fd, err := memfd(name, exec)
	if err != nil {
		return newPrivateHold()
	}
	f := os.NewFile(uintptr(fd), name)
	return &hold{writer: f, seal: func() (*File, error) { return sealMemory(f) }, discard: func() { f.Close() }, sealable: true}, nil
}

// memfd says whether the file can be executed, and does without saying so on
// kernels before 6.3, where every memory file can.
func memfd(name string, exec int) (int, error) {
	// The kernel takes at most 249 bytes of name, without NUL.
	name = memfdName(name)
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|exec)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate(name, flags)
	}
	return fd, err
}

// memfdName keeps the printable ASCII of a name, shortened.
func memfdName(name string) string {
	out := make([]byte, 0, 64)
	for i := 0; i < len(name) && len(out) < cap(out); i++ {
		if name[i] > ' ' && name[i] < 0x7f {
			out = append(out, name[i])
		}
	}
	return string(out)
}

// sealMemory applies the seals, unless whoever wrote the content has done so, and
// reads them back: a kernel that ignored one would leave content that can change.
func sealMemory(f *os.File) (*File, error) {
	if got, err := unix.FcntlInt(f.Fd(), unix.F_GET_SEALS, 0); err == nil && got&seals == seals {
		return &File{f: f, sealed: true}, nil
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return nil, fmt.Errorf("adding seals: %w", err)
	}
	got, err := unix.FcntlInt(f.Fd(), unix.F_GET_SEALS, 0)
	if err != nil {
		return nil, fmt.Errorf("reading seals back: %w", err)
	}
	if got&seals != seals { // mutate:skip no kernel at hand ignores one
		return nil, fmt.Errorf("the kernel kept seals %#x of %#x", got, seals)
	}
	return &File{f: f, sealed: true}, nil
}
