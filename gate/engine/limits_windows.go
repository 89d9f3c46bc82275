// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// forwarded lists the signals that are passed on to a child: a console's Ctrl-C
// reaches it by itself, and nothing else can be sent on this system.
var forwarded = []os.Signal{os.Interrupt}

// inherit hands the files down as handles whose numbers are arguments.
func inherit(cmd *exec.Cmd, files ...*os.File) (done func(), err error) {
	attr := &syscall.SysProcAttr{}
	cmd.SysProcAttr = attr
	done = func() {
		for _, f := range files {
			_ = windows.SetHandleInformation(windows.Handle(f.Fd()), windows.HANDLE_FLAG_INHERIT, 0)
		}
	}
	for _, f := range files {
		h := windows.Handle(f.Fd())
		if err := windows.SetHandleInformation(h, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT); err != nil {
			done()
			return nil, err
		}
		attr.AdditionalInheritedHandles = append(attr.AdditionalInheritedHandles, syscall.Handle(h))
		cmd.Args = append(cmd.Args, strconv.FormatUint(uint64(h), 10))
	}
	return done, nil
}

// brokenPipe never happens here: a guest gets an error instead.
func brokenPipe(*os.ProcessState) (uint32, bool) { return 0, false }

// statusControlC is what a process ends with after a console's Ctrl-C.
const statusControlC = 0xC000013A

func wasInterrupted(s *os.ProcessState) bool { return uint32(s.ExitCode()) == statusControlC }

// confine puts the child into a job object that ends it with this process and
// holds its memory.
func (p *running) confine(total int64) error {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return err
	}
	p.release = func() { _ = windows.CloseHandle(job) }
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{ProcessMemoryLimit: uintptr(total)}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err != nil {
		return err
	}
	child, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(p.cmd.Process.Pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(child)
	return windows.AssignProcessToJobObject(job, child)
}

// keepModes has nothing to keep here.
func keepModes(...*os.File) (restore func()) { return func() {} }
