// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/process"
)

// running is a program that has been started.
type running struct {
	cmd    *exec.Cmd
	exited <-chan struct{}
	cause  error // why we ended it, nil if we did not
}

// launch starts the command.
func launch(cmd *exec.Cmd) (*running, error) {
	exited, err := process.Start(cmd)
	return &running{cmd: cmd, exited: exited}, err
}

// wait returns when the program has ended. Until then signals go to it.
func (r *running) wait(ctx context.Context, timeout time.Duration, signals <-chan os.Signal) {
	var deadline <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		deadline = t.C
	}
	done := ctx.Done()
	for {
		select {
		case <-r.exited:
			return
		case <-deadline:
			r.kill(engine.ErrTimeout)
		case <-done:
			done = nil
			r.kill(context.Cause(ctx))
		case s := <-signals:
			if !hasItAlready(s) {
				_ = r.cmd.Process.Signal(s) // one that has just ended needs none
			}
		}
	}
}

// kill ends the program. The first cause stands.
func (r *running) kill(cause error) {
	if r.cause == nil {
		r.cause = cause
	}
	_ = r.cmd.Process.Kill()
}

// passOn has the signals that this process gets sent to the channel, save those
// that whoever started it wanted to be ignored.
func passOn() (signals chan os.Signal, stop func()) {
	signals = make(chan os.Signal, 16)
	for _, s := range passedOn() {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	return signals, func() { signal.Stop(signals) }
}
