// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import "golang.org/x/sys/unix"

// noReserve: what is reserved only counts once it is used.
const noReserve = unix.MAP_NORESERVE
