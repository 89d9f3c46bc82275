// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/sealwax/sealwax/internal/process"
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
	cmd.Stdin, cmd.Stdout, cmd.Stderr = process.Stream(g.Stdin), process.Stream(g.Stdout), process.Stream(g.Stderr)
	// It does nothing before it is in the job: no moment without limits, and nothing
	// that it starts escapes.
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_SUSPENDED}
	signals, stop := passOn()
	defer stop()
	r, err := launch(cmd)
	if err != nil {
		return Ended{}, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	job, err := confine(cmd.Process.Pid, p)
	if err == nil {
		defer func() { _ = windows.CloseHandle(job) }()
		err = resume(uint32(cmd.Process.Pid))
	}
	if err != nil {
		r.kill(err)
		<-r.exited
		return Ended{}, fmt.Errorf("limiting the program: %w", err)
	}
	r.wait(ctx, p.Timeout, signals)
	return r.ended(p)
}

// ended says how the program ended. One that ended by itself before it could be
// killed has done so.
func (r *running) ended(p Program) (Ended, error) {
	const killed = 1 // the code that [os.Process.Kill] gives
	code := r.cmd.ProcessState.ExitCode()
	switch {
	case r.cause != nil && code == killed:
		return Ended{}, r.cause
	case p.MaxCPU > 0 && code == int(windows.ERROR_NOT_ENOUGH_QUOTA): // the code that a job object gives
		return Ended{}, ErrCPU
	}
	return Ended{ExitCode: code}, nil
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
		return err
	}
	defer func() { _ = windows.CloseHandle(child) }()
	return windows.AssignProcessToJobObject(job, child)
}

// resume lets a process that was started suspended begin. Go closes the handle of
// its first thread, so that is looked for.
func resume(pid uint32) error {
	all, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return err
	}
	defer func() { _ = windows.CloseHandle(all) }()
	resumed := false
	entry := windows.ThreadEntry32{Size: uint32(unsafe.Sizeof(windows.ThreadEntry32{}))}
	for err = windows.Thread32First(all, &entry); err == nil; err = windows.Thread32Next(all, &entry) {
		if entry.OwnerProcessID != pid {
			continue
		}
		if err := resumeThread(entry.ThreadID); err != nil {
			return err
		}
		resumed = true
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return err
	}
	if !resumed {
		return errors.New("it has no thread that could begin")
	}
	return nil
}

func resumeThread(id uint32) error {
	thread, err := windows.OpenThread(windows.THREAD_SUSPEND_RESUME, false, id)
	if err != nil {
		return err
	}
	defer func() { _ = windows.CloseHandle(thread) }()
	_, err = windows.ResumeThread(thread)
	return err
}
