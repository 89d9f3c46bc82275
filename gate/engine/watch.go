// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// watch is one wait for a child's end.
type watch struct {
	p     *running
	total int64             // bytes the child may use
	out   *sealedmem.Output // what it writes to, nil for nothing
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
				w.said = w.lastWord(ended)
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

// lastWord is what the child said before it ended. Somebody that it left behind may
// still hold the pipe: what has not come by then never will.
func (w *watch) lastWord(ended <-chan talked) talked {
	late := time.AfterFunc(lastWordTime, func() { _ = w.p.events.Close() })
	defer late.Stop()
	return <-ended
}

// look holds the child's memory to its limit and says when to look again: soon,
// when there is little left.
func (w *watch) look() time.Duration {
	n := w.p.memory()
	if n > w.total {
		w.stop(ErrMemory)
	}
	if w.written() > MaxCompiled {
		w.stop(ErrTooLarge)
	}
	if n > w.total/2 {
		return watchdogTime / 5
	}
	return watchdogTime
}

// written is how much the child has written to its output.
func (w *watch) written() int64 {
	if w.out == nil {
		return 0
	}
	n, err := w.out.Size()
	if err != nil {
		return 0 // sealing will say so
	}
	return n
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

// verdict says how a child that ran a guest ended.
func (w *watch) verdict() (Result, error) {
	res := Result{Engine: w.said.hello.Engine, EngineVersion: w.said.hello.EngineVersion, Kept: w.said.kept}
	last, err := w.outcome()
	if err != nil {
		return res, err
	}
	if m, ok := last.(helper.Exited); ok {
		res.ExitCode = int(min(m.Code, maxExitCode))
	}
	return res, nil
}

// outcome is the child's last message, which counts most; a child that left
// without one never counts as success. A failure is an error.
func (w *watch) outcome() (helper.Message, error) {
	if w.said.unwanted != nil {
		return nil, w.said.unwanted
	}
	switch m := w.said.last.(type) {
	case helper.Failed:
		return nil, &GuestError{Kind: m.Kind, Message: m.Message}
	case nil:
	default:
		return m, nil
	}
	if w.cause != nil {
		return nil, w.cause
	}
	return w.died()
}

// died explains a child that ended by itself and without a last message.
func (w *watch) died() (helper.Message, error) {
	if code, ok := brokenPipe(w.p.cmd.ProcessState); ok {
		return helper.Exited{Code: code}, nil
	}
	if wasInterrupted(w.p.cmd.ProcessState) {
		return nil, ErrInterrupted
	}
	text := lastWords(w.said.err)
	var crash *helper.CrashError
	if errors.As(w.said.err, &crash) && outOfMemory(crash.Text) || w.p.peak() > w.total/4*3 {
		return nil, ErrMemory
	}
	return nil, &GuestError{Kind: Internal, Message: fmt.Sprintf("the engine's process ended (%s) %s", w.p.cmd.ProcessState, text)}
}
