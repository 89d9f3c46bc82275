// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Command sealwax signs, verifies, inspects and runs WebAssembly modules and any
// other file, and answers one question: may this pass, and who says so?
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sealwax/sealwax/gate/run"
	"github.com/sealwax/sealwax/internal/guest"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == run.ChildArgument {
		os.Exit(guest.Main(os.Args[2:]))
	}
	a := &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		env: os.LookupEnv, now: time.Now,
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := a.main(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
