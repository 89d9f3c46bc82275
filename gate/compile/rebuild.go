// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/gate/engine"
)

// OtherEngineError says that compiled code cannot be made again here, because it
// was made by another engine or for another kind of machine: nothing is known of
// it then, good or bad.
type OtherEngineError struct {
	What       string // "engine", "target", …
	Made, Here string
}

// Error says both, and what to do.
func (e *OtherEngineError) Error() string {
	if e.Made == "" {
		return fmt.Sprintf("it does not state the %s that made it, so it cannot be made again: compile the source anew", e.What)
	}
	return fmt.Sprintf("it was made with the %s %s, and here is %s: make it again where that is, or compile the source anew", e.What, sealwax.Printable(e.Made), sealwax.Printable(e.Here))
}

// Rebuild verifies the source of compiled code and compiles it again, with the
// options that the code's trailer states. Those are anybody's word, and go through
// the same sieve as every option: if they lie, the bytes differ.
//
// The report is on the source, or the refusal of code that states nothing. An
// [*OtherEngineError] says that it cannot be told here. What comes of it decides
// nothing by itself: see [Rebuilt.Demands]. The caller closes it.
func (g *Gate) Rebuild(ctx context.Context, code, source *sealwax.Artifact, job engine.CompileJob) (*Rebuilt, *sealwax.Report, error) {
	t, err := trailer.Read(code, code.Size())
	if err != nil {
		report, err := unstated(code, err)
		return nil, report, err
	}
	strict := *g
	strict.AllowUnsigned = false // only what somebody vouches for is compiled in order to vouch for it
	passed, report, err := strict.Judge(ctx, source)
	if err != nil {
		return nil, report, err
	}
	if err := g.sameEngine(ctx, &t.Statement); err != nil {
		return nil, report, err
	}
	job.CPU, job.Features, job.OptLevel = again(&t.Statement)
	made, translation, err := passed.compile(ctx, job)
	if err != nil {
		return nil, report, err
	}
	if made.Target != t.Statement.Target {
		_ = made.Code.Close()
		return nil, report, &OtherEngineError{What: "target", Made: t.Statement.Target, Here: made.Target}
	}
	return &Rebuilt{code: made.Code, source: passed.source, meta: passed.meta, statement: passed.statement(made, translation)}, report, nil
}

// unstated is the answer on code that does not say how it was made.
func unstated(code *sealwax.Artifact, err error) (*sealwax.Report, error) {
	switch {
	case errors.Is(err, trailer.ErrNone):
		return sealwax.Refuse(code.Name(), code, sealwax.CodeSignatureNone, "it has no trailer that says how it was made, so it cannot be made again")
	case errors.Is(err, trailer.ErrSyntax), errors.Is(err, trailer.ErrStatement):
		return sealwax.Refuse(code.Name(), code, sealwax.CodeSignatureMalformed, err.Error())
	}
	return sealwax.NewUndecided(code.Name(), err), err
}

// sameEngine holds the engine at hand to the one that is stated, in full: engines
// that call themselves compatible make other code.
func (g *Gate) sameEngine(ctx context.Context, s *trailer.Statement) error {
	here, err := g.Child.Hello(ctx)
	if err != nil {
		return fmt.Errorf("asking the engine who it is: %w", err)
	}
	for _, d := range []OtherEngineError{
		{"engine", s.Engine, here.Engine},
		{"engine version", s.EngineVersion, here.EngineVersion},
		{"engine library", s.Library, here.Library},
	} {
		if d.Made != d.Here {
			return &d
		}
	}
	return nil
}

// again are the options that make the same code. What a CPU's name stood for is in
// the features, which are all that the code may use: so names are left out, and
// what was compiled for one machine can be made again on another.
func again(s *trailer.Statement) (cpu string, features []string, optLevel string) {
	return "baseline", s.Features, s.OptLevel
}
