// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/sealwax/sealwax/gate/engine/cache"
	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/process"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// ChildArgument is the hidden first argument of the child that runs a guest.
// The program that calls [Child.Run] must look for it before anything else, and
// then do nothing but run the guest with the arguments that follow.
const ChildArgument = helper.ChildArgument

const (
	helloTime    = 30 * time.Second      // for the child to say who it is
	partingTime  = 5 * time.Second       // for the child to end after its last message
	lastWordTime = time.Second           // for what it has said to arrive, once it has ended
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
	// Cache, if set, keeps the compiled form of modules, and knows it when the same
	// module is run again. It is looked into when Run is called: call it for what
	// may be run.
	Cache *cache.Store
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
// environment and no descriptors but the guest's streams, the module, two control
// pipes and, if they are asked for, the files for compiled forms, and waits for its
// end. While it waits, SIGINT and SIGTERM of this process are passed on to the child.
//
// The error is nil if and only if the guest ended by itself, with whatever code;
// else it is or wraps [ErrTimeout], [ErrMemory], [ErrTooLarge], [ErrInterrupted], the
// context's error, or a [*GuestError]. No child outlives the call, nor, as far as the
// system can arrange it, this process.
func (c Child) Run(ctx context.Context, job Job, module *sealedmem.File) (Result, error) {
	if c.Cache != nil && job.Form == FormModule && job.Known == nil && job.Keep == nil {
		return c.runCached(ctx, job, module)
	}
	return c.run(ctx, job, module, nil)
}

// run is Run without a cache. kept, if set, is told of what the engine wrote to
// job.Keep, when it is complete and before the guest starts.
func (c Child) run(ctx context.Context, job Job, module *sealedmem.File, kept func(size int64)) (Result, error) {
	msg, err := job.message(module.Size())
	if err != nil {
		return Result{}, fmt.Errorf("preparing the guest: %w", err)
	}
	w, err := c.do(ctx, task{
		command: msg, turns: jobTurns{job.Keep != nil, kept}, files: files{module, job.Keep, job.Known},
		total: msg.Limits.Total, timeout: job.Timeout,
	})
	if err != nil {
		return Result{}, err
	}
	return w.verdict()
}

// task is one command for a child.
type task struct {
	command helper.Message
	turns   turns
	files   files
	total   int64 // bytes of the child as a whole
	timeout time.Duration
}

// files are what a child is given; known may only be there if out is.
type files struct {
	module *sealedmem.File
	out    *sealedmem.Output
	known  *sealedmem.File
}

// do starts a child, gives it its command, and waits for its end. The error is
// about what kept it from starting.
func (c Child) do(ctx context.Context, t task) (*watch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, forwarded...)
	defer signal.Stop(signals)

	defer keepModes(c.Stdin, c.Stdout, c.Stderr)()
	p, err := c.start(t.files)
	if err != nil {
		return nil, fmt.Errorf("starting the engine's process: %w", err)
	}
	defer p.close()
	if err := p.confine(t.total); err != nil {
		p.kill()
		<-p.exited
		return nil, fmt.Errorf("limiting the engine's process: %w", err)
	}
	talk := make(chan talked, 1)
	go func() { talk <- p.converse(t, c.Admit) }()
	w := &watch{p: p, total: t.total, out: t.files.out, ended: talk}
	w.wait(ctx, t.timeout, signals)
	return w, nil
}

// running is a child that has been started.
type running struct {
	cmd      *exec.Cmd
	commands *os.File // we write
	events   *os.File // we read
	exited   <-chan struct{}
	release  func() // lets go what holds the child's limits
}

// start starts the child with its pipes.
func (c Child) start(f files) (*running, error) {
	handed, err := f.handed()
	if err != nil {
		return nil, err
	}
	exe, err := process.Self(c.Executable)
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

	p := &running{commands: commands, events: events, release: func() {}}
	p.cmd = exec.Command(exe, ChildArgument)
	// An empty environment: the guest's comes with the job, and nothing of ours
	// can reach the engine. GOTRACEBACK keeps a dying child short.
	p.cmd.Env = []string{"GOTRACEBACK=none"}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = process.Stream(c.Stdin), process.Stream(c.Stdout), process.Stream(c.Stderr)
	done, err := inherit(p.cmd, append([]*os.File{theirCommands, theirEvents}, handed...)...)
	if err == nil {
		p.exited, err = process.Start(p.cmd)
		done()
	}
	if err != nil {
		commands.Close()
		events.Close()
		return nil, err
	}
	return p, nil
}

func (p *running) kill() { _ = p.cmd.Process.Kill() }

func (p *running) close() {
	p.commands.Close()
	p.events.Close()
	p.release()
}

// talked is what came of the conversation with a child.
type talked struct {
	hello helper.Hello
	kept  int64
	last  helper.Message // nil if there was none
	err   error
	// unwanted is why the engine was not admitted.
	unwanted error
}

// converse shakes hands, sends the command and reads events until the last.
// Nothing is sent to an engine that is not admitted.
func (p *running) converse(t task, admit func(Identity) error) (said talked) {
	r := helper.NewReader(p.events, helper.MaxEvent)
	if said.hello, said.err = p.greet(r); said.err != nil {
		return said
	}
	if admit != nil {
		if said.unwanted = admit(identity(said.hello)); said.unwanted != nil {
			p.kill()
			return said
		}
	}
	if t.command == nil {
		return said
	}
	// A child that no longer reads has its reasons, and says them.
	_ = helper.Write(p.commands, t.command)
	said.last, said.kept, said.err = t.turns.listen(r)
	return said
}

// identity is who a helper says it is.
func identity(h helper.Hello) Identity {
	return Identity{
		Name: h.Name, Version: h.Version, Engine: h.Engine, EngineVersion: h.EngineVersion,
		Binding: h.Binding, Library: h.Library,
	}
}

// greet reads the child's first message.
func (p *running) greet(r *helper.Reader) (helper.Hello, error) {
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
