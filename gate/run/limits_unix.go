// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package run

import (
	"os"
	"os/exec"
	"syscall"
)

// forwarded lists the signals that are passed on to a child.
var forwarded = []os.Signal{os.Interrupt, syscall.SIGTERM}

// inherit hands the three files down as descriptors 3, 4 and 5.
func inherit(cmd *exec.Cmd, commands, events, module *os.File) (done func(), err error) {
	cmd.ExtraFiles = []*os.File{commands, events, module}
	cmd.Args = append(cmd.Args, numbers(3, 4, 5)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	dieWithParent(cmd.SysProcAttr)
	return func() {}, nil
}

// brokenPipe reports a child that died because nobody reads its output any
// more, and the code a shell would give it.
func brokenPipe(s *os.ProcessState) (int, bool) {
	ws, ok := s.Sys().(syscall.WaitStatus)
	if !ok || !ws.Signaled() || ws.Signal() != syscall.SIGPIPE {
		return 0, false
	}
	return 128 + int(syscall.SIGPIPE), true
}

// wasInterrupted reports a child that the terminal's Ctrl-C ended before this
// process heard of it.
func wasInterrupted(s *os.ProcessState) bool {
	ws, ok := s.Sys().(syscall.WaitStatus)
	return ok && ws.Signaled() && (ws.Signal() == syscall.SIGINT || ws.Signal() == syscall.SIGTERM)
}

// confine does nothing here: the child's first act is to limit itself.
func (p *process) confine(int64) error { return nil }
