// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealedmem

import (
	"bytes"
	"fmt"
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
