// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package run

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/process"
)

// The descriptors of the process that becomes the program.
const (
	troubleFD = 3 // where it says why it did not
	imageFD   = 4 // what it becomes, unless that has a path
)

// passedOn lists the signals that are passed on to a program.
func passedOn() []os.Signal {
	return []os.Signal{
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGALRM,
	}
}

// hasItAlready reports whether the program got the signal as well: what is typed
// at a terminal goes to every process in front of it.
func hasItAlready(s os.Signal) bool {
	if s != syscall.SIGINT && s != syscall.SIGQUIT && s != syscall.SIGWINCH {
		return false
	}
	tty, err := os.OpenFile("/dev/tty", os.O_RDONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	front, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	if err != nil {
		return false
	}
	return front == unix.Getpgrp()
}

// start has a process of ours become the program: it limits itself and then
// executes the image.
func (g *ExecGate) start(ctx context.Context, im *image, p Program) (Ended, error) {
	exe, err := process.Self(g.Executable)
	if err != nil {
		return Ended{}, err
	}
	trouble, theirs, err := os.Pipe()
	if err != nil {
		return Ended{}, err
	}
	defer trouble.Close()
	defer theirs.Close()
	fixed := []string{ExecArgument, seconds(p.MaxCPU), strconv.FormatInt(p.MaxMemory, 10), strconv.Itoa(p.MaxFiles), im.path, p.Name}
	cmd := exec.Command(exe, append(fixed, p.Args...)...) //nolint:gosec // no shell reads them
	cmd.Env = Scrubbed(p.Env)
	if cmd.Env == nil {
		cmd.Env = []string{} // nil would be ours
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = process.Stream(g.Stdin), process.Stream(g.Stdout), process.Stream(g.Stderr)
	cmd.ExtraFiles = []*os.File{theirs}
	if im.file != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, im.file)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	dieWithParent(cmd.SysProcAttr)

	signals, stop := passOn()
	defer stop()
	r, err := launch(cmd)
	if err != nil {
		return Ended{}, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	theirs.Close()
	r.wait(ctx, p.Timeout, signals)
	if words := lastWords(trouble); words != "" && r.cause == nil {
		return Ended{}, fmt.Errorf("%w: %s", ErrNotStarted, sealwax.Printable(words))
	}
	return r.ended(p)
}

// seconds rounds up: what is less than a second would be no limit at all.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// lastWords is what the process said that did not become the program.
func lastWords(trouble io.Reader) string {
	words, err := io.ReadAll(io.LimitReader(trouble, 4096))
	if err != nil {
		return err.Error()
	}
	return string(words)
}

// ended says how the program ended.
func (r *running) ended(p Program) (Ended, error) {
	ws, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !ws.Signaled() {
		return Ended{ExitCode: r.cmd.ProcessState.ExitCode()}, nil
	}
	sig := ws.Signal()
	used := r.cmd.ProcessState.UserTime() + r.cmd.ProcessState.SystemTime()
	switch {
	case r.cause != nil && sig == syscall.SIGKILL:
		return Ended{}, r.cause
	case p.MaxCPU > 0 && (sig == syscall.SIGXCPU || sig == syscall.SIGKILL && used >= p.MaxCPU):
		return Ended{}, ErrCPU
	}
	return Ended{ExitCode: 128 + int(sig), Signal: unix.SignalName(sig)}, nil
}
