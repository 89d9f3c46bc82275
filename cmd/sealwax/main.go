// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Command sealwax signs, verifies, inspects and runs WebAssembly modules and any
// other file, and answers one question: may this pass, and who says so?
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/gate/run"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == engine.ChildArgument {
		os.Exit(engine.ChildMain(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == run.ExecArgument {
		becomeProgram()
	}
	os.Exit(newApp().main(context.Background(), os.Args[1:]))
}

// becomeProgram makes this process a verified program. The parent, which has been
// told why not, says so; only where there is none, somebody has to.
func becomeProgram() {
	if err := run.ExecMain(os.Args[2:]); errors.Is(err, run.ErrAlone) {
		fmt.Fprintln(os.Stderr, "sealwax:", err)
	}
	os.Exit(exitRunFailed)
}

// newApp is the command in its real surroundings.
func newApp() *app {
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		env: os.LookupEnv, now: time.Now, system: systemFolder(), interruptible: interruptible,
	}
}

// interruptible gives a context that ends at Ctrl-C and whatever else ends a
// command from outside, a reader that goes away included, for commands that have
// something to put back: a half-written output, a terminal that does not show
// what is typed. Without it the signal ends the process at once.
func interruptible(ctx context.Context) (context.Context, func()) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
}
