// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package child is the life of a helper process: everything that is the same for
// each engine. It opens what the parent handed down, greets, holds the process to
// its limits, ends it with its parent, keeps the guest's streams apart from
// everybody else's, and says what came of the work. An engine brings the work.
package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"

	"github.com/sealwax/sealwax/internal/helper"
)

// UsageCode is the exit code for a start that no parent made.
const UsageCode = 125

// maxInput is the most that is read into memory: what 32-bit sizes inside a
// module can speak of.
const maxInput = math.MaxUint32

// Engine is what a helper program brings. It trusts its parent for what to run
// and with what, and the guest for nothing.
type Engine interface {
	// Identity is the greeting; its protocol is filled in.
	Identity() helper.Hello
	// Run runs a guest and returns its exit code. It calls [Guest.Started] once
	// everything that can be checked before has been.
	Run(ctx context.Context, g *Guest) (exit uint32, err error)
}

// Compiler is an [Engine] that compiles ahead of time.
type Compiler interface {
	Engine
	// Compile gives the compiled form of a module, and what it is for; the size is
	// filled in.
	Compile(ctx context.Context, how helper.Compile, module []byte) ([]byte, helper.Compiled, error)
}

// Translator is an [Engine] that reads WebAssembly text.
type Translator interface {
	Engine
	Translate(ctx context.Context, text []byte) (module []byte, err error)
}

// descriptors are what the parent handed down; out and known may be nil.
type descriptors struct{ commands, events, module, out, known *os.File }

// Main is the whole life of a child. args are the numbers that follow the hidden
// argument: the descriptors (handles on Windows) of the commands, the events and
// the bytes, and then perhaps of the output and of a known compiled form. It
// returns the exit code of the process, which means nothing to the parent; the
// last event does.
func Main(e Engine, args []string) int {
	// The first thread's stack is as large as the user's shell allows, and may be
	// too small for a guest: nothing but this function runs on it.
	runtime.LockOSThread()
	d, err := open(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "sealwax: this argument is for sealwax itself, which starts its own child with it (%v)\n", err)
		return UsageCode
	}
	ownStreams()
	stderr, err := takeStderr(d.events)
	if err != nil {
		return UsageCode
	}
	command, err := greet(d, e)
	if err != nil {
		return UsageCode // nobody is there to be told
	}
	if err := helper.Write(d.events, watched(func() helper.Message { return serve(e, d, command, stderr) })); err != nil {
		return UsageCode
	}
	return 0
}

// open turns the numbers into files and makes sure that they are.
func open(args []string) (descriptors, error) {
	if len(args) < 3 || len(args) > 5 {
		return descriptors{}, fmt.Errorf("%d numbers instead of three to five", len(args))
	}
	files := make([]*os.File, 5)
	for i, a := range args {
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
		files[i] = f
	}
	return descriptors{commands: files[0], events: files[1], module: files[2], out: files[3], known: files[4]}, nil
}

// greet says who we are, waits for the command, and from then on ends the process
// when the parent is gone.
func greet(d descriptors, e Engine) (helper.Message, error) {
	hello := e.Identity()
	hello.Protocol = helper.Protocol
	if err := helper.Write(d.events, hello); err != nil {
		return nil, err
	}
	if err := helper.WriteGrease(d.events); err != nil {
		return nil, err
	}
	r := helper.NewReader(d.commands, helper.MaxCommand)
	m, err := r.Next()
	if err != nil {
		return nil, err
	}
	switch m.(type) {
	case helper.Job, helper.Compile, helper.Translate:
	default:
		return nil, errors.New("the first message is no command")
	}
	go follow(r)
	return m, nil
}

// follow ends the process as soon as the parent closes its pipe or says
// something that we do not understand.
func follow(r *helper.Reader) {
	_, _ = r.Next()
	os.Exit(UsageCode)
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

// serve does what the command says and returns the last event.
func serve(e Engine, d descriptors, command helper.Message, stderr *os.File) helper.Message {
	// One thread for the guest, one to hear of the parent's end.
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2)
	}
	last, err := obey(e, d, command, stderr)
	if err != nil {
		return failureOf(err)
	}
	return last
}

func obey(e Engine, d descriptors, command helper.Message, stderr *os.File) (helper.Message, error) {
	switch m := command.(type) {
	case helper.Job:
		return run(e, d, m, stderr)
	case helper.Compile:
		return compile(e, d, m)
	case helper.Translate:
		return translate(e, d, m)
	}
	return nil, errors.New("no command") // greet let it pass, so this cannot be
}

// prepare holds the process to its limits and then reads the bytes.
func prepare(d descriptors, l helper.Limits, size int64) ([]byte, error) {
	if err := limit(l); err != nil {
		return nil, err
	}
	return read(d.module, size)
}

func limit(l helper.Limits) error {
	if err := applyLimits(l); err != nil {
		return fmt.Errorf("setting the memory limit: %w", err)
	}
	return nil
}

// read reads the first size bytes, or all for 0, at offsets: the position is
// shared with the parent.
func read(f *os.File, size int64) ([]byte, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the module: %w", err)
	}
	if size == 0 {
		size = st.Size()
	}
	if size > st.Size() || size > maxInput {
		return nil, fmt.Errorf("reading the module: %d bytes are meant, %d are there, and at most %d are read", size, st.Size(), int64(maxInput))
	}
	buf := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), buf); err != nil {
		return nil, fmt.Errorf("reading the module: %w", err)
	}
	return buf, nil
}

func compile(e Engine, d descriptors, how helper.Compile) (helper.Message, error) {
	c, ok := e.(Compiler)
	if !ok {
		return nil, Failf(helper.NotRunnable, "this engine does not compile ahead of time")
	}
	module, err := prepare(d, how.Limits, how.Size)
	if err != nil {
		return nil, err
	}
	code, said, err := c.Compile(context.Background(), how, module)
	if err != nil {
		return nil, err
	}
	said.Size = int64(len(code))
	return said, write(d.out, code)
}

func translate(e Engine, d descriptors, how helper.Translate) (helper.Message, error) {
	t, ok := e.(Translator)
	if !ok {
		return nil, Failf(helper.NotRunnable, "this engine reads no WebAssembly text")
	}
	text, err := prepare(d, how.Limits, how.Size)
	if err != nil {
		return nil, err
	}
	module, err := t.Translate(context.Background(), text)
	if err != nil {
		return nil, err
	}
	return helper.Translated{Size: int64(len(module))}, write(d.out, module)
}

// write writes all of the output.
func write(out *os.File, b []byte) error {
	if out == nil {
		return errors.New("there is no output to write to")
	}
	if _, err := out.WriteAt(b, 0); err != nil {
		return fmt.Errorf("writing what came of it: %w", err)
	}
	return nil
}
