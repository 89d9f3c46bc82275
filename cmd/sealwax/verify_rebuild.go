// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/compile"
	"github.com/sealwax/sealwax/gate/engine"
)

// judgeRebuilt is the one road for compiled code whose source is at hand: the
// source has to pass by itself, and is compiled again; then the code is judged,
// and has to be the same.
func (v *verification) judgeRebuilt(ctx context.Context, path string, code *sealwax.Artifact) (*sealwax.Report, error) {
	demands, report, err := v.decider.ask(ctx, path, code)
	if err != nil {
		return report, err
	}
	rebuilt, report, err := v.rebuild(ctx, code)
	if err != nil {
		return v.decider.kept(path, report, err)
	}
	defer func() { _ = rebuilt.Close() }()
	report, err = rebuilt.Demands(demands).Verify(ctx, code)
	return v.decider.kept(path, report, err)
}

// rebuild verifies the source and compiles it again. If there is an error, the
// report is the answer: on the source, if that is what may not pass.
func (v *verification) rebuild(ctx context.Context, code *sealwax.Artifact) (*compile.Rebuilt, *sealwax.Report, error) {
	module := v.options.rebuild
	undecided := func(err error) (*compile.Rebuilt, *sealwax.Report, error) {
		return nil, sealwax.NewUndecided(code.Name(), err), err
	}
	d, err := v.sourceDecider(ctx)
	if err != nil {
		return undecided(err)
	}
	source, err := openSource(ctx, module, nil, nil)
	if err != nil {
		return undecided(err)
	}
	defer func() { _ = source.Close() }()
	gate, report, err := v.app.compileGate(ctx, d, module, source)
	if err != nil {
		return nil, report, err
	}
	gate.Record = nil // whoever asked keeps the answer, and this is a part of it
	if gate.Child.Executable, err = engine.Find(engine.Wasmtime, v.app.getenv); err != nil {
		return undecided(err)
	}
	stop := v.app.busy("compiling", module)
	defer stop()
	rebuilt, report, err := gate.Rebuild(ctx, code, source, engine.CompileJob{})
	switch guest := (*engine.GuestError)(nil); {
	case err == nil, isDenied(err):
		return rebuilt, report, err
	case errors.As(err, &guest) && guest.Kind == engine.BadModule, errors.Is(err, compile.ErrNotModule):
		report, err = sealwax.Refuse(module, source, sealwax.CodeArtifactMalformed, err.Error())
		return nil, report, err
	}
	return undecided(err)
}

// sourceDecider is what the source has to meet: what the flags, the pins and the
// policies say of it under its own name, and of signatures on sources.
func (v *verification) sourceDecider(ctx context.Context) (*decider, error) {
	o := v.options.policyOptions
	o.nativeKeys, o.kind, o.coverage, o.allowUncovered = nil, "", "", ""
	return v.app.decider(ctx, "verify", &o, nil)
}
