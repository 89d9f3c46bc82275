// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

// Attach writes the module with a detached signature inside it, byte for byte.
// It refuses a module that holds one, and a signature that covers nothing of
// this module.
func (Format) Attach(ctx context.Context, a *sealwax.Artifact, w io.Writer, sig []byte) error {
	m, err := open(a)
	if err != nil {
		return err
	}
	if m.sig != nil {
		return fmt.Errorf("%s holds a signature section already: detach or strip it first", a.Name())
	}
	p, err := Parse(sig)
	if err != nil {
		return fmt.Errorf("the signature to attach: %w", err)
	}
	s, err := m.scanInto(ctx, newThoroughScan(), m.body())
	if err != nil {
		return fmt.Errorf("attaching to %s: %w", a.Name(), err)
	}
	if err := s.matchAny(p); err != nil {
		return fmt.Errorf("attaching to %s: %w", a.Name(), err)
	}
	return m.write(ctx, w, sig, m.body())
}

// matchAny is nil if a set of p covers something, else why the first does not.
func (s *scan) matchAny(p *Payload) error {
	var first error
	for _, set := range p.Sets {
		_, err := s.match(set.Hashes)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// Detach writes the module without its signature section, and returns that
// section's content, byte for byte.
func (Format) Detach(ctx context.Context, a *sealwax.Artifact, w io.Writer) ([]byte, error) {
	m, err := open(a)
	if err != nil {
		return nil, err
	}
	if m.sig == nil {
		return nil, fmt.Errorf("%s holds no signature to detach", a.Name())
	}
	if _, err := m.signatures(); err != nil {
		return nil, fmt.Errorf("%s: %w", a.Name(), err)
	}
	return m.payload, m.write(ctx, w, nil, m.body())
}

// Strip writes the artifact without any top-level section called "signature",
// wherever it is. What holds none is written as it is.
func (Format) Strip(ctx context.Context, a *sealwax.Artifact, w io.Writer) error {
	if !binary(a) {
		_, err := a.WriteTo(w)
		return err
	}
	m := &module{a: a}
	from := int64(wasmbin.PreambleSize)
	var body []piece
	kind, err := wasmbin.Walk(a, a.Size(), func(s wasmbin.Section) error {
		if s.Custom(signatureSection) {
			body = append(body, piece{off: from, size: s.Offset - from})
			from = s.End
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("stripping %s: %w", a.Name(), err)
	}
	m.kind = kind
	return m.write(ctx, w, nil, append(body, piece{off: from, size: a.Size() - from}))
}

// errSplitSigned: a delimiter is content that the signature does not cover.
var errSplitSigned = errors.New("it is signed, and delimiters would break that signature: strip it, split, and sign again")

// Split writes the module with a delimiter wherever sections that belong
// together end, and one at the end. Standard sections belong together, with the
// custom sections whose name the pattern matches anywhere; nil matches all, so
// that there is one delimiter, at the end. Delimiters that are there stay.
func (Format) Split(ctx context.Context, a *sealwax.Artifact, w io.Writer, sections *regexp.Regexp) error {
	m, err := open(a)
	if err != nil {
		return err
	}
	if m.sig != nil {
		return fmt.Errorf("splitting %s: %w", a.Name(), errSplitSigned)
	}
	body := m.split(sections)
	if _, err := m.scan(ctx, body); err != nil {
		return fmt.Errorf("splitting %s: %w", a.Name(), err)
	}
	return m.write(ctx, w, nil, body)
}

func (m *module) split(re *regexp.Regexp) []piece {
	together := func(s *wasmbin.Section) bool {
		return s.ID != 0 || re == nil || re.MatchString(s.Name)
	}
	var body []piece
	was, begun := false, false // the last real section's group; the part has sections
	for i := range m.sections {
		s := &m.sections[i]
		if !s.Custom(delimiterSection) {
			is := together(s)
			if begun && is != was {
				body = append(body, fresh(newDelimiter()))
			}
			was = is
		}
		begun = !s.Custom(delimiterSection)
		body = append(body, piece{off: s.Offset, size: s.Size()})
	}
	if begun || len(m.sections) == 0 {
		body = append(body, fresh(newDelimiter()))
	}
	return body
}
