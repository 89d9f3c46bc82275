// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/gate/run"
	"github.com/sealwax/sealwax/source"
)

type runOptions struct {
	policyOptions
	signatures, dirs, env                    []string
	timeout                                  timeValue
	maxMemory, stackSize, entrypoint, engine string
	noCache                                  bool

	// Lucet's own: verifying is no choice here, and whose key it is depends on what
	// is run.
	signatureVerify bool
	signatureKeys   []string
}

func (a *app) runCommand() *cobra.Command {
	o := &runOptions{}
	c := &cobra.Command{
		Use:   "run MODULE [-k KEY]... [--native-key KEY]... [flags] [--] [ARGS]...",
		Short: "run a module, if somebody you trust signed exactly these bytes",
		Long: `Run verifies a WASI module as verify does, and runs those very bytes in a child process.
The module gets its arguments, a clock, randomness and the standard streams; no environment
and no folders unless you give them, and no network.

What sealwax compile made of a module, a .cwasm, runs if two people vouch for it: who signed
the module (-k), and who compiled it (--native-key), each in a role of their own; and if
sealwax-wasmtime is exactly the engine that compiled it. Only signatures in the file count.

A folder is given with --dir HOST[::GUEST][:ro]. --dir . is the module's / and working folder;
another HOST appears under its own base name. :ro at the end makes it read-only.

Flags end at the first argument that is none, or at --: what follows is the module's own.

Lucet's spellings are taken as well: --max-heap-size is --max-memory, a --timeout without a
unit is milliseconds, and --signature-pk FILE is -k FILE for a module and --native-key FILE
for a .cwasm. --signature-verify changes nothing: nothing runs unverified.

Exit codes: the module's own; 124 time limit, 125 not started or failed, 126 refused,
127 not found, 134 the module trapped.`,
		Example: `  sealwax run app.wasm -k maker.pub -- --help
  sealwax run app.wasm --dir . --dir /etc::/etc:ro --env LANG=C
  sealwax run untidy.wasm -k maker.pub --timeout 10s --max-memory 64MiB
  sealwax run app.cwasm -k maker.pub --native-key compiler.pub`,
		Args:                  cobra.MinimumNArgs(1),
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			guestArgs, help, err := o.rest(c, args)
			switch {
			case err != nil:
				return usageError(c, err)
			case help:
				return c.Help()
			}
			return a.run(c.Context(), args[0], guestArgs, o)
		},
	}
	o.flags(c.Flags())
	return c
}

func (o *runOptions) flags(f *pflag.FlagSet) {
	f.SetInterspersed(false) // see runOptions.rest
	o.policyOptions.flags(f)
	o.nativeFlags(f)
	f.StringArrayVarP(&o.signatures, "signature", "s", nil, "a detached signature: `SIG`, besides those found by name; repeats")
	f.StringArrayVar(&o.dirs, "dir", nil, "give it a folder: `HOST[::GUEST][:ro]`; repeats")
	f.StringArrayVar(&o.env, "env", nil, "set a variable: `K=V`; repeats")
	f.Var(&o.timeout, "timeout", "end it after `D`: 10s, 5m, or plain milliseconds; compilation included")
	f.StringVar(&o.maxMemory, "max-memory", "1GiB", "the most linear memory it may use: `SIZE`")
	f.StringVar(&o.stackSize, "stack-size", "", "the most stack it may use: `SIZE`, with wasmtime only")
	f.StringVar(&o.entrypoint, "entrypoint", engine.DefaultEntrypoint, "call the exported function `F`")
	f.StringVar(&o.engine, "engine", "", "run a module with `ENGINE`: wazero, which is built in and the default, or wasmtime")
	f.BoolVar(&o.noCache, "no-cache", false, "compile it anew, and keep nothing of that (sealwax help caching)")
	f.BoolVar(&o.signatureVerify, "signature-verify", false, "as Lucet has it: always so here")
	f.StringArrayVar(&o.signatureKeys, "signature-pk", nil, "as Lucet has it: `FILE` as -k, or for a .cwasm as --native-key")
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "max-heap-size" { // Lucet's word, which is why it cannot be given beside ours
			name = "max-memory"
		}
		return pflag.NormalizedName(name)
	})
}

// rest divides what follows the module: flags are still ours, up to "--" or the
// first argument that is none; the rest is the module's own.
func (o *runOptions) rest(c *cobra.Command, args []string) (guest []string, help bool, err error) {
	f := c.Flags()
	if f.ArgsLenAtDash() >= 0 { // "--" stood before the module already
		return args[1:], false, nil
	}
	if err := f.Parse(args[1:]); err != nil {
		return nil, errors.Is(err, pflag.ErrHelp), err
	}
	help, _ = f.GetBool("help")
	return f.Args(), help, nil
}

func (a *app) run(ctx context.Context, module string, args []string, o *runOptions) error {
	if err := runnable(module); err != nil {
		return err
	}
	job, err := o.job(module, args)
	if err != nil {
		return notRun(err)
	}
	in, err := a.stdinFor("the module", append([]string{module}, o.signatures...)...)
	if err != nil {
		return notRun(err)
	}
	artifact, unopened := source.Open(ctx, module, source.Options{
		Holding: source.Sealed, Signatures: o.signatures, Stdin: in, MaxSize: engine.MaxModule,
	})
	if unopened == nil {
		defer func() { _ = artifact.Close() }()
		o.placeKeys(artifact.Kind())
	}
	d, err := a.decider(ctx, "run", &o.policyOptions, nil)
	if err != nil {
		return notRun(err)
	}
	if unopened != nil {
		return notOpened(errors.Join(unopened, d.keep(sealwax.NewUndecided(module, unopened))))
	}
	child, err := a.child(artifact.Kind(), o)
	if err != nil {
		return notRun(err)
	}
	demands, report, err := d.ask(ctx, module, artifact)
	if err != nil {
		return a.runFailed(report, err, o)
	}
	gate := run.Gate{Demands: demands, Record: d.keep, Child: child, Helper: a.helper}
	// From here on Ctrl-C is the guest's: the gate passes it on and waits.
	report, result, err := gate.Run(context.WithoutCancel(ctx), artifact, job)
	if err == nil {
		return guestExit(result.ExitCode)
	}
	defer func() {
		if isDenied(err) {
			a.showBeside(ctx, artifact)
		}
	}()
	return a.runFailed(report, err, o)
}

// placeKeys gives the keys of --signature-pk the role that Lucet's tools give them:
// what they run is signed by who compiled it.
func (o *runOptions) placeKeys(kind sealwax.Kind) {
	if kind == sealwax.KindCompiled {
		o.nativeKeys = append(o.nativeKeys, o.signatureKeys...)
		return
	}
	o.keys = append(o.keys, o.signatureKeys...)
}

// child is the engine that was asked for. What was compiled chooses its own.
func (a *app) child(kind sealwax.Kind, o *runOptions) (engine.Child, error) {
	c := engine.Child{Stdin: a.in, Stdout: a.out, Stderr: a.err}
	compiled := kind == sealwax.KindCompiled
	switch {
	case compiled && len(o.signatures) > 0:
		return c, usagef("sealwax attach FILE SIG -o OUT   puts one inside", "-s: what was compiled runs by the signatures inside the file alone")
	case o.engine != "" && o.engine != engineBuiltIn && o.engine != engine.Wasmtime:
		return c, usagef("", "--engine %q: want %s or %s", o.engine, engineBuiltIn, engine.Wasmtime)
	case compiled && o.engine == engineBuiltIn:
		return c, usagef("", "--engine %s: what was compiled runs on the engine that compiled it", o.engine)
	case o.stackSize != "" && !compiled && o.engine != engine.Wasmtime:
		return c, usagef("--engine wasmtime has one that can be set", "--stack-size: the built-in engine's stack cannot be set")
	}
	var err error
	if o.engine == engine.Wasmtime && !compiled {
		if c.Executable, err = a.helper(engine.Wasmtime); err != nil {
			return c, err
		}
	}
	c.Cache, err = a.cacheFor(o)
	return c, err
}

// engineBuiltIn is the engine in sealwax itself.
const engineBuiltIn = "wazero"

// helper finds a helper's program.
func (a *app) helper(name string) (string, error) { return engine.Find(name, a.getenv) }

// runnable reads an argument that names something to run: a source with a scheme
// or a package first, then what looks like a path, and last an installed command,
// which is never a file of the working folder.
func runnable(arg string) error {
	if arg == source.Stdin {
		return nil
	}
	scheme, _, named := strings.Cut(arg, ":")
	if named && len(scheme) > 1 && !strings.ContainsAny(scheme, `/\.`) { // one letter is a Windows drive
		return &exitError{
			code: exitRunFailed, err: fmt.Errorf("%s names a source that cannot be run from yet: only files can", arg),
			hint: "download it and run the file; a file of that name is " + shellWord("./"+arg),
		}
	}
	if strings.ContainsAny(arg, `/\.`) {
		return nil
	}
	return &exitError{
		code: exitNotFound, err: fmt.Errorf("no command %s is installed", arg),
		hint: "a file of the working folder is " + shellWord("./"+arg),
	}
}

func (o *runOptions) job(module string, args []string) (engine.Job, error) {
	job := engine.Job{Name: filepath.Base(module), Args: args, Timeout: time.Duration(o.timeout), Entrypoint: o.entrypoint}
	var err error
	if job.Env, err = engine.ParseEnv(o.env); err != nil {
		return job, err
	}
	if job.MaxMemory, err = engine.ParseMemory(o.maxMemory); err != nil {
		return job, fmt.Errorf("--max-memory: %w", err)
	}
	if o.stackSize != "" {
		if job.MaxStack, err = engine.ParseMemory(o.stackSize); err != nil {
			return job, fmt.Errorf("--stack-size: %w", err)
		}
	}
	for _, d := range o.dirs {
		m, err := engine.ParseDir(d)
		if err != nil {
			return job, fmt.Errorf("--dir: %w", err)
		}
		job.Mounts = append(job.Mounts, m)
	}
	return job, job.Check()
}

func guestExit(code int) error {
	if code == exitYes {
		return nil
	}
	return &exitError{code: code} // the guest has said what it had to say
}

// runFailed maps what kept the guest from ending by itself.
func (a *app) runFailed(report *sealwax.Report, err error, o *runOptions) error {
	guest := (*engine.GuestError)(nil)
	switch {
	case isDenied(err):
		a.showDenied(report)
		return &exitError{code: exitRefused}
	case errors.Is(err, engine.ErrTimeout):
		return &exitError{code: exitTimeout, err: fmt.Errorf("%w: it was ended after %s", err, &o.timeout)}
	case errors.Is(err, engine.ErrInterrupted):
		return &exitError{code: exitInterrupted}
	case errors.Is(err, engine.ErrMemory):
		return &exitError{code: exitRunFailed, err: err, hint: "--max-memory SIZE gives it more"}
	case errors.As(err, &guest):
		return &exitError{code: guestCode(guest.Kind), err: err, hint: guestHint(guest.Kind)}
	}
	return notRun(err)
}

// guestCode is a trap's own code, which is the guest's death, or "not started".
func guestCode(k engine.Kind) int {
	if k == engine.Trap {
		return engine.TrapCode
	}
	return exitRunFailed
}

func guestHint(k engine.Kind) string {
	switch k { //nolint:exhaustive // the others say it themselves
	case engine.NoEntrypoint:
		return "--entrypoint F calls another exported function; sealwax inspect shows what is in it"
	case engine.MemoryLimit:
		return "--max-memory SIZE gives it more"
	case engine.MountFailed:
		return "--dir HOST::GUEST names a folder that is there"
	}
	return ""
}
