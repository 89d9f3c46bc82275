// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// dieWithParent has the kernel kill the child when the thread that started it
// ends; see [process.Start].
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// keepPrivate marks every descriptor of this process as not to be inherited: what
// a shell or a caller left open is not the guest's.
func keepPrivate() {
	const first = 3 // the three streams are handed on
	// A kernel that does not know the call leaves things as they were.
	_ = unix.CloseRange(first, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
}

// memory is what the child has in memory, in bytes: the second field of
// /proc/PID/statm, in pages.
func (p *running) memory() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return unknown // it is gone
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return unknown
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return unknown
	}
	return pages * int64(os.Getpagesize())
}

// peak is the most the child had in memory, in bytes, once it has ended.
func (p *running) peak() int64 {
	u, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return unknown
	}
	return u.Maxrss << 10
}
