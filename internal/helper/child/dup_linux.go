// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import "golang.org/x/sys/unix"

// dup2 makes to another number of from.
func dup2(from, to int) error { return unix.Dup3(from, to, 0) }
