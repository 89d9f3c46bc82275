// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// passedOn lists the signals that are kept from this process: a console's Ctrl-C
// reaches the program by itself, and nothing else can be sent on this system.
func passedOn() []os.Signal { return []os.Signal{os.Interrupt} }

func hasItAlready(os.Signal) bool { return true }

func checkSupported(p Program) error {
	if p.MaxFiles > 0 {
		return errors.New("this system cannot limit how many files a program opens")
	}
	return nil
}

// ExecMain does nothing here: programs are started without a process between.
func ExecMain([]string) error { return ErrAlone }

// start runs the private copy in a job object that ends it with this process and
// holds its limits.
func (g *ExecGate) start(ctx context.Context, im *image, p Program) (Ended, error) {
	cmd := &exec.Cmd{Path: im.path, Args: append([]string{p.Name}, p.Args...), Env: Scrubbed(p.Env)}
	if cmd.Env == nil {
		cmd.Env = []string{} // nil would be ours
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stream(g.Stdin), stream(g.Stdout), stream(g.Stderr)
	signals, stop := passOn()
	defer stop()
	r, err := launch(cmd)
	if err != nil {
		return Ended{}, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	job, err := confine(cmd.Process.Pid, p)
	if err != nil {
		r.kill(err)
		<-r.exited
		return Ended{}, fmt.Errorf("limiting the program: %w", err)
	}
	defer func() { _ = windows.CloseHandle(job) }()
	r.wait(ctx, p.Timeout, signals)
	if r.cause != nil {
		return Ended{}, r.cause
	}
	return Ended{ExitCode: r.cmd.ProcessState.ExitCode()}, nil
}

// stream keeps a nil file from becoming a non-nil interface.
func stream(f *os.File) io.ReadWriter {
	if f == nil {
		return nil
	}
	return f
}

// confine puts the program into a job object.
func confine(pid int, p Program) (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	if p.MaxMemory > 0 {
		info.ProcessMemoryLimit = uintptr(p.MaxMemory)
		info.BasicLimitInformation.LimitFlags |= windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY
	}
	if p.MaxCPU > 0 {
		const tick = 100 * time.Nanosecond
		info.BasicLimitInformation.PerProcessUserTimeLimit = int64(p.MaxCPU / tick)
		info.BasicLimitInformation.LimitFlags |= windows.JOB_OBJECT_LIMIT_PROCESS_TIME
	}
	err = assign(job, &info, pid)
	if err != nil {
		_ = windows.CloseHandle(job)
	}
	return job, err
}

func assign(job windows.Handle, info *windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION, pid int) error {
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(info)), uint32(unsafe.Sizeof(*info))); err != nil {
		return err
	}
	child, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		if errors.Is(err, syscall.ERROR_ACCESS_DENIED) {
			return nil // it has ended
		}
		return err
	}
	defer func() { _ = windows.CloseHandle(child) }()
	return windows.AssignProcessToJobObject(job, child)
}
