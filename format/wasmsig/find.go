// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

// Name is the format's name in reports.
const Name = "wasmsig"

// Format is the format. It has no settings; the zero value is ready.
type Format struct{}

// Name is [Name].
func (Format) Name() string { return Name }

var _ sealwax.Format = Format{}

// Find reads the signature section of a module or component, and recognises
// detached signatures beside it by what is inside.
func (Format) Find(ctx context.Context, a *sealwax.Artifact) ([]sealwax.Signature, error) {
	var found []sealwax.Signature
	if binary(a) && !a.IsRemembered() {
		o, err := survey(a)
		if err != nil {
			return nil, err
		}
		found = o.signatures()
	}
	companions, err := a.Companions(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range companions {
		if c.Err == nil && detached(c.Data) {
			found = append(found, beside(a, c)...)
		}
	}
	return found, nil
}

// detached reports whether data begins like a payload. "Recognised by what is
// inside": a detached signature has no magic and no customary file name.
func detached(data []byte) bool {
	return len(data) > len(payloadHead) && string(data[:len(payloadHead)]) == payloadHead
}

func beside(a *sealwax.Artifact, c sealwax.Companion) []sealwax.Signature {
	if !binary(a) {
		return []sealwax.Signature{broken(c.Name, "", fmt.Errorf("it can only be beside a WebAssembly module, and %s is none", a.Name()))}
	}
	return signatures(c.Name, c.Data)
}

func broken(source string, code sealwax.Code, reason error) *sealwax.Broken {
	return &sealwax.Broken{Format: Name, Source: source, Code: code, Reason: reason}
}

// signatures are those of one payload: one for each record, since each has its
// own key.
func signatures(source string, payload []byte) []sealwax.Signature {
	p, neighbour, err := read(payload)
	switch {
	case neighbour != "":
		return []sealwax.Signature{foreign(source, neighbour)}
	case err != nil:
		return []sealwax.Signature{broken(source, "", err)}
	}
	var out []sealwax.Signature
	for i := range p.Sets {
		set := &p.Sets[i]
		for j := range set.Records {
			out = append(out, newSignature(source, payload, set, &set.Records[j]))
		}
	}
	return out
}

// foreign says that a signature is another tool's.
func foreign(source, neighbour string) *sealwax.Broken {
	return broken(source, sealwax.CodeSignatureForeign, fmt.Errorf("it is %s, which is recognised and not verified", neighbour))
}

func newSignature(source string, payload []byte, set *Set, rec *Record) sealwax.Signature {
	sig, err := rec.usable()
	switch {
	case err != nil && rec.Alg != AlgEd25519:
		return broken(source, sealwax.CodeSignatureForeign, err)
	case err != nil: // one record that cannot be checked says nothing about others
		return broken(source, "", err)
	}
	return &signature{source: source, payload: payload, set: set, keyID: rec.KeyID, sig: sig}
}

// outline is what the first look at a binary finds, by hopping from header to
// header.
type outline struct {
	payload    []byte // of the signature section in front
	last       wasmbin.Section
	count      int
	neighbours []string
	form       *form // fed with headers only: it knows what is where
}

// survey looks at a's section headers. It fails only if a cannot be read.
func survey(a *sealwax.Artifact) (*outline, error) {
	o := &outline{form: newForm()}
	_, err := wasmbin.Walk(a, a.Size(), func(s wasmbin.Section) error {
		o.count++
		o.last = s
		o.form.Begin(&s, nil)
		if n := sectionNeighbour(s.Name); s.ID == 0 && n != "" && len(o.neighbours) < maxNeighbours {
			o.neighbours = append(o.neighbours, n)
		}
		return nil
	})
	if err != nil && !errors.Is(err, wasmbin.ErrMalformed) {
		return nil, err
	}
	if o.payload, err = o.form.readPayload(a); err != nil {
		return nil, err
	}
	return o, o.tail(a)
}

// readPayload reads the content of the signature section in front, if there is
// one that is not too long.
func (f *form) readPayload(r io.ReaderAt) ([]byte, error) {
	if f.sig == nil {
		return nil, nil
	}
	size := f.sig.End - f.sig.Payload
	if f.payload.over = size > MaxPayload; f.payload.over {
		return nil, nil
	}
	return readAt(r, f.sig.Payload, size)
}

func readAt(r io.ReaderAt, off, size int64) ([]byte, error) {
	b := make([]byte, size)
	if n, err := r.ReadAt(b, off); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// signatures are the embedded signatures.
func (o *outline) signatures() []sealwax.Signature {
	var out []sealwax.Signature
	for _, n := range o.neighbours {
		out = append(out, foreign(sealwax.Embedded, n))
	}
	if o.tailIsForeign() {
		return out
	}
	switch err := o.form.placed(); {
	case err != nil:
		return append(out, broken(sealwax.Embedded, "", err))
	case o.form.sig == nil:
		return out
	}
	return append(out, signatures(sealwax.Embedded, o.payload)...)
}

// signature is one record of a payload.
type signature struct {
	source  string
	payload []byte // that it is from
	set     *Set
	keyID   []byte
	sig     []byte
}

var _ sealwax.Signature = (*signature)(nil)

// Hint says where the signature is and which key id it carries.
func (s *signature) Hint() sealwax.Hint {
	return sealwax.Hint{Format: Name, Source: s.source, KeyID: s.keyID, Label: hex.EncodeToString(s.keyID)}
}

// scanMeter is the id that scans are planned under.
const scanMeter = "wasmsig:scan"

// Plan asks for the running hash; all signatures of an artifact share one.
func (s *signature) Plan(a *sealwax.Artifact, _ []sealwax.Anchor) {
	a.Plan(scanMeter, func() sealwax.Meter { return newScan() })
}
