// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"crypto/sha256"
	"fmt"
	"hash"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

// identity is a meter: the SHA-256 of a binary without its signature section.
type identity struct {
	*form
	h hash.Hash
}

func newIdentity() *identity {
	d := &identity{form: newForm(), h: sha256.New()}
	d.framer = wasmbin.NewFramer(d)
	return d
}

// Preamble implements [wasmbin.Visitor].
func (d *identity) Preamble(k wasmbin.Kind) {
	d.form.Preamble(k)
	d.h.Write([]byte(k.Preamble()))
}

// Begin implements [wasmbin.Visitor].
func (d *identity) Begin(s *wasmbin.Section, header []byte) {
	d.form.Begin(s, header)
	if !d.inSignature() {
		d.h.Write(header)
	}
}

// Content implements [wasmbin.Visitor].
func (d *identity) Content(p []byte) {
	d.form.Content(p)
	if !d.inSignature() {
		d.h.Write(p)
	}
}

// identityMeter is the id that identity meters are planned under.
const identityMeter = "wasmsig:identity"

var _ sealwax.Digester = Format{}

// Digest plans the identity of a module or component that signing does not
// change: the SHA-256 of its file without the signature section. Delimiters are
// content. It fails for a binary whose framing is broken or whose signature
// section is not where it belongs, since it has no such identity.
func (Format) Digest(a *sealwax.Artifact) func() ([]byte, error) {
	if !binary(a) {
		return nil
	}
	a.Plan(identityMeter, func() sealwax.Meter { return newIdentity() })
	return func() ([]byte, error) {
		d, ok := a.Meter(identityMeter).(*identity)
		if !ok {
			return nil, errNotRead
		}
		if err := d.framer.Close(); err != nil {
			return nil, fmt.Errorf("digest of %s: %w", a.Name(), err)
		}
		if d.misplaced != nil {
			return nil, fmt.Errorf("digest of %s: %w", a.Name(), d.placed())
		}
		return d.h.Sum(nil), nil
	}
}
