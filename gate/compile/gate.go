// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/sealedmem"
	"github.com/sealwax/sealwax/internal/wasmbin"
	"github.com/sealwax/sealwax/key"
)

// Gate lets a module be compiled if it passes. Its zero value knows no format,
// trusts nobody, and so compiles nothing.
type Gate struct {
	// Demands decide: all of them have to allow.
	Demands sealwax.Demands
	// AllowUnsigned lets pass what nobody who is known has signed, as a source that
	// is not verified. It lifts nothing else: neither a signature that is there and
	// does not hold, nor a block, nor a demand for a kind or a statement; and where
	// a demand knows somebody for the source, a stranger's signature in place of
	// theirs stays a refusal. It softens every demand, so leave it unset where a
	// policy decides that nothing may soften.
	AllowUnsigned bool
	// Record, if set, keeps the decision before anything is compiled. If it fails,
	// nothing is: a decision that has to be kept and cannot be is none.
	Record func(*sealwax.Report) error
	// Child starts the compiler. Nothing is started before a module has passed, so
	// it may be set between [Gate.Judge] and [Passed.Make].
	Child engine.Child
	// Signer signs what was compiled, as native code. Nil leaves it unsigned, and
	// then no run gate takes it. It may be set as late as Child.
	Signer key.Signer
	// Tool is what the statement says made it: "sealwax/1.2.3".
	Tool string
	// Now is the time of the statement. Nil is the system's clock.
	Now func() time.Time
}

// ErrNotHeld says that an artifact was opened in a way that lets its bytes
// change between the verdict and their use. Open it with source.Sealed.
var ErrNotHeld = errors.New("the module's bytes are not held")

// ErrNotModule is wrapped when what passed is nothing that the engine compiles.
var ErrNotModule = errors.New("not a WebAssembly module")

// NotModuleError says what passed and cannot be compiled, and what to do.
type NotModuleError struct{ Kind sealwax.Kind }

// Error says what it is and what to do.
func (e *NotModuleError) Error() string {
	switch e.Kind {
	case sealwax.KindComponent:
		return "it may pass, but it is a WebAssembly component, and this engine compiles core modules: compile and sign the core module that it was made from"
	case sealwax.KindCompiled, sealwax.KindProgram:
		return "it may pass, but it is native code already: there is nothing to compile"
	default:
		return "it may pass, but it is neither a WebAssembly module nor the text of one: there is nothing to compile"
	}
}

// Unwrap is [ErrNotModule].
func (e *NotModuleError) Unwrap() error { return ErrNotModule }

// Passed is a source that passed: the only thing that is ever compiled.
type Passed struct {
	gate     *Gate
	held     *sealedmem.File
	source   sealwax.Ancestor
	meta     []sealwax.Field // what it states of itself
	text     bool
	verified bool
	reports  []*sealwax.Report
}

// Source is what was verified. Its digests are those of the bytes that passed.
func (p *Passed) Source() sealwax.Ancestor { return p.source }

// Verified reports whether the demands were met; otherwise they were softened, by
// [Gate.AllowUnsigned] or by a policy that only warns.
func (p *Passed) Verified() bool { return p.verified }

// Judge verifies a. The report is never nil; a refusal is the error of
// [sealwax.Demands.Verify], unchanged. The whole module must be covered, whatever
// the policy says of prefixes. The artifact must stay open until it was made.
func (g *Gate) Judge(ctx context.Context, a *sealwax.Artifact) (*Passed, *sealwax.Report, error) {
	if a == nil || a.Content() == nil {
		report, err := sealwax.Demands{}.Verify(ctx, a)
		return nil, report, err
	}
	demands := whole(g.Demands)
	// What has to be remembered of the source is planned before its one read.
	v := &sealwax.Verifier{Formats: formatsOf(demands)}
	learn := learned{v.Remember(a), v.Statements(a)}
	report, err := demands.Verify(ctx, a)
	if g.AllowUnsigned && isUnsigned(ctx, demands, report) {
		report, err = softened(demands).Verify(ctx, a)
	}
	if g.Record != nil {
		if unkept := g.Record(report); unkept != nil {
			return nil, report, errors.Join(err, unkept)
		}
	}
	if err != nil {
		return nil, report, err
	}
	p, err := g.pass(ctx, a, report, learn)
	if err != nil {
		return nil, report, fmt.Errorf("compiling %s: %w", sealwax.Printable(a.Name()), err)
	}
	return p, report, nil
}

// learned is what a source's one read tells besides the verdict.
type learned struct {
	source func() (sealwax.Ancestor, error)
	meta   func() ([]sealwax.Field, error)
}

// pass makes of an artifact that may pass what can be compiled.
func (g *Gate) pass(ctx context.Context, a *sealwax.Artifact, report *sealwax.Report, learn learned) (*Passed, error) {
	held, ok := a.Content().(*sealedmem.File)
	if !ok {
		return nil, ErrNotHeld
	}
	text, err := isText(a)
	if err != nil {
		return nil, err
	}
	if a.Kind() != sealwax.KindModule && !text {
		return nil, &NotModuleError{Kind: a.Kind()}
	}
	if err := a.Read(ctx); err != nil { // which verifying has not done where nothing was to be checked
		return nil, err
	}
	source, err := learn.source()
	if err != nil {
		return nil, err
	}
	meta, err := learn.meta()
	if err != nil {
		return nil, err
	}
	p := &Passed{gate: g, held: held, source: source, meta: meta, text: text, verified: true, reports: report.All()}
	for _, r := range p.reports {
		p.verified = p.verified && !r.Warned
	}
	return p, nil
}

// whole are the demands without leave for uncovered sections: a compiler reads
// all of a module, so nothing unsigned may be in it.
func whole(ds sealwax.Demands) sealwax.Demands {
	return ds.With(func(p *sealwax.Policy) { p.Prefix = false })
}

// formatsOf are the formats that the demands know, each once.
func formatsOf(ds sealwax.Demands) []sealwax.Format {
	var out []sealwax.Format
	for _, d := range ds {
		for _, f := range d.Verifier.Formats {
			if !slices.ContainsFunc(out, func(o sealwax.Format) bool { return o.Name() == f.Name() }) {
				out = append(out, f)
			}
		}
	}
	return out
}

// isText reports whether the artifact begins like WebAssembly's text format.
func isText(a *sealwax.Artifact) (bool, error) {
	if a.Kind() != sealwax.KindFile {
		return false, nil
	}
	head := make([]byte, wasmbin.TextHead)
	n, err := a.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) { // mutate:skip what is held can be read
		return false, err
	}
	return wasmbin.LooksLikeText(head[:n]), nil
}
