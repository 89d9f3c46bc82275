// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"io"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

// Gate lets a module run if it passes. Its zero value knows no format, trusts
// nobody, and so runs nothing.
type Gate struct {
	// Demands decide: all of them have to allow.
	Demands sealwax.Demands
	// Record, if set, keeps the decision before anything of the artifact is started.
	// If it fails, nothing is: a decision that has to be kept and cannot be is none.
	Record func(*sealwax.Report) error
	// Child starts the engine.
	Child engine.Child
	// Helper finds the helper that runs compiled code, by its name
	// ([engine.Wasmtime]). Nil looks beside the running program.
	Helper func(name string) (path string, err error)
}

// ErrNotHeld says that an artifact was opened in a way that lets its bytes
// change between the verdict and the use. Open modules and what was compiled of them
// with [source.Sealed], and what the system itself executes or links with
// [source.SealedExecutable].
var ErrNotHeld = errors.New("its bytes are not held, and can change after they were verified")

// ErrNotModule is wrapped when what passed is nothing that the engine runs.
var ErrNotModule = errors.New("not a WebAssembly module")

// NotModuleError says what passed and is not runnable, and what to do.
type NotModuleError struct {
	Kind sealwax.Kind
	Text bool // it looks like the text format
}

// Error says what it is and what to do.
func (e *NotModuleError) Error() string {
	switch {
	case e.Text:
		return "it is WebAssembly text (.wat), and its signature is good: sealwax compile takes it as it is; or translate it (wat2wasm), sign the module, and run that"
	case e.Kind == sealwax.KindComponent:
		return "it is a WebAssembly component, and its signature is good: this engine runs core modules, so sign and run the core module it was made from"
	}
	return "its signature is good, and it is no WebAssembly module: nothing to run"
}

// Unwrap is [ErrNotModule].
func (e *NotModuleError) Unwrap() error { return ErrNotModule }

// Run verifies a and runs it as job says. The report is never nil. Nothing is
// started, and nothing of the module is parsed by the engine, unless the verdict
// is Allow; a refusal is the error of [sealwax.Demands.Verify], unchanged. The
// whole module must be covered, whatever the policy says of prefixes.
//
// What an engine compiled of a module ([sealwax.KindCompiled]) needs more: a
// signature in the file itself, in the role native, that says what it was made
// from and by what engine, and one that counts on that source. Its original bytes
// go to the helper that runs them, if that is this very engine; else the error is
// an [*EngineError], which is a refusal. Other native code is refused: it is for
// [ExecGate].
func (g *Gate) Run(ctx context.Context, a *sealwax.Artifact, job engine.Job) (*sealwax.Report, engine.Result, error) {
	if a != nil && a.Kind() == sealwax.KindCompiled {
		return g.runCompiled(ctx, a, job)
	}
	if a != nil && a.Kind() == sealwax.KindProgram {
		report, err := refuseKind(a, "it is a native program, and run is for modules and what was compiled of them: use sealwax exec")
		return report, engine.Result{}, kept(g.Record, report, err)
	}
	report, err := whole(g.Demands).Verify(ctx, a)
	if err = kept(g.Record, report, err); err != nil {
		return report, engine.Result{}, err
	}
	held, err := heldBytes(a)
	if err != nil {
		return report, engine.Result{}, err
	}
	if a.Kind() != sealwax.KindModule {
		return report, engine.Result{}, &NotModuleError{Kind: a.Kind(), Text: looksLikeText(a)}
	}
	// What is run is what was verified, whatever else the job brings.
	job.Form, job.Size, job.Known, job.Keep = engine.FormModule, 0, nil, nil
	result, err := g.Child.Run(ctx, job, held)
	return report, result, err
}

// whole are the demands without leave for uncovered sections: an engine parses
// all of a module, so nothing unsigned may be in it.
func whole(ds sealwax.Demands) sealwax.Demands {
	return ds.With(func(p *sealwax.Policy) { p.Prefix = false })
}

// looksLikeText reports whether the artifact begins like the text format: after
// blanks and comments, a parenthesis and a word.
func looksLikeText(a *sealwax.Artifact) bool {
	head := make([]byte, wasmbin.TextHead)
	n, err := a.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) { // mutate:skip held bytes can be read
		return false
	}
	return wasmbin.LooksLikeText(head[:n])
}
