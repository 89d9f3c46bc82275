// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package engine

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// forwarded lists the signals that are passed on to a child.
var forwarded = []os.Signal{os.Interrupt, syscall.SIGTERM}

// inherit hands the files down as descriptors 3 and up.
func inherit(cmd *exec.Cmd, files ...*os.File) (done func(), err error) {
	const first = 3
	cmd.ExtraFiles = files
	for i := range files {
		cmd.Args = append(cmd.Args, strconv.Itoa(first+i))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	keepPrivate()
	dieWithParent(cmd.SysProcAttr)
	return func() {}, nil
}

// brokenPipe reports a child that died because nobody reads its output any
// more, and the code a shell would give it.
func brokenPipe(s *os.ProcessState) (uint32, bool) {
	ws, ok := s.Sys().(syscall.WaitStatus)
	if !ok || !ws.Signaled() || ws.Signal() != syscall.SIGPIPE {
		return 0, false
	}
	return 128 + uint32(syscall.SIGPIPE), true
}

// wasInterrupted reports a child that the terminal's Ctrl-C ended before this
// process heard of it.
func wasInterrupted(s *os.ProcessState) bool {
	ws, ok := s.Sys().(syscall.WaitStatus)
	return ok && ws.Signaled() && (ws.Signal() == syscall.SIGINT || ws.Signal() == syscall.SIGTERM)
}

// confine does nothing here: the child's first act is to limit itself.
func (p *running) confine(int64) error { return nil }

// keepModes remembers whether the files block, and gives the function that
// restores it. A file's mode belongs to everybody who has it: a guest that makes
// its standard input non-blocking would leave the user's terminal so.
func keepModes(files ...*os.File) (restore func()) {
	var undo []func()
	for _, f := range files {
		if f == nil {
			continue
		}
		before, err := statusFlags(f)
		if err != nil {
			continue
		}
		undo = append(undo, func() {
			if now, err := statusFlags(f); err == nil && now != before {
				_ = onDescriptor(f, func(fd uintptr) error { return setStatusFlags(fd, before) })
			}
		})
	}
	return func() {
		for _, u := range undo {
			u()
		}
	}
}

func statusFlags(f *os.File) (flags int, err error) {
	err = onDescriptor(f, func(fd uintptr) error {
		flags, err = unix.FcntlInt(fd, unix.F_GETFL, 0)
		return err
	})
	return flags, err
}

func setStatusFlags(fd uintptr, flags int) error {
	_, err := unix.FcntlInt(fd, unix.F_SETFL, flags)
	return err
}

// onDescriptor does not change the file's mode, as Fd could.
func onDescriptor(f *os.File, do func(fd uintptr) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := conn.Control(func(fd uintptr) { inner = do(fd) }); err != nil {
		return err
	}
	return inner
}
