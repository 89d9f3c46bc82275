// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package process is what starting a child takes that is the same for every child:
// which program, with which streams, and on which thread.
package process

import (
	"io"
	"os"
	"os/exec"
	"runtime"
)

// Self is the program to start where path is "": the running one.
func Self(path string) (string, error) {
	if path != "" {
		return path, nil
	}
	const running = "/proc/self/exe" // on Linux: the running program, even if its file was replaced
	if _, err := os.Stat(running); err == nil && runtime.GOOS == "linux" {
		return running, nil
	}
	return os.Executable()
}

// Stream is a file as a stream of an [exec.Cmd]. It keeps a nil file from becoming a
// non-nil interface.
func Stream(f *os.File) io.ReadWriter {
	if f == nil {
		return nil
	}
	return f
}

// Start starts the command and waits for it on one operating system thread that lives
// as long as the child: Linux sends the parent-death signal when the thread that
// forked ends, not when the process does. When exited is closed, the command's
// ProcessState says how it ended.
func Start(cmd *exec.Cmd) (exited <-chan struct{}, err error) {
	ended := make(chan struct{})
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // what it says is in ProcessState
			close(ended)
		}
	}()
	return ended, <-started
}
