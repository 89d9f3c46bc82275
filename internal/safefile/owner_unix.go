// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package safefile

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedBySelf reports whether a file belongs to the user or to root, who can
// write everywhere anyway.
func ownedBySelf(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}
