// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guestfs

import (
	"testing"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// TestProcessFilesCannotBeOpened: in /proc the engine's own memory looks like a
// regular file.
func TestProcessFilesCannotBeOpened(t *testing.T) {
	for dir, names := range map[string][]string{
		"/proc": {"self/mem", "self/status", "thread-self/mem", "cpuinfo"},
		"/":     {"proc/self/mem", "proc/self/environ"},
	} {
		f := offer(t, dir, ReadWrite)
		for _, name := range names {
			for _, flag := range []sys.Oflag{sys.O_RDONLY, sys.O_RDWR} {
				if o, errno := f.OpenFile(name, flag, 0); errno == 0 {
					o.Close()
					t.Errorf("%s in %s was opened with %#x", name, dir, flag)
				}
			}
		}
	}
}
