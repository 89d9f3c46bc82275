// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/source"
)

type verifyOptions struct {
	policyOptions
	firstUseOptions
	signatures []string
	rebuild    string
	out        string
	recursive  bool
	force      bool
	json       bool
	explain    bool
	quiet      bool
}

func (a *app) verifyCommand() *cobra.Command {
	o := &verifyOptions{}
	c := &cobra.Command{
		Use:   "verify FILE...",
		Short: "say whether files may pass, and who says so",
		Long: `Verify looks for signatures inside each FILE and beside it (FILE.minisig, FILE.*.minisig,
FILE.sig, FILE.wasmsig, FILE.*.wasmsig), and says whether enough people whom you trust
signed exactly these bytes. Whom you trust: the keys given with -k, else the keys that
are pinned for the file's name (sealwax trust), or what a policy file says (-p FILE;
sealwax help policies).

Compiled code needs two: who compiled it, with --native-key or a pin in the role native, and
who signed the module that it was made from, whose signature it carries along. --threshold
and --require speak of the module. A program needs --native-key alone.

With --rebuild the module is verified too and compiled again, and other bytes are refused,
whoever signed them. Equal bytes stand in for the compiler's key only where a policy says
native = "rebuilt".

Exit codes: 0 yes, 1 no, 2 used wrongly, 3 could not decide, 4 needs a person.`,
		Example: `  sealwax verify release.tar.gz -k RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3
  sealwax verify app.wasm                          # a key is pinned for it
  sealwax verify app.wasm -k alice.pub -k bob.pub --threshold 2
  sealwax verify download.tgz -k maker.pub --require file,version=1.2.3
  sealwax verify app.wasm -p two-of-three.toml --explain
  sealwax verify app.wasm --publisher acme --offered acme.publisher   # the first time: asks
  curl … | sealwax verify - -k maker.pub -s app.minisig -o app
  sealwax verify app.cwasm -k maker.pub --native-key compiler.pub --rebuild app.wasm
  sealwax verify -r dist/ -k maker.pub --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.verify(c.Context(), args, o) },
	}
	f := c.Flags()
	o.policyOptions.flags(f)
	o.nativeFlags(f)
	o.firstUseOptions.flags(f)
	f.StringVar(&o.coverage, "coverage", "whole", "what a signature must cover: whole or prefix (`WHAT`)")
	f.StringVar(&o.allowUncovered, "allow-uncovered", "", "with --coverage prefix: custom sections that may stay uncovered, a `REGEX` for the whole name")
	f.StringArrayVarP(&o.signatures, "signature", "s", nil, "a detached signature: `SIG`, besides those found by name; repeats")
	f.StringVar(&o.rebuild, "rebuild", "", "compile the source `MODULE` again, if it may pass by itself, and refuse compiled code that differs")
	f.StringVarP(&o.out, "output", "o", "", "write the verified bytes, and nothing else ever, to `OUT` (- is standard output)")
	f.BoolVar(&o.force, "force", false, "replace OUT if it is there")
	f.BoolVarP(&o.recursive, "recursive", "r", false, "verify every file in the folders given")
	f.BoolVar(&o.json, "json", false, "print one report per line as JSON (docs/schema/report-v1.json)")
	f.BoolVar(&o.explain, "explain", false, "print the decision as a tree")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing when the answer is yes")
	return c
}

func (a *app) verify(ctx context.Context, args []string, o *verifyOptions) error {
	v, err := a.verification(ctx, args, o)
	if err == nil && o.recursive {
		err = v.trees(ctx, args)
	} else if err == nil {
		err = summary(v.files(ctx, args))
	}
	said := (*exitError)(nil)
	if o.json && err != nil && (!errors.As(err, &said) || said.err != nil) {
		// Before any artifact was looked at: each of them is undecided.
		for _, path := range args {
			a.sayJSON(sealwax.NewUndecided(path, err), o.out)
		}
	}
	return err
}

// verification checks all that can be wrong with the call itself.
func (a *app) verification(ctx context.Context, args []string, o *verifyOptions) (*verification, error) {
	a.quiet = o.quiet
	if err := o.check(args); err != nil {
		return nil, err
	}
	use, err := a.firstUse(ctx, o)
	if err != nil {
		return nil, err
	}
	d, err := a.decider(ctx, "verify", &o.policyOptions, use.alone())
	if err != nil {
		return nil, err
	}
	in, err := a.stdinFor("an artifact or a signature", append(slices.Clone(args), o.signatures...)...)
	if err != nil {
		return nil, err
	}
	if o.out != "" {
		if err := apart(o.out, append(slices.Clone(o.keys), o.signatures...)...); err != nil {
			return nil, err
		}
		if err := free(o.out, o.force); err != nil {
			return nil, err
		}
	}
	return &verification{app: a, options: o, decider: d, use: use, in: in, around: func(show func()) { show() }}, nil
}

func (o *verifyOptions) check(args []string) error {
	switch {
	case o.json && o.explain:
		return usagef("", "--json and --explain are two forms of one answer: choose one")
	case o.out != "" && (len(args) > 1 || o.recursive):
		return usagef("", "-o writes one artifact: verify the others without it")
	case o.publisher != "" && (len(args) > 1 || o.recursive):
		return usagef("", "--publisher speaks of one artifact: verify the others without it")
	case len(o.signatures) > 0 && (len(args) > 1 || o.recursive):
		return usagef("", "-s speaks of one artifact: verify the others without it")
	case o.rebuild != "" && (len(args) > 1 || o.recursive):
		return usagef("", "--rebuild speaks of one artifact: verify the others without it")
	case o.rebuild == source.Stdin:
		return usagef("", "--rebuild needs a file: the source's signature lies beside it or in it")
	case o.rebuild != "" && o.publisher != "":
		return usagef("pin the publisher, or write it into a policy", "--rebuild and --publisher do not go together")
	}
	return nil
}

// verification is one call of verify.
type verification struct {
	app     *app
	options *verifyOptions
	decider *decider
	use     *firstUse // of a publisher that is named; else nil
	listing func(string) ([]string, error)
	in      io.Reader         // the standard input, if it is asked for
	alone   bool              // there is one artifact
	counted *tally            // may be nil
	around  func(show func()) // keeps answers and a progress line apart
}

// outcome is the answer about one artifact.
type outcome struct {
	path   string
	report *sealwax.Report
	err    error
}

// one verifies one artifact, and emits it if that is asked.
func (v *verification) one(ctx context.Context, path string) outcome {
	holding := source.Streamed
	if v.options.out != "" || v.options.rebuild != "" {
		holding = source.Held
	}
	artifact, err := source.Open(ctx, path, source.Options{
		Holding: holding, Signatures: v.options.signatures, Listing: v.listing, Stdin: v.in, Name: v.streamName(),
	})
	if err != nil {
		report := sealwax.NewUndecided(path, err)
		if unkept := v.decider.keep(report); unkept != nil {
			err = errors.Join(err, unkept)
		}
		return outcome{path, report, interruptedOr(err)}
	}
	defer func() { _ = artifact.Close() }()
	if artifact.Size() >= longRead || v.options.out != "" {
		var stop func()
		ctx, stop = v.app.interruptible(ctx)
		defer stop()
	}
	stop := func() {}
	if v.alone { // one line at a time
		stop = v.app.follow("verifying", artifact)
	}
	report, err := v.judge(ctx, path, artifact)
	stop()
	if err != nil && !isDenied(err) && !needsPerson(err) {
		err = interruptedOr(withCode(exitUndecided, err)) // whatever is broken, it is not the command line
	}
	if err == nil && v.options.out != "" {
		err = v.app.emit(v.options.out, v.options.force, func(w output) error {
			_, err := artifact.WriteTo(w)
			return err
		})
	}
	return outcome{path, report, interruptedOr(err)}
}

// judge asks the one road, and whoever is at the terminal where that is how a
// publisher is met for the first time.
func (v *verification) judge(ctx context.Context, path string, artifact *sealwax.Artifact) (*sealwax.Report, error) {
	if v.options.rebuild != "" {
		return v.judgeRebuilt(ctx, path, artifact)
	}
	if v.use == nil {
		return v.decider.decide(ctx, path, artifact)
	}
	return v.use.judge(ctx, v.decider, path, artifact)
}

// interruptedOr is what ended the work, without words if it was the user.
func interruptedOr(err error) error {
	if errors.Is(err, context.Canceled) {
		return &exitError{code: exitInterrupted}
	}
	return err
}

// streamName is what the standard input will be called, if that is known.
func (v *verification) streamName() string {
	if v.options.out == "" || v.options.out == stdout {
		return ""
	}
	return filepath.Base(v.options.out)
}

// summary is the exit code of several answers: 1 over 3 over 0.
func summary(outcomes []outcome) error {
	code := exitYes
	rank := map[int]int{exitYes: 0, exitUsage: 1, exitPerson: 2, exitUndecided: 3, exitNo: 4, exitInterrupted: 5}
	for _, o := range outcomes {
		if c := exitCode(o.err); o.err != nil && rank[c] > rank[code] {
			code = c
		}
	}
	if code == exitYes {
		return nil
	}
	return &exitError{code: code}
}

// isDenied reports whether an error is "no".
func isDenied(err error) bool {
	denied := (*sealwax.DeniedError)(nil)
	return errors.As(err, &denied)
}
