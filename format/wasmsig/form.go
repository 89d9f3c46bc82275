// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"errors"
	"fmt"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

// The names of the sections that this format knows.
const (
	signatureSection = "signature"
	delimiterSection = "signature_delimiter"
)

// form is a meter that learns what form a binary has: whether it is well framed,
// whether its sections fit its kind, where its signature section is, and what its
// metadata states. It hashes nothing.
type form struct {
	framer *wasmbin.Framer
	fit    wasmbin.Fit
	index  int // of the current section, from 0
	// sig is the first section, if it is a signature section; payload its content.
	sig     *wasmbin.Section
	payload capture
	// misplaced is the first signature section that is not the first section.
	misplaced *wasmbin.Section
	meta      []wasmbin.Section
	metaText  capture
	into      *capture // what the current section's content is kept in, or nil
}

// capture keeps the first max bytes of a section's content.
type capture struct {
	b    []byte
	max  int
	over bool
}

func (c *capture) add(p []byte) {
	if c.over = c.over || len(c.b)+len(p) > c.max; !c.over {
		c.b = append(c.b, p...)
	}
}

func newForm() *form {
	f := &form{index: -1, payload: capture{max: MaxPayload}, metaText: capture{max: MaxMeta}}
	f.framer = wasmbin.NewFramer(f)
	return f
}

// Write feeds the framer. It never fails: a malformed binary is found out
// afterwards.
func (f *form) Write(p []byte) (int, error) { return f.framer.Write(p) }

// Preamble implements [wasmbin.Visitor].
func (f *form) Preamble(k wasmbin.Kind) { f.fit.Preamble(k) }

// Begin implements [wasmbin.Visitor].
func (f *form) Begin(s *wasmbin.Section, _ []byte) {
	f.index++
	f.into = nil
	f.fit.Begin(s)
	switch {
	case s.Custom(signatureSection) && f.index == 0:
		at := *s
		f.sig, f.into = &at, &f.payload
	case s.Custom(signatureSection) && f.misplaced == nil:
		at := *s
		f.misplaced = &at
	case s.Custom(MetaSection) && len(f.meta) < 2:
		if f.meta = append(f.meta, *s); len(f.meta) == 1 {
			f.into = &f.metaText
		}
	}
}

// Content implements [wasmbin.Visitor].
func (f *form) Content(p []byte) {
	f.fit.Content(p)
	if f.into != nil {
		f.into.add(p)
	}
}

// End implements [wasmbin.Visitor].
func (f *form) End(*wasmbin.Section) { f.fit.End() }

// inSignature reports whether the current section is the signature section.
func (f *form) inSignature() bool { return f.sig != nil && f.index == 0 }

// wellFormed is nil if the framing is whole and the sections fit the kind.
func (f *form) wellFormed() error {
	if err := f.framer.Close(); err != nil {
		return err
	}
	return f.fit.Err()
}

// placed is nil if there is no signature section, or one where it belongs.
// "The signature section appears once and is the first": readers that looked at
// another one would see other signatures.
func (f *form) placed() error {
	switch {
	case f.misplaced != nil && f.sig != nil:
		return fmt.Errorf("a second signature section at offset %d", f.misplaced.Offset)
	case f.misplaced != nil:
		return fmt.Errorf("a signature section at offset %d that is not the first section", f.misplaced.Offset)
	case f.sig != nil && f.sig.Padded:
		// Its header is covered by nothing, so it has one spelling.
		return errors.New("the signature section's header is longer than it needs to be")
	case f.payload.over:
		return fmt.Errorf("a signature section of more than %d bytes", MaxPayload)
	}
	return nil
}

// statements is what the metadata section states.
func (f *form) statements() (sealwax.Form, error) {
	if len(f.meta) == 0 {
		return sealwax.Form{}, nil
	}
	// Two sections could state two things: none is believed.
	if len(f.meta) > 1 {
		return sealwax.Form{}, fmt.Errorf("more than one %s section (at offsets %d and %d)", MetaSection, f.meta[0].Offset, f.meta[1].Offset)
	}
	if f.metaText.over {
		return sealwax.Form{}, fmt.Errorf("metadata of more than %d bytes", MaxMeta)
	}
	fields, err := ParseMeta(f.metaText.b)
	if err != nil {
		return sealwax.Form{}, err
	}
	return sealwax.Form{Fields: fields, End: f.meta[0].End}, nil
}

// formMeter is the id that form meters are planned under.
const formMeter = "wasmsig:form"

var _ sealwax.Examiner = Format{}

// Examine says whether a module or component is well framed and its sections fit
// its kind, and what its metadata section states. It knows no other artifacts.
func (Format) Examine(a *sealwax.Artifact) func() (sealwax.Form, error) {
	if !binary(a) {
		return nil
	}
	a.Plan(formMeter, func() sealwax.Meter { return newForm() })
	return func() (sealwax.Form, error) {
		f, ok := a.Meter(formMeter).(*form)
		if !ok {
			return sealwax.Form{}, errNotRead
		}
		return f.examined()
	}
}

// examined is what the artifact states, if it is well formed. A malformed one
// that states something is refused in any case: who signed it as a file meant
// what it states to hold, and nothing could hold it.
func (f *form) examined() (sealwax.Form, error) {
	if err := f.wellFormed(); err != nil {
		if len(f.meta) > 0 {
			err = &sealwax.CodedError{Code: sealwax.CodeArtifactMalformed, Err: err}
		}
		return sealwax.Form{}, err
	}
	stated, err := f.statements()
	if err != nil {
		err = &sealwax.CodedError{Code: sealwax.CodeMetadataInvalid, Err: err}
	}
	return stated, err
}

var errNotRead = errors.New("the artifact was not read")

// binary reports whether a is WebAssembly, so that this format knows it.
func binary(a *sealwax.Artifact) bool {
	return a.Kind() == sealwax.KindModule || a.Kind() == sealwax.KindComponent
}
