// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/gate/compile"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/term"
	"github.com/sealwax/sealwax/source"
)

type compileOptions struct {
	policyOptions
	engineOptions
	lucetOptions
	signatures    []string
	out, signKey  string
	allowUnsigned bool
	force         bool
	json, quiet   bool
	passwords     *passwords
}

// engineOptions are the compiler's.
type engineOptions struct {
	cpu, optLevel     string
	features, imports []string
	timeout           time.Duration
	maxMemory         string
}

func (o *engineOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.cpu, "target-cpu", "baseline", "make code for a `CPU`: baseline (runs everywhere, and can be made again), native, or a name that the engine knows")
	f.StringArrayVar(&o.features, "target-feature", nil, "what the CPU has or has not: `+F,-F`; repeats")
	f.StringVar(&o.optLevel, "opt-level", "speed", "`LEVEL`: none, speed or speed_and_size (also 0, 1, 2)")
	f.StringArrayVar(&o.imports, "allow-import", nil, "refuse a module that imports anything else: `MODULE.NAME`, * is any text; repeats")
	f.DurationVar(&o.timeout, "timeout", 0, "give up after `D` (90s, 5m)")
	f.StringVar(&o.maxMemory, "max-memory", "", "the most memory that the compiler may use: `SIZE` (default: by the module's size)")
}

func (a *app) compileCommand() *cobra.Command {
	o := &compileOptions{}
	c := &cobra.Command{
		Use:   "compile MODULE -o OUT.cwasm [-k KEY]... [--sign-key KEY]",
		Short: "compile a module ahead of time, if somebody you trust signed exactly these bytes",
		Long: `Compile verifies a module (.wasm, or the text of one, .wat) as verify does, has those very
bytes compiled by wasmtime in a child process, and signs what comes of it with --sign-key.
The signature is inside OUT; it states what was compiled and how, and carries the source's
own signatures along, so that run asks for both: who signed the source (-k), and who compiled
it (--native-key).

Without --sign-key OUT is not signed, and run refuses it. With --allow-unsigned a source that
nobody you know has signed is compiled as well; OUT says so, and never passes for code from a
signed source. A signature that is there and does not hold, a block and a policy stand.

By default the code is for every machine of this kind, so that anybody can compile the source
again and compare the bytes: sealwax verify OUT --rebuild MODULE.

Lucet's own spellings are read as well: --signature-verify --signature-pk FILE,
--signature-create --signature-sk FILE|raw:FILE, --signature-keygen.

Exit codes: 0 compiled, 1 refused, malformed or not compilable, 2 used wrongly, 3 could not
(the engine is missing or failed, no time or memory left), 4 needs a password.`,
		Example: `  sealwax compile app.wasm -o app.cwasm -k maker.pub --sign-key compiler.key
  sealwax compile app.wasm -o app.cwasm --sign-key compiler.key       # a key is pinned for app.wasm
  sealwax compile app.wasm -o app.cwasm -k maker.pub --sign-key compiler.key \
      --target-cpu native --allow-import 'wasi_snapshot_preview1.*' --timeout 5m
  sealwax compile test.wat -o test.cwasm --allow-unsigned --sign-key me.key`,
		Args: cobra.MaximumNArgs(1),
		RunE: a.careful(func(ctx context.Context, args []string) error {
			if o.keygen {
				return a.lucetKeygen(ctx, args, o)
			}
			return a.compile(ctx, args, o)
		}),
	}
	f := c.Flags()
	f.StringVarP(&o.out, "output", "o", "", "write the code to `OUT` (- is standard output)")
	o.policyOptions.flags(f)
	f.BoolVar(&o.allowUnsigned, "allow-unsigned", false, "compile a source that nobody you know has signed")
	f.StringArrayVarP(&o.signatures, "signature", "s", nil, "a detached signature: `SIG`, besides those found by name; repeats")
	f.StringVar(&o.signKey, "sign-key", "", "sign what was compiled with the secret `KEY`: a file, raw:FILE or ssh-agent:FINGERPRINT|COMMENT")
	o.passwords = a.passwordFlags(f)
	o.engineOptions.flags(f)
	f.BoolVar(&o.force, "force", false, "replace OUT if it is there")
	f.BoolVar(&o.json, "json", false, "print the report, and what was made, as one line of JSON (docs/schema/compilation-v1.json)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing when all went well")
	o.lucetOptions.flags(f)
	return c
}

// check holds the flags to each other, before anything is opened.
func (o *compileOptions) check(a *app, args []string) error {
	if err := o.lucetOptions.apply(o); err != nil {
		return err
	}
	switch {
	case len(args) == 0:
		return usagef("sealwax compile MODULE -o OUT.cwasm", "there is no module to compile")
	case o.out == "":
		return usagef("sealwax compile MODULE -o OUT.cwasm", "-o says where the code goes")
	case o.out == stdout && o.json:
		return usagef("", "-o - and --json both write to standard output: name a file")
	case o.out == stdout && term.IsTerminal(a.out):
		return usagef("redirect it, or name a file with -o", "no binary output to a terminal")
	case o.signKey == "" && o.passwords.given():
		return usagef("", "a password is given, and no --sign-key")
	}
	inputs := slices.DeleteFunc(append(slices.Concat(args, o.keys, o.signatures), o.signKey, o.policy, o.passwords.file),
		func(s string) bool { return s == "" })
	if err := apart(o.out, inputs...); err != nil {
		return err
	}
	return free(o.out, o.force)
}

// job is what the compiler is asked for.
func (o *engineOptions) job() (engine.CompileJob, error) {
	job := engine.CompileJob{CPU: o.cpu, OptLevel: o.optLevel, Imports: o.imports, Timeout: o.timeout}
	if level, ok := map[string]string{"0": "none", "1": "speed", "2": "speed_and_size"}[o.optLevel]; ok {
		job.OptLevel = level // Lucet's figures
	}
	switch job.OptLevel {
	case "", "none", "speed", "speed_and_size":
	default:
		return job, usagef("", "--opt-level %q: want none, speed or speed_and_size, or 0, 1 or 2", o.optLevel)
	}
	if o.timeout < 0 {
		return job, usagef("", "--timeout %s: it is negative", o.timeout)
	}
	for _, list := range o.features {
		for f := range strings.SplitSeq(list, ",") {
			if len(f) < 2 || f[0] != '+' && f[0] != '-' {
				return job, usagef("", "--target-feature %q: want +NAME or -NAME", f)
			}
			job.Features = append(job.Features, f)
		}
	}
	var err error
	if o.maxMemory != "" {
		if job.MaxMemory, err = engine.ParseMemory(o.maxMemory); err != nil {
			return job, usagef("", "--max-memory: %w", err)
		}
	}
	if err := job.Check(); err != nil {
		return job, usagef("", "what the compiler is asked for: %w", err)
	}
	return job, nil
}

// compilation is one call of compile.
type compilation struct {
	app     *app
	options *compileOptions
	job     engine.CompileJob
	decider *decider
	gate    compile.Gate
	report  *sealwax.Report // once there is one
	made    *compile.Made   // if it was made
}

func (a *app) compile(ctx context.Context, args []string, o *compileOptions) error {
	a.quiet = o.quiet
	c := &compilation{app: a, options: o}
	err := c.prepare(ctx, args)
	if err == nil {
		err = c.run(ctx, args[0])
	}
	return c.show(ctx, args, err)
}

// prepare checks all that can be wrong with the call itself.
func (c *compilation) prepare(ctx context.Context, args []string) (err error) {
	o := c.options
	if err := o.check(c.app, args); err != nil {
		return err
	}
	if c.job, err = o.engineOptions.job(); err != nil {
		return err
	}
	c.decider, err = c.app.decider(ctx, "compile", &o.policyOptions, nil)
	return err
}

// run verifies, and then compiles.
func (c *compilation) run(ctx context.Context, module string) error {
	in, err := c.app.stdinFor("the module", append([]string{module}, c.options.signatures...)...)
	if err != nil {
		return err
	}
	artifact, err := openSource(ctx, module, c.options.signatures, in)
	if err != nil {
		c.report = sealwax.NewUndecided(module, err)
		return errors.Join(err, c.decider.keep(c.report))
	}
	defer func() { _ = artifact.Close() }()
	if err := apartFromBeside(ctx, c.options.out, artifact); err != nil {
		return err
	}
	passed, err := c.judge(ctx, module, artifact)
	if err != nil {
		return err
	}
	if err := c.equip(ctx, passed); err != nil {
		return err
	}
	return c.make(ctx, passed)
}

// apartFromBeside keeps an output from replacing what lies beside an artifact: the
// signatures that speak for it.
func apartFromBeside(ctx context.Context, out string, artifact *sealwax.Artifact) error {
	beside, err := artifact.Companions(ctx)
	if err != nil {
		return err
	}
	for _, c := range beside {
		if err := apart(out, c.Name); err != nil {
			return err
		}
	}
	return nil
}

// openSource holds what may be compiled so that nobody can change it any more.
func openSource(ctx context.Context, module string, signatures []string, in io.Reader) (*sealwax.Artifact, error) {
	return source.Open(ctx, module, source.Options{
		Holding: source.Sealed, Signatures: signatures, Stdin: in, MaxSize: engine.MaxModule,
	})
}

// judge asks the one road about the source.
func (c *compilation) judge(ctx context.Context, module string, artifact *sealwax.Artifact) (*compile.Passed, error) {
	stop := c.app.follow("verifying", artifact)
	defer stop()
	var passed *compile.Passed
	var err error
	c.gate, c.report, err = c.app.compileGate(ctx, c.decider, module, artifact)
	if err != nil {
		return nil, err
	}
	// Nothing on a command line loosens what a policy says.
	c.gate.AllowUnsigned = c.options.allowUnsigned && !c.decider.ruled()
	passed, c.report, err = c.gate.Judge(ctx, artifact)
	return passed, err
}

// compileGate is the gate for a source, with what it has to meet. The report is
// there if there is an error.
func (a *app) compileGate(ctx context.Context, d *decider, module string, artifact *sealwax.Artifact) (compile.Gate, *sealwax.Report, error) {
	demands, report, err := d.ask(ctx, module, artifact)
	if err != nil {
		return compile.Gate{}, report, err
	}
	return compile.Gate{Demands: demands, Record: d.keep, Tool: trailer.Tool(), Now: a.now}, nil, nil
}

// ruled reports whether a policy file decides.
func (d *decider) ruled() bool { return d.chooser.System != nil || d.chooser.User != nil }

// equip finds the compiler and the signing key. What passed could still not be
// signed: that is told before a password is asked for.
func (c *compilation) equip(ctx context.Context, passed *compile.Passed) error {
	var err error
	if c.options.signKey != "" {
		if err := passed.Carries(); err != nil {
			return err
		}
	}
	if c.gate.Child.Executable, err = engine.Find(engine.Wasmtime, c.app.getenv); err != nil {
		return withCode(exitUndecided, err)
	}
	if c.options.signKey != "" {
		c.gate.Signer, err = c.app.signer(ctx, c.options.signKey, c.options.passwords)
	}
	return err
}

// make compiles, and writes the output whole or not at all.
func (c *compilation) make(ctx context.Context, passed *compile.Passed) error {
	stop := c.app.busy("compiling", passed.Source().Name)
	defer stop()
	return c.app.emit(c.options.out, c.options.force, func(w output) (err error) {
		c.made, err = passed.Make(ctx, c.job, w)
		stop()
		return err
	})
}

// compileError gives what kept a source from being compiled its exit code.
func compileError(err error) error {
	guest := (*engine.GuestError)(nil)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, engine.ErrInterrupted):
		return &exitError{code: exitInterrupted}
	case errors.Is(err, engine.ErrMemory):
		return &exitError{code: exitUndecided, err: err, hint: "--max-memory SIZE gives the compiler more"}
	case errors.Is(err, engine.ErrTimeout):
		return &exitError{code: exitUndecided, err: err, hint: "--timeout D gives the compiler more"}
	case errors.Is(err, compile.ErrNotModule), errors.Is(err, compile.ErrNotCarried):
		return withCode(exitNo, err)
	case errors.As(err, &guest):
		return withCode(compilerCode(guest.Kind), err)
	}
	return err
}

// compilerCode tells a bad option from a bad module, and both from the engine's
// own trouble.
func compilerCode(k engine.Kind) int {
	switch k { //nolint:exhaustive // all others are trouble
	case engine.BadOption:
		return exitUsage
	case engine.BadModule, engine.BadImport, engine.NotRunnable:
		return exitNo
	}
	return exitUndecided
}

// show gives the answer.
func (c *compilation) show(ctx context.Context, args []string, err error) error {
	err = compileError(err)
	if c.options.json && len(args) > 0 {
		c.sayJSON(args[0], err)
	}
	switch {
	case isDenied(err):
		if !c.options.json {
			c.app.showDeniedWith(c.report, c.deniedHints())
			c.hints(ctx)
		}
		return &exitError{code: exitNo}
	case err != nil || c.options.quiet || c.options.json:
		return err
	}
	c.showMade()
	return nil
}

// showMade says what was made, and what it is good for.
func (c *compilation) showMade() {
	if c.made.Statement.Verified || c.decider.ruled() { // else it is told below, in fewer words
		c.app.showFindings(c.report.Artifact.Name+": ", whose(c.report.All()))
	}
	words := c.app.say
	if c.options.out == stdout {
		words = c.app.note
	}
	s, out := c.made.Statement, sealwax.Printable(c.options.out)
	words("%s: compiled %s with %s %s for %s", out, s.Source.Name, s.Engine, s.EngineVersion, s.Target)
	switch {
	case !c.made.Signed:
		c.app.note("%s is not signed, and sealwax run refuses it: --sign-key KEY signs it", out)
	case len(c.made.Carried) == 0:
		words("%s: signed by %s", out, c.gate.Signer.Public())
		why := "nobody you know has signed the source"
		if c.decider.ruled() {
			why = "the policy only warned"
		}
		c.app.note("%s: %s, so no signature on it is carried along: it passes nowhere that asks for one, as run does", out, why)
	default:
		words("%s: signed by %s, with %s", out, c.gate.Signer.Public(), plural(len(c.made.Carried), "signature file")+" of the source in it")
	}
}

// busy shows that something takes its time, until the function it returns is
// called.
func (a *app) busy(doing, name string) (stop func()) {
	from := a.now()
	line := term.StartProgress(a.err, a.getenv, func() string {
		return fmt.Sprintf("%s %s: %d s", doing, sealwax.Printable(name), int(a.now().Sub(from).Seconds()))
	})
	return line.Stop
}
