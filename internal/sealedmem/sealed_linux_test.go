// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealedmem

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSealsHoldForEverybody opens the content a second time for writing and
// maps it writable: the seals, not the open mode, must forbid the change.
func TestSealsHoldForEverybody(t *testing.T) {
	f, err := Copy(t.Context(), "x", bytes.NewReader(make([]byte, 8192)), 8192)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	again, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.OSFile().Fd()), os.O_RDWR, 0)
	if err == nil {
		defer again.Close()
		if _, err := again.Write([]byte("X")); err == nil {
			t.Error("a second descriptor could write")
		}
	}
	if m, err := unix.Mmap(int(f.OSFile().Fd()), 0, 4096, unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		unix.Munmap(m)
		t.Error("the content could be mapped writable")
	}
	if _, err := unix.FcntlInt(f.OSFile().Fd(), unix.F_ADD_SEALS, unix.F_SEAL_FUTURE_WRITE); err == nil {
		t.Error("the seals could be changed")
	}
}

func TestOnlyWhatIsMeantToBeExecutedCanBe(t *testing.T) {
	script := []byte("#!/bin/sh\nexit 7\n")
	for executable, seal := range map[bool]func(context.Context, string, io.Reader, int64) (*File, error){true: CopyExecutable, false: Copy} {
		f, err := seal(t.Context(), "x", bytes.NewReader(script), 100)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		st, err := f.OSFile().Stat()
		if err != nil {
			t.Fatal(err)
		}
		if can := st.Mode()&0o111 != 0; can != executable && (executable || kernelForbids()) {
			t.Errorf("executable %v: mode %v", executable, st.Mode())
		}
	}
}

// kernelForbids reports a kernel that knows memory files which cannot be executed.
func kernelForbids() bool {
	fd, err := unix.MemfdCreate("x", unix.MFD_NOEXEC_SEAL)
	if err == nil {
		unix.Close(fd)
	}
	return err == nil
}
