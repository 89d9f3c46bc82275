// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/trailer"
)

// makerFor is the format of that name that writes detached signatures.
func makerFor(name string) (sealwax.Maker, error) {
	for _, f := range format.All() {
		if m, ok := f.(sealwax.Maker); ok && f.Name() == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("no format %q writes detached signatures", name)
}

// extensionOf is how detached signatures in a format are called by default.
func extensionOf(name string) string {
	for _, f := range format.All() {
		if s, ok := f.(sealwax.Sidecar); ok && f.Name() == name {
			return s.Extension()
		}
	}
	return ".sig"
}

// embedderFor is the format whose signatures can be inside the artifact.
func embedderFor(a *sealwax.Artifact) (sealwax.Embedder, error) {
	for _, f := range format.All() {
		if e, ok := f.(sealwax.Embedder); ok && e.Holds(a) {
			return e, nil
		}
	}
	if a.Kind() == sealwax.KindProgram || a.Kind() == sealwax.KindCompiled {
		return nil, withCode(exitNo, trailer.Fits(a))
	}
	return nil, withCode(exitNo, fmt.Errorf("%s is no WebAssembly module or component and no native code, and a signature cannot be inside anything else: a plain sealwax sign FILE signs any file", a.Name()))
}

// splitterFor is the same for a format that divides artifacts into parts.
func splitterFor(a *sealwax.Artifact) (sealwax.Splitter, error) {
	e, err := embedderFor(a)
	if err != nil {
		return nil, err
	}
	s, ok := e.(sealwax.Splitter)
	if !ok {
		return nil, withCode(exitNo, fmt.Errorf("%s cannot be divided into parts: the format %s signs it whole", a.Name(), e.Name()))
	}
	return s, nil
}
