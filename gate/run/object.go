// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// ObjectGate opens a shared object for the dynamic linker if it passes. Its zero
// value opens nothing.
//
// As with programs, what the object is linked with is not covered.
type ObjectGate struct {
	// Demands decide: all of them have to allow.
	Demands sealwax.Demands
	// Record, if set, keeps the decision before anything can be opened. If it
	// fails, nothing is.
	Record func(*sealwax.Report) error
}

// Object is a shared object that was verified and cannot change any more.
type Object struct {
	path  string
	close func() error
}

// Open verifies a and gives what to link: it is the bytes that were verified,
// whatever becomes of the file that they were read from. a must be opened with
// [source.SealedExecutable]; it may be closed before the Object is. Only a
// signature in the file itself counts, in the role native, that says it is a
// program, which shared objects are. The report is never nil; the Object is nil
// unless the verdict is Allow.
func (g *ObjectGate) Open(ctx context.Context, a *sealwax.Artifact) (*Object, *sealwax.Report, error) {
	report, err := judgeProgram(ctx, g.Demands, a, notObject)
	if err = kept(g.Record, report, err); err != nil {
		return nil, report, err
	}
	held, err := heldBytes(a)
	if err != nil {
		return nil, report, err
	}
	o, err := newObject(ctx, held)
	if err != nil {
		return nil, report, fmt.Errorf("opening %s: %w", sealwax.Printable(a.Name()), err)
	}
	return o, report, nil
}

// newObject makes an Object that does not depend on held staying open.
func newObject(ctx context.Context, held *sealedmem.File) (*Object, error) {
	im, err := newImage(ctx, held)
	if err != nil {
		return nil, err
	}
	if im.file != nil {
		return sealedObject(im)
	}
	return &Object{path: im.path, close: func() error { im.close(); return nil }}, nil
}

// notObject says why an artifact is nothing to link, or "". Whether native code is a
// shared object, the dynamic linker tells.
func notObject(a *sealwax.Artifact) string {
	switch a.Kind() { //nolint:exhaustive // what is left is no native code
	case sealwax.KindProgram:
		return ""
	case sealwax.KindCompiled:
		return "it was compiled of a WebAssembly module, which no dynamic linker links"
	case sealwax.KindModule, sealwax.KindComponent:
		return "it is WebAssembly, which no dynamic linker links"
	}
	return "it is no shared object (ELF, PE or Mach-O)"
}

// Path is what to give to dlopen: on Linux the sealed memory itself, as
// "/proc/self/fd/N", and elsewhere a copy that this user alone can reach, in a
// private folder. A child process finds sealed memory under "/proc/PID/fd/N".
func (o *Object) Path() string { return o.path }

// Close lets it go; a copy is removed. Dynamic linkers know objects by their
// paths, and a path can be used again: close the Object after what was linked is
// unloaded, or never.
func (o *Object) Close() error { return o.close() }
