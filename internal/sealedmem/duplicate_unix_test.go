// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package sealedmem

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// duplicate is the same open file, as a child would have it.
func duplicate(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	d := os.NewFile(uintptr(fd), "duplicate")
	t.Cleanup(func() { d.Close() })
	return d
}
