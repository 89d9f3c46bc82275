// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/sealwax/sealwax/internal/helper"
)

// Guest is what an [Engine] runs.
type Guest struct {
	Job  helper.Job
	Code []byte // the bytes to run, of the job's form
	// Known is a compiled form of the module, to be used instead of compiling, or
	// nil. One that does not fit is left aside.
	Known []byte
	// Stderr is the guest's own error stream. The process's is taken: what a
	// runtime says there goes to the parent. Input and output are the process's.
	Stderr *os.File

	events, out, module *os.File
}

// SealedPath is a path under which this process finds the bytes to run as a file that
// nobody can change any more, not even the parent, so that an engine can map them
// instead of copying them. What follows [Guest.Code] in it is nothing of the
// guest's. It is there on Linux, where the file says itself that it is sealed.
func (g *Guest) SealedPath() (path string, ok bool) {
	if g.module == nil || !sealed(g.module) {
		return "", false
	}
	return fmt.Sprintf("/proc/self/fd/%d", g.module.Fd()), true
}

// Wanted reports whether the parent keeps a compiled form.
func (g *Guest) Wanted() bool { return g.out != nil }

// Keep hands a compiled form of the module to the parent; once, and before
// [Guest.Started]. After it nobody in this process can change what was handed over.
func (g *Guest) Keep(code io.Reader) error {
	if g.out == nil {
		return errors.New("nobody keeps a compiled form, or not twice")
	}
	out := g.out
	g.out = nil
	n, err := io.Copy(io.NewOffsetWriter(out, 0), code)
	if err := errors.Join(err, seal(out), out.Close()); err != nil {
		return fmt.Errorf("keeping the compiled form: %w", err)
	}
	return helper.Write(g.events, helper.Kept{Size: n})
}

// Started says that the guest's entry point is about to be called. What could
// have been kept can be no more: the guest must not reach it.
func (g *Guest) Started() error {
	if g.out != nil {
		_ = g.out.Close()
		g.out = nil
	}
	return helper.Write(g.events, helper.Started{})
}

// OwnStderr puts the guest's error stream where the process's is, for engines
// that hand on the process's own streams. What a dying Go runtime has to say goes
// to the parent all the same.
func (g *Guest) OwnStderr() error {
	return errors.Join(debug.SetCrashOutput(g.events, debug.CrashOptions{}), giveStderr(g.Stderr))
}

// bytesOf are the bytes to run. Compiled code is only looked at: it is large, and an
// engine makes its own copy, or none.
func bytesOf(module *os.File, job helper.Job) ([]byte, error) {
	if job.Form != helper.Native {
		return read(module, job.Size)
	}
	all, err := view(module)
	if err != nil {
		return nil, fmt.Errorf("reading the code: %w", err)
	}
	if job.Size == 0 {
		return all, nil
	}
	if job.Size > int64(len(all)) {
		return nil, fmt.Errorf("reading the code: %d bytes are meant, and %d are there", job.Size, len(all))
	}
	return all[:job.Size:job.Size], nil
}

func run(e Engine, d descriptors, job helper.Job, stderr *os.File) (helper.Message, error) {
	if err := limit(job.Limits); err != nil {
		return nil, err
	}
	code, err := bytesOf(d.module, job)
	if err != nil {
		return nil, err
	}
	g := &Guest{Job: job, Code: code, Stderr: stderr, events: d.events, out: d.out, module: d.module}
	if d.known != nil {
		g.Known, err = view(d.known)
		_ = d.known.Close()
		if err != nil {
			return nil, fmt.Errorf("the known compiled form: %w", err)
		}
	}
	exit, err := e.Run(context.Background(), g)
	return helper.Exited{Code: exit}, err
}
