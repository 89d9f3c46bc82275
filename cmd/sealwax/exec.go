// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/gate/run"
	"github.com/sealwax/sealwax/source"
)

type execOptions struct {
	policyOptions
	timeout, maxCPU timeValue
	maxMemory       string
	maxFiles        int
}

func (a *app) execCommand() *cobra.Command {
	o := &execOptions{}
	c := &cobra.Command{
		Use:   "exec --native-key KEY [flags] PROGRAM [ARGS]...",
		Short: "run a native program, if somebody you trust signed exactly these bytes",
		Long: `Exec verifies the signature at the end of a native program (sealwax sign --embed) and runs
those very bytes: they are copied to memory that nobody can change any more, and then hashed.
Only a signature in the file itself counts, by a key given with --native-key, pinned with
--role native, or named by a policy for native code. Scripts, WebAssembly and what was
compiled of it are refused.

It is no sandbox: the program may do what you may. The interpreter and the libraries that it
links are not covered; a statically linked program has none. It gets your environment without
the variables that make the system's linker and C library load or do something else: LD_*,
DYLD_*, MALLOC_*, GLIBC_TUNABLES, GCONV_PATH and the like. It gets the three standard streams
and nothing else that is open, and the signals that sealwax gets.

What follows PROGRAM is the program's own. The limits hold for the program's own process.

Exit codes: the program's own, or 128 and the number of the signal that ended it; 124 time
limit, 125 not started or failed, 126 refused, 127 not found.`,
		Example: `  sealwax exec --native-key release.pub ./tool build
  sealwax exec ./tool build   # with a pin: sealwax trust add release.pub --role native --for tool
  sealwax exec --native-key release.pub --timeout 30s --max-memory 256MiB -- ./tool -k x`,
		Args:                  cobra.MinimumNArgs(1),
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			return a.exec(c.Context(), args[0], args[1:], o)
		},
	}
	f := c.Flags()
	f.SetInterspersed(false) // what follows the program is its own
	o.policyOptions.flags(f)
	o.nativeFlags(f)
	for _, name := range []string{"key", "kind", "allow-legacy"} {
		_ = f.MarkHidden(name) // the first says that it is the wrong one, the others change nothing here
	}
	f.Var(&o.timeout, "timeout", "end it after `D`: 10s, 5m, or plain milliseconds")
	f.StringVar(&o.maxMemory, "max-memory", "", "the most memory it may write to: `SIZE`")
	f.Var(&o.maxCPU, "max-cpu", "the most processor time it may use: `D`, to the second")
	f.IntVar(&o.maxFiles, "max-files", 0, "the most files it may have open: `N`")
	return c
}

func (a *app) exec(ctx context.Context, path string, args []string, o *execOptions) error {
	own := (*exitError)(nil)
	if err := runnable(path); errors.As(err, &own) && own.code == exitNotFound {
		return &exitError{code: exitNotFound, err: fmt.Errorf("%s is no path, and exec looks for no program elsewhere", path), hint: own.hint}
	} else if err != nil {
		return err
	}
	program, err := o.program(path, args)
	if err != nil {
		return notRun(err)
	}
	if path == source.Stdin {
		return withCode(exitRunFailed, errors.New("a program is run from a file: standard input is the program's own"))
	}
	d, err := a.decider(ctx, gateExec, &o.policyOptions, nil)
	if err != nil {
		return notRun(err)
	}
	artifact, err := source.Open(ctx, path, source.Options{Holding: source.SealedExecutable, MaxSize: run.MaxProgram})
	if err != nil {
		return notOpened(errors.Join(err, d.keep(sealwax.NewUndecided(path, err))))
	}
	defer func() { _ = artifact.Close() }()
	demands, report, err := d.ask(ctx, path, artifact)
	if err != nil {
		return a.execFailed(report, err, o)
	}
	gate := run.ExecGate{Demands: demands, Record: d.keep, Stdin: a.in, Stdout: a.out, Stderr: a.err}
	// From here on signals are the program's: the gate passes them on and waits.
	report, ended, err := gate.Exec(context.WithoutCancel(ctx), artifact, program)
	if err == nil {
		return guestExit(ended.ExitCode)
	}
	defer func() {
		if isDenied(err) {
			a.showBeside(ctx, artifact)
		}
	}()
	return a.execFailed(report, err, o)
}

// notRun is the answer of run and exec to what keeps them from starting anything,
// with the next step that it brings.
func notRun(err error) error {
	own := (*exitError)(nil)
	if errors.As(err, &own) {
		return &exitError{code: exitRunFailed, err: err, hint: own.hint}
	}
	return withCode(exitRunFailed, err)
}

// notOpened maps what kept a file from being opened.
func notOpened(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &exitError{code: exitNotFound, err: err, hint: "name a file that is there"}
	}
	return notRun(err)
}

func (o *execOptions) program(path string, args []string) (run.Program, error) {
	p := run.Program{
		Name: path, Args: args, Env: os.Environ(),
		Timeout: time.Duration(o.timeout), MaxCPU: time.Duration(o.maxCPU), MaxFiles: o.maxFiles,
	}
	if o.maxMemory != "" {
		var err error
		if p.MaxMemory, err = engine.ParseMemory(o.maxMemory); err != nil {
			return p, fmt.Errorf("--max-memory: %w", err)
		}
	}
	return p, p.Check()
}

// execFailed maps what kept the program from ending by itself.
func (a *app) execFailed(report *sealwax.Report, err error, o *execOptions) error {
	switch {
	case isDenied(err):
		a.showDenied(report)
		return &exitError{code: exitRefused}
	case errors.Is(err, engine.ErrTimeout):
		return &exitError{code: exitTimeout, err: fmt.Errorf("%w: it was ended after %s", err, &o.timeout)}
	case errors.Is(err, run.ErrCPU):
		return &exitError{code: exitTimeout, err: err, hint: "--max-cpu D gives it more"}
	}
	return notRun(err)
}
