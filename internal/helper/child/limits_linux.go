// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import (
	"runtime/debug"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/internal/helper"
)

// slack is what the kernel lets this process map beyond its limit: the parent
// watches what is in memory, and a runtime maps more than it uses. 1 GiB.
const slack = 1 << 30

// applyLimits bounds everything this process can write to in memory, and asks
// the runtime to stay below its share of it. The bound is the one that holds
// between two looks of the parent. No core is dumped: it would hold what the
// guest worked on.
func applyLimits(l helper.Limits) error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	total := uint64(max(l.Total, 0)) + slack
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_DATA, &now); err != nil {
		return err
	}
	total = min(total, now.Max)
	debug.SetMemoryLimit(l.Total - l.Linear)
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: total, Max: total})
}
