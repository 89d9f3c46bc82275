// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// ChildArgument is the hidden first argument of the child that runs a guest.
// The program that calls [Child.Run] must look for it before anything else, and
// then do nothing but run the guest with the arguments that follow.
const ChildArgument = "--sealwax-child=guest"

const (
	helloTime    = 30 * time.Second      // for the child to say who it is
	partingTime  = 5 * time.Second       // for the child to end after its last message
	signalDelay  = 50 * time.Millisecond // see [watch.interrupt]
	signalTime   = 2 * time.Second       // for the child to end after a signal
	watchdogTime = 25 * time.Millisecond // between two looks at the child's memory
	maxExitCode  = 255                   // what an operating system passes on
	unknown      = math.MinInt64         // memory of a child where nobody can tell
)

// Child starts guests in child processes.
type Child struct {
	// Executable is the program to start; "" is the running one. It must handle
	// [ChildArgument].
	Executable string
	// Stdin, Stdout and Stderr become the guest's own. A nil one is the system's
	// null device.
	Stdin, Stdout, Stderr *os.File
	// Admit, if set, is asked about the engine that answered, before the job is
	// sent to it. What it returns ends the run, as it is.
	Admit func(Identity) error
}

// Result is how a guest ended by itself.
type Result struct {
	ExitCode      int // the guest's; at most 255, larger ones are written as 255
	Engine        string
	EngineVersion string
	// Kept is how many bytes of a compiled form the engine wrote to [Job.Keep]; 0
	// is none.
	Kept int64
}

// Run runs the bytes of module as job says, in a child process that has no
// environment and no descriptors but the guest's streams, the module and two
// control pipes, and waits for its end. While it waits, SIGINT and SIGTERM of
// this process are passed on to the child.
//
// The error is nil if and only if the guest ended by itself, with whatever code;
// else it is or wraps [ErrTimeout], [ErrMemory], [ErrInterrupted], the context's
// error, or a [*GuestError]. No child outlives the call, nor, as far as the
// system can arrange it, this process.
func (c Child) Run(ctx context.Context, job Job, module *sealedmem.File) (Result, error) {
	msg, err := job.message(module.Size())
	if err != nil {
		return Result{}, fmt.Errorf("preparing the guest: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, forwarded...)
	defer signal.Stop(signals)

	defer keepModes(c.Stdin, c.Stdout, c.Stderr)()
	p, err := c.start(module)
	if err != nil {
		return Result{}, fmt.Errorf("starting the guest's process: %w", err)
	}
	defer p.close()
	if err := p.confine(msg.Limits.Total); err != nil {
		p.kill()
		<-p.exited
		return Result{}, fmt.Errorf("limiting the guest's process: %w", err)
	}
	talk := make(chan talked, 1)
	go func() { talk <- p.converse(msg, c.Admit) }()
	w := watch{p: p, total: msg.Limits.Total, ended: talk}
	w.wait(ctx, job.Timeout, signals)
	return w.verdict()
}

// process is a running child.
type process struct {
	cmd      *exec.Cmd
	commands *os.File // we write
	events   *os.File // we read
	exited   chan struct{}
	release  func() // lets go what holds the child's limits
}

// start starts the child with its pipes.
func (c Child) start(module *sealedmem.File) (*process, error) {
	exe, err := c.executable()
	if err != nil {
		return nil, err
	}
	theirCommands, commands, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirCommands.Close()
	events, theirEvents, err := os.Pipe()
	if err != nil {
		commands.Close()
		return nil, err
	}
	defer theirEvents.Close()

	p := &process{commands: commands, events: events, exited: make(chan struct{}), release: func() {}}
	p.cmd = exec.Command(exe, ChildArgument)
	// An empty environment: the guest's comes with the job, and nothing of ours
	// can reach the engine. GOTRACEBACK keeps a dying child short.
	p.cmd.Env = []string{"GOTRACEBACK=none"}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stream(c.Stdin), stream(c.Stdout), stream(c.Stderr)
	done, err := inherit(p.cmd, theirCommands, theirEvents, module.OSFile())
	if err == nil {
		err = p.launch()
		done()
	}
	if err != nil {
		commands.Close()
		events.Close()
		return nil, err
	}
	return p, nil
}

func (c Child) executable() (string, error) {
	if c.Executable != "" {
		return c.Executable, nil
	}
	const running = "/proc/self/exe" // on Linux: the running program, even if its file was replaced
	if _, err := os.Stat(running); err == nil && runtime.GOOS == "linux" {
		return running, nil
	}
	return os.Executable()
}

// stream keeps a nil file from becoming a non-nil interface.
func stream(f *os.File) interface {
	Read([]byte) (int, error)
	Write([]byte) (int, error)
} {
	if f == nil {
		return nil
	}
	return f
}

// launch starts the command and waits for it on one operating system thread that
// lives as long as the child: Linux sends the parent-death signal when the
// thread that forked ends, not when the process does.
func (p *process) launch() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // what it says is in ProcessState
			close(p.exited)
		}
	}()
	return <-started
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }

func (p *process) close() {
	p.commands.Close()
	p.events.Close()
	p.release()
}

// talked is what came of the conversation with a child.
type talked struct {
	hello helper.Hello
	last  helper.Message // Exited or Failed, nil if there was none
	err   error
	// unwanted is why the engine was not admitted.
	unwanted error
}

// identity is who a helper says it is.
func identity(h helper.Hello) Identity {
	return Identity{Name: h.Name, Version: h.Version, Engine: h.Engine, EngineVersion: h.EngineVersion}
}

// converse shakes hands, sends the job and reads events until the last. Nothing is
// sent to an engine that is not admitted.
func (p *process) converse(job helper.Job, admit func(Identity) error) talked {
	var t talked
	r := helper.NewReader(p.events, helper.MaxEvent)
	if t.hello, t.err = p.greet(r); t.err != nil {
		return t
	}
	if admit != nil {
		if t.unwanted = admit(identity(t.hello)); t.unwanted != nil {
			p.kill()
			return t
		}
	}
	// A child that no longer reads has its reasons, and says them.
	_ = helper.Write(p.commands, job)
	for started := false; ; {
		m, err := r.Next()
		if err != nil {
			t.err = err
			return t
		}
		switch m.(type) {
		case helper.Started:
			started = true
		case helper.Failed:
			t.last = m
			return t
		case helper.Exited:
			if t.last = m; !started {
				t.last, t.err = nil, fmt.Errorf("%w: exited before it started", helper.ErrProtocol)
			}
			return t
		default:
			t.err = fmt.Errorf("%w: a message out of turn", helper.ErrProtocol)
			return t
		}
	}
}

// greet reads the child's first message.
func (p *process) greet(r *helper.Reader) (helper.Hello, error) {
	late := time.AfterFunc(helloTime, p.kill)
	defer late.Stop()
	m, err := r.Next()
	if err != nil {
		return helper.Hello{}, err
	}
	hello, ok := m.(helper.Hello)
	if !ok {
		return helper.Hello{}, fmt.Errorf("%w: no greeting", helper.ErrProtocol)
	}
	if hello.Protocol != helper.Protocol {
		return hello, fmt.Errorf("%w: the helper %q speaks %q, this sealwax speaks %q; install both from one release",
			helper.ErrProtocol, hello.Name, hello.Protocol, helper.Protocol)
	}
	_ = helper.WriteGrease(p.commands)
	return hello, nil
}

// watch is one wait for a child's end.
type watch struct {
	p     *process
	total int64 // bytes the child may use
	ended chan talked
	said  talked
	cause error // why we killed it, nil if we did not
}

// wait returns when the child is gone and everything it said has been read.
func (w *watch) wait(ctx context.Context, timeout time.Duration, signals <-chan os.Signal) {
	tick := time.NewTimer(watchdogTime)
	defer tick.Stop()
	var deadline <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		deadline = t.C
	}
	ended, done := w.ended, ctx.Done()
	for {
		select {
		case w.said = <-ended:
			// The end of this pipe tells the child to go.
			w.p.commands.Close()
			ended = nil
			time.AfterFunc(partingTime, w.p.kill)
			if errors.Is(w.said.err, helper.ErrProtocol) {
				w.p.kill() // it is not what we think it is
			}
		case <-w.p.exited:
			if ended != nil {
				w.said = <-ended
			}
			return
		case <-deadline:
			w.stop(ErrTimeout)
		case <-done:
			done = nil
			w.stop(context.Cause(ctx))
		case s := <-signals:
			w.interrupt(s)
		case <-tick.C:
			tick.Reset(w.look())
		}
	}
}

// look holds the child's memory to its limit and says when to look again: soon,
// when there is little left.
func (w *watch) look() time.Duration {
	n := w.p.memory()
	if n > w.total {
		w.stop(ErrMemory)
	}
	if n > w.total/2 {
		return watchdogTime / 5
	}
	return watchdogTime
}

// stop kills the child. The first cause stands.
func (w *watch) stop(cause error) {
	if w.cause == nil {
		w.cause = cause
	}
	w.p.kill()
}

// interrupt passes a signal on, and kills the child when that does not end it,
// or at once when it is the second one. A terminal sends Ctrl-C to every process
// in front of it, so a child that has it already gets a moment to act on it and
// does not get it twice.
func (w *watch) interrupt(s os.Signal) {
	if errors.Is(w.cause, ErrInterrupted) {
		w.p.kill()
		return
	}
	if w.cause == nil {
		w.cause = ErrInterrupted
	}
	time.AfterFunc(signalDelay, func() {
		if err := w.p.cmd.Process.Signal(s); err != nil {
			w.p.kill()
		}
	})
	time.AfterFunc(signalDelay+signalTime, w.p.kill)
}

// verdict says how the child ended. Its last message counts most; a child that
// left without one never counts as success.
func (w *watch) verdict() (Result, error) {
	res := Result{Engine: w.said.hello.Engine, EngineVersion: w.said.hello.EngineVersion}
	if w.said.unwanted != nil {
		return res, w.said.unwanted
	}
	switch m := w.said.last.(type) {
	case helper.Exited:
		res.ExitCode = int(min(m.Code, maxExitCode))
		return res, nil
	case helper.Failed:
		return res, &GuestError{Kind: m.Kind, Message: m.Message}
	}
	if w.cause != nil {
		return res, w.cause
	}
	return w.died(res)
}

// died explains a child that ended by itself and without a last message.
func (w *watch) died(res Result) (Result, error) {
	if code, ok := brokenPipe(w.p.cmd.ProcessState); ok {
		res.ExitCode = code
		return res, nil
	}
	if wasInterrupted(w.p.cmd.ProcessState) {
		return res, ErrInterrupted
	}
	text := lastWords(w.said.err)
	var crash *helper.CrashError
	if errors.As(w.said.err, &crash) && outOfMemory(crash.Text) || w.p.peak() > w.total/4*3 {
		return res, ErrMemory
	}
	return res, &GuestError{Kind: Internal, Message: fmt.Sprintf("the engine's process ended (%s) %s", w.p.cmd.ProcessState, text)}
}

// lastWords is the first line of what a child said that is no message.
func lastWords(err error) string {
	var crash *helper.CrashError
	switch {
	case errors.As(err, &crash):
		line, _, _ := strings.Cut(strings.TrimSpace(crash.Text), "\n")
		return "with: " + line
	case errors.Is(err, helper.ErrProtocol):
		return "after breaking the rules: " + err.Error()
	}
	return "without a word"
}

// outOfMemory recognises the last words of a Go runtime that got no memory.
func outOfMemory(text string) bool {
	if strings.Contains(text, "out of memory") || strings.Contains(text, "cannot allocate memory") {
		return true
	}
	// Its collector does not always look at what it got, and faults.
	fault := strings.HasPrefix(text, "SIGSEGV")
	return fault && (strings.Contains(text, "/runtime/mgc") || strings.Contains(text, "/runtime/malloc") || strings.Contains(text, "/runtime/mheap"))
}

// numbers writes descriptors as arguments.
func numbers(fds ...uintptr) []string {
	out := make([]string, len(fds))
	for i, fd := range fds {
		out[i] = strconv.FormatUint(uint64(fd), 10)
	}
	return out
}
