// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package guest is the child process that runs one WebAssembly guest: the
// built-in engine (wazero) behind the helper protocol. It trusts its parent for
// what to run and with what, and the guest for nothing.
package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/sealwax/sealwax/internal/helper"
)

// usageCode is the exit code for a start that no parent made.
const usageCode = 125

// maxModule is the largest module that is read into memory: what 32-bit sizes
// inside a module can speak of.
const maxModule = math.MaxUint32

// descriptors are what the parent handed down.
type descriptors struct{ commands, events, module *os.File }

// Main is the whole life of the child. args are the three numbers that follow
// the hidden argument: the descriptors (handles on Windows) of the commands, the
// events and the module. It returns the exit code of the process, which means
// nothing to the parent; the last event does.
func Main(args []string) int {
	d, err := open(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "sealwax: this argument is for sealwax itself, which starts its own child with it (%v)\n", err)
		return usageCode
	}
	ownStreams()
	stderr, err := takeStderr(d.events)
	if err != nil {
		return usageCode
	}
	job, err := greet(d)
	if err != nil {
		return usageCode // nobody is there to be told
	}
	if err := helper.Write(d.events, watched(func() helper.Message { return serve(d, job, stderr) })); err != nil {
		return usageCode
	}
	return 0
}

// open turns the three numbers into files and makes sure that they are.
func open(args []string) (descriptors, error) {
	if len(args) != 3 {
		return descriptors{}, fmt.Errorf("%d numbers instead of three", len(args))
	}
	files := make([]*os.File, 0, len(args))
	for _, a := range args {
		n, err := strconv.ParseUint(a, 10, 63)
		if err != nil || n < 3 {
			return descriptors{}, fmt.Errorf("%q is no descriptor", a)
		}
		f := os.NewFile(uintptr(n), "descriptor "+a)
		if f == nil {
			return descriptors{}, fmt.Errorf("descriptor %s is not there", a)
		}
		if _, err := f.Stat(); err != nil {
			return descriptors{}, err
		}
		files = append(files, f)
	}
	return descriptors{commands: files[0], events: files[1], module: files[2]}, nil
}

// greet says who we are, waits for the job, and from then on ends the process
// when the parent is gone.
func greet(d descriptors) (helper.Job, error) {
	hello := helper.Hello{Protocol: helper.Protocol, Name: "sealwax", Engine: Engine, EngineVersion: engineVersion()}
	if err := helper.Write(d.events, hello); err != nil {
		return helper.Job{}, err
	}
	if err := helper.WriteGrease(d.events); err != nil {
		return helper.Job{}, err
	}
	r := helper.NewReader(d.commands, helper.MaxCommand)
	m, err := r.Next()
	if err != nil {
		return helper.Job{}, err
	}
	job, ok := m.(helper.Job)
	if !ok {
		return helper.Job{}, errors.New("the first command is no job")
	}
	go follow(r)
	return job, nil
}

// follow ends the process as soon as the parent closes its pipe or says
// something that we do not understand.
func follow(r *helper.Reader) {
	_, _ = r.Next()
	os.Exit(usageCode)
}

// watched does the work and returns the last event: what came of the work, or
// that nobody reads the guest's output any more.
func watched(work func() helper.Message) helper.Message {
	broken, stop := brokenPipes()
	done := make(chan helper.Message, 1)
	go func() { done <- work() }()
	select {
	case <-broken:
		return helper.Exited{Code: brokenPipeCode}
	case last := <-done:
		stop() // what has been sent before is delivered now
		select {
		case <-broken:
			return helper.Exited{Code: brokenPipeCode}
		default:
			return last
		}
	}
}

// brokenPipeCode is what a shell says of a program that died of SIGPIPE.
const brokenPipeCode = 128 + 13

// serve runs the job and returns the last event.
func serve(d descriptors, job helper.Job, stderr *os.File) helper.Message {
	// One thread for the guest, one to hear of the parent's end.
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2)
	}
	if err := applyLimits(job.Limits); err != nil {
		return failure(helper.Internal, fmt.Errorf("setting the memory limit: %w", err))
	}
	bytes, err := readModule(d.module)
	if err != nil {
		return failure(helper.Internal, fmt.Errorf("reading the module: %w", err))
	}
	started := func() error { return helper.Write(d.events, helper.Started{}) }
	code, err := execute(context.Background(), job, bytes, stderr, started)
	if err != nil {
		return failureOf(err)
	}
	return helper.Exited{Code: code}
}

// readModule reads at offsets: the position is shared with the parent.
func readModule(f *os.File) ([]byte, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() > maxModule {
		return nil, fmt.Errorf("it has %d bytes, a module has at most %d", st.Size(), int64(maxModule))
	}
	buf := make([]byte, st.Size())
	_, err = io.ReadFull(io.NewSectionReader(f, 0, st.Size()), buf)
	return buf, err
}

// failed is an error of a kind.
type failed struct {
	kind helper.Kind
	err  error
}

func (f *failed) Error() string { return f.err.Error() }
func (f *failed) Unwrap() error { return f.err }

func failf(kind helper.Kind, format string, args ...any) error {
	return &failed{kind, fmt.Errorf(format, args...)}
}

func failureOf(err error) helper.Message {
	if f, ok := errors.AsType[*failed](err); ok {
		return failure(f.kind, err)
	}
	return failure(helper.Internal, err)
}

// maxMessage keeps a message well below the size of an event, whatever JSON
// makes of its characters.
const maxMessage = 8 << 10

func failure(kind helper.Kind, err error) helper.Message {
	text := err.Error()
	if len(text) > maxMessage {
		text = text[:maxMessage] + " …"
	}
	return helper.Failed{Kind: kind, Message: strings.ToValidUTF8(text, "\uFFFD")}
}
