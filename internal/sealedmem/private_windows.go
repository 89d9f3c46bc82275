// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealedmem

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// newPrivateHold makes a file that no other process can open (share mode 0) and
// that vanishes with its last handle.
func newPrivateHold() (*hold, error) {
	path := filepath.Join(os.TempDir(), "sealwax-"+rand.Text())
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil, windows.CREATE_NEW,
		windows.FILE_ATTRIBUTE_TEMPORARY|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
	if err != nil {
		return nil, fmt.Errorf("creating the private copy %s: %w", path, err)
	}
	f := os.NewFile(uintptr(h), path)
	return &hold{writer: f, seal: func() (*File, error) { return &File{f: f}, nil }, discard: func() { f.Close() }}, nil
}
