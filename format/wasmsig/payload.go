// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/sealwax/sealwax/internal/wasmbin"
	"github.com/sealwax/sealwax/key"
)

// Limits of a payload, held when reading and when writing.
const (
	MaxPayload    = 1 << 20 // bytes
	MaxSets       = 64
	MaxHashes     = 64  // in one set, and so parts of a module
	MaxSignatures = 256 // in all sets together
	MaxKeyID      = 255 // bytes
)

// The payload's first three bytes: specification version 1, content type
// "WebAssembly module" (components use it too), hash function SHA-256.
const payloadHead = "\x01\x01\x01"

// AlgEd25519 is the algorithm id of Ed25519, the only one that is verified.
const AlgEd25519 = 1

// ErrSyntax is wrapped by every error of [Parse].
var ErrSyntax = errors.New("not a WebAssembly module signature")

// errNoSignatures: a payload that holds no signature signs nothing.
var errNoSignatures = errors.New("it holds no signatures")

func syntax(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrSyntax, fmt.Errorf(format, args...))
}

// Hash is a SHA-256.
type Hash = [sha256.Size]byte

// Payload is the content of a signature section or of a detached signature.
type Payload struct{ Sets []Set }

// Set is a list of hashes, one for each leading part, and who signed it.
type Set struct {
	Hashes  []Hash
	Records []Record
}

// Record is one signature. Neither the key id nor the algorithm is signed.
type Record struct {
	KeyID []byte
	Alg   byte
	// Rest is what follows the algorithm, byte for byte: for Ed25519 a length, the
	// signature, and certificates that one tool appends. For an algorithm that is
	// unknown here it is opaque.
	Rest []byte
}

// Parse reads a payload. Every number has one spelling, every length is exact
// and nothing may follow, so that Parse and [Payload.Marshal] are inverse.
func Parse(data []byte) (*Payload, error) {
	if len(data) > MaxPayload {
		return nil, syntax("%d bytes, and at most %d are read", len(data), MaxPayload)
	}
	rest, ok := bytes.CutPrefix(data, []byte(payloadHead))
	if !ok {
		return nil, syntax("it does not begin with version 1, content type 1, hash function 1")
	}
	r := reader{rest}
	p := &Payload{}
	n, err := r.count("sets", MaxSets)
	if err != nil {
		return nil, err
	}
	budget := uint32(MaxSignatures)
	for range n {
		set, err := r.set(&budget)
		if err != nil {
			return nil, err
		}
		p.Sets = append(p.Sets, set)
	}
	// "The last signature must end at the last byte": nobody signed what follows.
	if len(r.b) > 0 {
		return nil, syntax("%d bytes follow the last set", len(r.b))
	}
	return p, nil
}

// reader takes fields off the front of b.
type reader struct{ b []byte }

// number reads an unsigned LEB128 of at most 32 bits in its shortest form: no
// tool writes another, and two spellings of one payload would be two payloads.
func (r *reader) number(what string) (uint32, error) {
	var v uint64
	for i, c := range r.b[:min(len(r.b), 5)] {
		v |= uint64(c&0x7f) << (7 * i)
		if c >= 0x80 {
			continue
		}
		if v>>32 != 0 || (c == 0 && i > 0) {
			return 0, syntax("the number of %s is not written in the one way it should be", what)
		}
		r.b = r.b[i+1:]
		return uint32(v), nil
	}
	return 0, syntax("the number of %s is cut short or too long", what)
}

// count reads a number of things of which there is at least one.
func (r *reader) count(what string, most uint32) (uint32, error) {
	n, err := r.number(what)
	switch {
	case err != nil:
		return 0, err
	case n == 0 && what != "hashes":
		return 0, syntax("%w", errNoSignatures)
	case n == 0:
		// A signature over no hash would be good for every module.
		return 0, syntax("a set without a hash")
	case n > most:
		return 0, syntax("%d %s, and at most %d are read", n, what, most)
	}
	return n, nil
}

// take takes n bytes.
func (r *reader) take(what string, n uint32) ([]byte, error) {
	if uint64(n) > uint64(len(r.b)) {
		return nil, syntax("%s of %d bytes, and %d are left", what, n, len(r.b))
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b, nil
}

// block takes a length and so many bytes.
func (r *reader) block(what string) (reader, error) {
	n, err := r.number("bytes of " + what)
	if err != nil {
		return reader{}, err
	}
	b, err := r.take(what, n)
	return reader{b}, err
}

func (r *reader) set(budget *uint32) (Set, error) {
	var set Set
	in, err := r.block("a set")
	if err != nil {
		return set, err
	}
	n, err := in.count("hashes", MaxHashes)
	if err != nil {
		return set, err
	}
	for range n {
		h, err := in.take("a hash", sha256.Size)
		if err != nil {
			return set, err
		}
		set.Hashes = append(set.Hashes, Hash(h))
	}
	if n, err = in.count("signatures", *budget); err != nil {
		return set, err
	}
	*budget -= n
	for range n {
		rec, err := in.record()
		if err != nil {
			return set, err
		}
		set.Records = append(set.Records, rec)
	}
	if len(in.b) > 0 { // as behind the last set
		return set, syntax("%d bytes follow the last signature of a set", len(in.b))
	}
	return set, nil
}

func (r *reader) record() (Record, error) {
	var rec Record
	in, err := r.block("a signature record")
	if err != nil {
		return rec, err
	}
	id, err := in.block("a key id")
	if err != nil {
		return rec, err
	}
	if len(id.b) > MaxKeyID {
		return rec, syntax("a key id of %d bytes, and at most %d are read", len(id.b), MaxKeyID)
	}
	alg, err := in.take("an algorithm", 1)
	if err != nil {
		return rec, err
	}
	rec = Record{KeyID: id.b, Alg: alg[0], Rest: in.b}
	if rec.Alg == AlgEd25519 {
		_, _, err = rec.ed25519()
	}
	return rec, err
}

// ed25519 splits Rest: the signature, and whatever number of certificates one
// tool appends to it. They are kept and mean nothing here.
func (rec *Record) ed25519() (sig []byte, certificates int, err error) {
	r := reader{rec.Rest}
	s, err := r.block("a signature")
	if err != nil || len(r.b) == 0 {
		return s.b, 0, err
	}
	n, err := r.number("certificates")
	if err != nil {
		return nil, 0, err
	}
	for range n {
		if _, err := r.block("a certificate"); err != nil {
			return nil, 0, err
		}
	}
	if len(r.b) > 0 {
		return nil, 0, syntax("%d bytes follow a signature", len(r.b))
	}
	return s.b, int(n), nil
}

// usable is the record's Ed25519 signature, or why it is not one to check.
func (rec *Record) usable() ([]byte, error) {
	if rec.Alg != AlgEd25519 {
		return nil, fmt.Errorf("signature algorithm %#02x is unknown here", rec.Alg)
	}
	sig, _, err := rec.ed25519()
	if err == nil && len(sig) != key.SignatureSize {
		err = fmt.Errorf("an Ed25519 signature of %d bytes, and it has %d", len(sig), key.SignatureSize)
	}
	return sig, err
}

// Message is what a signature of the set signs: the domain "wasmsig", the three
// head bytes and all hashes.
func (s *Set) Message() []byte {
	m := []byte("wasmsig" + payloadHead)
	for _, h := range s.Hashes {
		m = append(m, h[:]...)
	}
	return m
}

// check holds a payload to the limits that [Parse] would find exceeded.
func (p *Payload) check() error {
	if len(p.Sets) > MaxSets {
		return fmt.Errorf("%d sets of signatures, and at most %d fit: strip those that cover nothing any more", len(p.Sets), MaxSets)
	}
	total := 0
	for _, s := range p.Sets {
		if len(s.Hashes) > MaxHashes {
			return fmt.Errorf("%d parts, and at most %d can be signed", len(s.Hashes), MaxHashes)
		}
		total += len(s.Records)
	}
	if total > MaxSignatures {
		return fmt.Errorf("%d signatures, and at most %d fit", total, MaxSignatures)
	}
	return nil
}

// Marshal writes the payload. It refuses what [Parse] would refuse.
func (p *Payload) Marshal() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	out := wasmbin.AppendLEB([]byte(payloadHead), uint32(len(p.Sets)))
	for _, s := range p.Sets {
		out = appendBlock(out, s.marshal())
	}
	if _, err := Parse(out); err != nil {
		return nil, fmt.Errorf("writing signatures: %w", err)
	}
	return out, nil
}

func (s *Set) marshal() []byte {
	b := wasmbin.AppendLEB(nil, uint32(len(s.Hashes)))
	for _, h := range s.Hashes {
		b = append(b, h[:]...)
	}
	b = wasmbin.AppendLEB(b, uint32(len(s.Records)))
	for _, rec := range s.Records {
		r := append(appendBlock(nil, rec.KeyID), rec.Alg)
		b = appendBlock(b, append(r, rec.Rest...))
	}
	return b
}

func appendBlock(b, block []byte) []byte {
	return append(wasmbin.AppendLEB(b, uint32(len(block))), block...)
}

// newRecord is the record of an Ed25519 signature.
func newRecord(by key.Public, sig []byte) Record {
	return Record{KeyID: by.WasmsignID(), Alg: AlgEd25519, Rest: appendBlock(nil, sig)}
}
