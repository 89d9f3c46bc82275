// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

var (
	_ sealwax.Maker    = Format{}
	_ sealwax.Embedder = Format{}
	_ sealwax.Splitter = Format{}
)

// ErrAlreadySigned is wrapped by [Format.Embed] when this key has signed these
// very bytes in this module.
var ErrAlreadySigned = errors.New("this key has signed it already")

// Make writes a detached signature: one set with a hash for each part, one
// record. It always speaks of the module without its signature section. What
// changes the module (o.Fields, o.Extensible) needs [Format.Embed].
func (Format) Make(ctx context.Context, a *sealwax.Artifact, by key.Signer, o sealwax.SignOptions) ([]byte, error) {
	if err := detachable(a, o); err != nil {
		return nil, err
	}
	a.Plan(scanMeter, func() sealwax.Meter { return newScan() })
	if err := a.Read(ctx); err != nil {
		return nil, err
	}
	s, ok := a.Meter(scanMeter).(*scan)
	if !ok {
		return nil, errNotRead
	}
	if err := signable(s); err != nil {
		return nil, fmt.Errorf("signing %s: %w", a.Name(), err)
	}
	set := Set{Hashes: s.raw.sums}
	if err := set.sign(ctx, by); err != nil {
		return nil, fmt.Errorf("signing %s: %w", a.Name(), err)
	}
	return (&Payload{Sets: []Set{set}}).Marshal()
}

func detachable(a *sealwax.Artifact, o sealwax.SignOptions) error {
	switch {
	case !binary(a):
		return fmt.Errorf("%s is no WebAssembly module or component: sign it as a file", a.Name())
	case o.Comment != "":
		return errComment
	case len(o.Fields) > 0:
		return errors.New("statements are put into the module: embed the signature, or sign the module as a file")
	case o.Extensible:
		return errors.New("room for extensions is put into the module: embed the signature")
	}
	return nil
}

var errComment = errors.New("a module signature has no room for a comment: state it as metadata, or sign the module as a file")

// sign adds by's record to the set, checked.
func (s *Set) sign(ctx context.Context, by key.Signer) error {
	sig, err := key.SignEd25519(ctx, by, s.Message())
	if err != nil {
		return err
	}
	s.Records = append(s.Records, newRecord(by.Public(), sig[:]))
	return nil
}

// signedBy reports whether k has signed the set, under whatever key id.
func (s *Set) signedBy(k key.Public) bool {
	message := s.Message()
	return slices.ContainsFunc(s.Records, func(rec Record) bool {
		sig, err := rec.usable()
		return err == nil && k.Verify(message, sig) == nil
	})
}

// Embed writes the module with one more signature in it. A signature over the
// same hashes joins their set; one over others begins a set of its own. Existing
// records are kept byte for byte, and an existing signature that covers
// something covers it afterwards: where o asks for a change that would break one,
// Embed refuses.
//
// o.Fields become the metadata section, last before a trailing delimiter.
// o.Extensible puts a delimiter at the end.
func (Format) Embed(ctx context.Context, a *sealwax.Artifact, w io.Writer, by key.Signer, o sealwax.SignOptions) error {
	if o.Comment != "" {
		return errComment
	}
	m, err := open(a)
	if err != nil {
		return err
	}
	payload, body, err := m.embed(ctx, by, o)
	if err != nil {
		return fmt.Errorf("signing %s: %w", a.Name(), err)
	}
	return m.write(ctx, w, payload, body)
}

func (m *module) embed(ctx context.Context, by key.Signer, o sealwax.SignOptions) (payload []byte, body []piece, err error) {
	p, err := m.signatures()
	if err != nil {
		return nil, nil, err
	}
	body, grown, err := m.grow(o)
	if err != nil {
		return nil, nil, err
	}
	s, err := m.scan(ctx, body)
	if err != nil {
		return nil, nil, err
	}
	if grown {
		if err := m.keeps(ctx, p, s); err != nil {
			return nil, nil, err
		}
	}
	if err := p.set(s.raw.sums).add(ctx, by); err != nil {
		return nil, nil, err
	}
	payload, err = p.Marshal()
	return payload, body, err
}

// signatures are those that are in the module.
func (m *module) signatures() (*Payload, error) {
	if m.sig == nil {
		return &Payload{}, nil
	}
	p, err := Parse(m.payload)
	if err != nil {
		if n := classify(m.payload); n != "" {
			err = fmt.Errorf("it holds %s: strip that first", n)
		}
		return nil, err
	}
	return p, nil
}

// set is the payload's set with these hashes, a new one if there is none.
func (p *Payload) set(hashes []Hash) *Set {
	for i := range p.Sets {
		if slices.Equal(p.Sets[i].Hashes, hashes) {
			return &p.Sets[i]
		}
	}
	p.Sets = append(p.Sets, Set{Hashes: hashes})
	return &p.Sets[len(p.Sets)-1]
}

// add signs the set unless by has.
func (s *Set) add(ctx context.Context, by key.Signer) error {
	if s.signedBy(by.Public()) {
		return fmt.Errorf("%w (%s)", ErrAlreadySigned, by.Public())
	}
	return s.sign(ctx, by)
}

// keeps refuses a new body under which an existing signature, that covers
// something now, would cover nothing.
func (m *module) keeps(ctx context.Context, p *Payload, grown *scan) error {
	if len(p.Sets) == 0 {
		return nil
	}
	old, err := m.scan(ctx, m.body())
	if err != nil {
		return err
	}
	for _, set := range p.Sets {
		if old.raw.covered(set.Hashes) > 0 && grown.raw.covered(set.Hashes) == 0 {
			return errors.New("it is signed, and not extensible: what should be added would break the signatures in it: strip them, or sign without metadata and without room for extensions")
		}
	}
	return nil
}
