// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"context"
	"fmt"
	"io"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

// module is a binary that will be written anew: where everything is in it, and
// nothing of its content save the signatures.
type module struct {
	a        *sealwax.Artifact
	kind     wasmbin.Kind
	sections []wasmbin.Section // all but the signature section
	sig      *wasmbin.Section
	payload  []byte // of the signature section
}

// piece is a run of bytes of a new binary: a range of the old one, or new bytes.
type piece struct {
	off, size int64
	fresh     []byte
}

func fresh(b []byte) piece { return piece{fresh: b} }

// open reads where the sections of a are. It refuses binaries whose signature
// section is not where it belongs.
func open(a *sealwax.Artifact) (*module, error) {
	if !binary(a) {
		return nil, fmt.Errorf("%s is no WebAssembly module or component: only those can hold such signatures", a.Name())
	}
	m, f := &module{a: a}, newForm()
	kind, err := wasmbin.Walk(a, a.Size(), func(s wasmbin.Section) error {
		f.Begin(&s, nil)
		if !f.inSignature() {
			m.sections = append(m.sections, s)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", a.Name(), err)
	}
	m.kind = kind
	if m.payload, err = f.readPayload(a); err != nil {
		return nil, fmt.Errorf("reading %s: %w", a.Name(), err)
	}
	if err := f.placed(); err != nil {
		return nil, fmt.Errorf("%s: %w: strip it first", a.Name(), err)
	}
	m.sig = f.sig
	return m, nil
}

// body is everything behind the preamble and the signature section, as it is.
func (m *module) body() []piece {
	from := int64(wasmbin.PreambleSize)
	if m.sig != nil {
		from = m.sig.End
	}
	return []piece{{off: from, size: m.a.Size() - from}}
}

// delimited reports whether the last section is a delimiter.
func (m *module) delimited() bool {
	n := len(m.sections)
	return n > 0 && m.sections[n-1].Custom(delimiterSection)
}

// write writes the preamble, a signature section unless payload is nil, and the
// pieces.
func (m *module) write(ctx context.Context, w io.Writer, payload []byte, body []piece) error {
	front := []byte(m.kind.Preamble())
	if payload != nil {
		front = wasmbin.AppendCustom(front, signatureSection, payload)
	}
	if _, err := w.Write(front); err != nil {
		return err
	}
	return m.copy(ctx, w, body)
}

// copySize is how much is copied at once.
const copySize = 1 << 20

func (m *module) copy(ctx context.Context, w io.Writer, body []piece) error {
	buf := make([]byte, min(copySize, max(m.a.Size(), 1)))
	for _, p := range body {
		if p.fresh != nil {
			if _, err := w.Write(p.fresh); err != nil {
				return err
			}
			continue
		}
		if err := copyRange(ctx, w, m.a, p, buf); err != nil {
			return err
		}
	}
	return nil
}

func copyRange(ctx context.Context, w io.Writer, r io.ReaderAt, p piece, buf []byte) error {
	for off, end := p.off, p.off+p.size; off < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := buf[:min(int64(len(buf)), end-off)]
		if n, err := r.ReadAt(b, off); n < len(b) {
			return fmt.Errorf("reading at offset %d: %w", off, err)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		off += int64(len(b))
	}
	return nil
}

// scan runs a new body through the meter that verification uses, so that what is
// signed is what will be checked. It refuses a body that would not verify.
func (m *module) scan(ctx context.Context, body []piece) (*scan, error) {
	return m.scanInto(ctx, newScan(), body)
}

func (m *module) scanInto(ctx context.Context, s *scan, body []piece) (*scan, error) {
	if err := m.write(ctx, s, nil, body); err != nil {
		return nil, err
	}
	return s, signable(s)
}

// signable holds a scanned binary to what a signature can speak of.
func signable(s *scan) error {
	s.finish()
	if err := s.wellFormed(); err != nil {
		return err
	}
	if err := s.placed(); err != nil {
		return err
	}
	if err := s.unlisted(); err != nil {
		return err
	}
	if s.raw.count > MaxHashes {
		return fmt.Errorf("delimiters divide it into %d parts, and at most %d can be signed", s.raw.count, MaxHashes)
	}
	return nil
}
