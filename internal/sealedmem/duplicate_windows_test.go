// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealedmem

import (
	"os"
	"testing"

	"golang.org/x/sys/windows"
)

// duplicate is the same open file, as a child would have it.
func duplicate(t *testing.T, f *os.File) *os.File {
	t.Helper()
	self := windows.CurrentProcess()
	var h windows.Handle
	if err := windows.DuplicateHandle(self, windows.Handle(f.Fd()), self, &h, 0, false, windows.DUPLICATE_SAME_ACCESS); err != nil {
		t.Fatal(err)
	}
	d := os.NewFile(uintptr(h), "duplicate")
	t.Cleanup(func() { d.Close() })
	return d
}
