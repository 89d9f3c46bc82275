// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import "golang.org/x/sys/unix"

// noReserve: what is reserved only counts once it is used.
const noReserve = unix.MAP_NORESERVE

// dup2 makes to another number of from.
func dup2(from, to int) error { return unix.Dup3(from, to, 0) }
