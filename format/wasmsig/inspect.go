// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

var _ sealwax.Inspector = Format{}

// Inspect adds the sections, the parts with the running hash behind each, every
// signature with what its hashes cover, the metadata, and the neighbours' formats
// that are recognised. It reads the artifact itself, and believes nothing.
func (Format) Inspect(ctx context.Context, a *sealwax.Artifact, into *sealwax.Inspection) error {
	companions, err := a.Companions(ctx)
	if err != nil {
		return err
	}
	in := inspector{into: into}
	if binary(a) {
		if err := in.binary(ctx, a); err != nil {
			return err
		}
	}
	for _, c := range companions {
		if c.Err == nil && detached(c.Data) {
			in.payload(c.Name, c.Data)
		}
	}
	in.notes()
	return nil
}

// inspector fills an inspection.
type inspector struct {
	into  *sealwax.Inspection
	scan  *scan // nil for what is no binary
	seen  bool  // a signature of this format
	parts int   // the most leading parts that any signature's hashes cover
}

func (in *inspector) binary(ctx context.Context, a *sealwax.Artifact) error {
	o, err := survey(a)
	if err != nil {
		return err
	}
	s := newThoroughScan()
	all := []piece{{size: a.Size()}}
	if err := (&module{a: a}).copy(ctx, s, all); err != nil {
		return err
	}
	s.finish()
	in.scan = s
	in.into.Sections = append(in.into.Sections, s.sections...)
	in.form(o)
	in.listParts()
	if s.sig != nil && !o.tailIsForeign() {
		in.payload(sealwax.Embedded, o.payload)
	}
	return nil
}

// form notes what is malformed, stated and foreign.
func (in *inspector) form(o *outline) {
	s := in.scan
	if err := s.wellFormed(); err != nil {
		in.problem("%v", err)
	}
	if err := s.placed(); err != nil && !o.tailIsForeign() {
		in.problem("%v", err)
	}
	if err := s.unlisted(); err != nil {
		in.problem("%v", err)
	}
	stated, err := s.statements()
	if err != nil {
		in.problem("%v", err)
	}
	in.into.Metadata = append(in.into.Metadata, stated.Fields...)
	for _, n := range o.neighbours {
		in.neighbour(n)
	}
	in.delimiters()
}

// delimiters notes those that no tool writes.
func (in *inspector) delimiters() {
	const written = 1 + 1 + 1 + len(delimiterSection) + delimiterSize
	for _, sec := range in.scan.sections {
		if sec.ID == 0 && sec.Name == delimiterSection && sec.Size != int64(written) {
			in.problem("the delimiter at offset %d does not hold the usual %d random bytes", sec.Offset, delimiterSize)
		}
	}
}

func (in *inspector) problem(format string, args ...any) {
	in.into.Problems = append(in.into.Problems, fmt.Sprintf(format, args...))
}

func (in *inspector) neighbour(name string) {
	if !slices.Contains(in.into.Neighbours, name) {
		in.into.Neighbours = append(in.into.Neighbours, name)
	}
}

// listParts lists the parts, at most [MaxHashes] of them.
func (in *inspector) listParts() {
	s, from := in.scan, int64(wasmbin.PreambleSize)
	if s.sig != nil {
		from = s.sig.End
	}
	for i, end := range s.raw.ends {
		part := sealwax.Part{Offset: from, Size: end - from, SHA256: hex.EncodeToString(s.raw.sums[i][:])}
		for _, sec := range s.sections {
			if sec.Offset >= from && sec.Offset < end {
				part.Sections++
			}
		}
		in.into.Parts = append(in.into.Parts, part)
		from = end
	}
	if s.raw.count > MaxHashes {
		in.problem("%d parts, and at most %d can be signed", s.raw.count, MaxHashes)
	}
}

// payload lists the signatures of a payload.
func (in *inspector) payload(source string, payload []byte) {
	p, neighbour, err := read(payload)
	switch {
	case neighbour != "":
		in.neighbour(neighbour)
		return
	case err != nil:
		in.problem("%s: %v", source, err)
		return
	}
	in.seen = true
	for i := range p.Sets {
		set := &p.Sets[i]
		covers := in.covers(set)
		for j := range set.Records {
			in.into.Signatures = append(in.into.Signatures, in.record(source, covers, &set.Records[j]))
		}
	}
}

func (in *inspector) record(source, covers string, rec *Record) sealwax.FoundSignature {
	f := sealwax.FoundSignature{
		Format: Name, Source: source, Algorithm: fmt.Sprintf("unknown (%#02x)", rec.Alg),
		KeyID: hex.EncodeToString(rec.KeyID), Covers: covers,
	}
	if rec.Alg == AlgEd25519 {
		f.Algorithm = "ed25519"
		if _, n, err := rec.ed25519(); err == nil && n > 0 {
			in.neighbour(neighbourCertified)
		}
	}
	if _, err := rec.usable(); err != nil {
		f.Problem = err.Error()
	}
	return f
}

// covers says in words what a set's hashes cover.
func (in *inspector) covers(set *Set) string {
	const nothing = "nothing here"
	if in.scan == nil || in.scan.wellFormed() != nil {
		return nothing
	}
	n, err := in.scan.match(set.Hashes)
	in.parts = max(in.parts, n)
	count := in.scan.raw.count
	switch {
	case errors.Is(err, errReencoded):
		return nothing + " (it matches only a re-encoded form)"
	case err != nil:
		return nothing
	case n == count:
		return "whole"
	case n == 1:
		return fmt.Sprintf("part 1 of %d", count)
	}
	return fmt.Sprintf("parts 1 to %d of %d", n, count)
}

// notes says what the above does not prove.
func (in *inspector) notes() {
	if !in.seen {
		return
	}
	in.note("no key was asked: hashes that match show that these bytes were meant, and not by whom; key ids are not signed")
	if in.scan == nil {
		return
	}
	in.note("module signatures do not cover the first 8 bytes, which tell a module from a component: demand a kind when it matters")
	if in.parts > 0 && in.parts < in.scan.raw.count {
		in.note(fmt.Sprintf("nothing covers what follows offset %d", in.scan.raw.ends[in.parts-1]))
	}
}

func (in *inspector) note(s string) {
	if !slices.Contains(in.into.NotProven, s) {
		in.into.NotProven = append(in.into.NotProven, s)
	}
}
