// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"crypto/sha256"
	"io"

	"github.com/sealwax/sealwax/internal/wasmbin"
	"github.com/sealwax/sealwax/key"
)

// maxNeighbours is how many sections of neighbours are named.
const maxNeighbours = 16

// The neighbours: what other tools write, recognised so that a person is told
// what is there. None is verified.
const (
	neighbourSigil      = "a keyless signature of sigil"
	neighbourSpec       = "a module signature in the layout of the published text, which no tool writes"
	neighbourOld        = "a module signature of wasmsig 0.1.x"
	neighbourOldest     = "a module signature in the layout of 2021"
	neighbourFrehberg   = "an ECDSA signature of wasm-sign"
	neighbourCertified  = "a signature with certificates of sigil"
	neighbourWasmsignV1 = "a signature of wasmsign v1"
)

// sectionNeighbour is the tool that a custom section of this name is from, or "".
func sectionNeighbour(name string) string {
	switch name {
	case "signature_wasmsign":
		return neighbourWasmsignV1
	case "wasmcloud_jwt", "jwt":
		return "a claim token of wascap"
	case "duckdb_signature":
		return "a signature of a DuckDB extension"
	case "wasm-cosign":
		return "signature material of cosign"
	}
	return ""
}

// read is [Parse] for a first look: if the payload is another tool's, neighbour
// says whose, and there is nothing to check.
func read(payload []byte) (p *Payload, neighbour string, err error) {
	if p, err = Parse(payload); err != nil {
		return nil, classify(payload), err
	}
	if p.old() {
		return nil, neighbourOld, nil
	}
	return p, "", nil
}

// old reports whether every record lacks the algorithm, as those of wasmsig 0.1.x
// do: the length of the signature stands where it should be.
func (p *Payload) old() bool {
	for _, set := range p.Sets {
		for _, rec := range set.Records {
			if rec.Alg != key.SignatureSize || len(rec.Rest) != key.SignatureSize {
				return false
			}
		}
	}
	return true
}

// classify says whose a payload is that [Parse] does not read, or "".
func classify(payload []byte) string {
	switch {
	case bytes.HasPrefix(payload, []byte("\x02\x02")):
		return neighbourSigil
	case frehberg(payload):
		return neighbourFrehberg
	case layout{head: 3}.reads(payload):
		return neighbourSpec
	case layout{head: 2}.reads(payload), layout{head: 2, lengths: true}.reads(payload):
		return neighbourOldest
	}
	return ""
}

// The section of wasm-sign is always this long: a version of zero, a length, a
// DER signature and zeros.
const (
	frehbergSection = 118
	frehbergPayload = 106
)

func frehberg(payload []byte) bool {
	return len(payload) == frehbergPayload && payload[0] == 0 && payload[1] <= frehbergPayload-2 && payload[2] == 0x30
}

// tail recognises a signature of wasm-sign, which is called "signature" too and
// is the last section.
func (o *outline) tail(r io.ReaderAt) error {
	if !o.last.Custom(signatureSection) || o.last.Size() != frehbergSection {
		return nil
	}
	payload, err := readAt(r, o.last.Payload, o.last.End-o.last.Payload)
	if err != nil {
		return err
	}
	if frehberg(payload) {
		o.neighbours = append(o.neighbours, neighbourFrehberg)
	}
	return nil
}

// tailIsForeign reports whether the one signature section is that of wasm-sign.
func (o *outline) tailIsForeign() bool {
	n := len(o.neighbours)
	return n > 0 && o.neighbours[n-1] == neighbourFrehberg && (o.count == 1 || o.form.sig == nil && o.form.misplaced.Offset == o.last.Offset)
}

// layout is a way of writing the payload that is not the one of [Parse].
type layout struct {
	// head is how many bytes stand before the number of sets: version, content type
	// and hash function, or in 2021 version and hash function. Then the algorithm
	// was the first byte of the signature.
	head    int
	lengths bool // a length before each set and each record
}

func (l layout) of2021() bool { return l.head == 2 }

// reads reports whether the payload is written so, to its last byte.
func (l layout) reads(payload []byte) bool {
	if len(payload) < l.head || payload[0] != 1 {
		return false
	}
	r := reader{payload[l.head:]}
	sets, err := r.count("sets", MaxSets)
	for range sets {
		err = l.set(&r)
		if err != nil {
			break
		}
	}
	return err == nil && len(r.b) == 0
}

func (l layout) set(r *reader) error {
	in, done, err := l.enter(r)
	if err != nil {
		return err
	}
	n, err := in.count("hashes", MaxHashes)
	if err != nil {
		return err
	}
	for range n {
		if _, err := in.take("a hash", sha256.Size); err != nil {
			return err
		}
	}
	if n, err = in.count("signatures", MaxSignatures); err != nil {
		return err
	}
	for range n {
		if err := l.record(in); err != nil {
			return err
		}
	}
	return done()
}

// enter goes into a block if this layout has lengths; done checks its end.
func (l layout) enter(r *reader) (in *reader, done func() error, err error) {
	if !l.lengths {
		return r, func() error { return nil }, nil
	}
	block, err := r.block("a block")
	in = &block
	return in, func() error {
		if len(in.b) > 0 {
			return syntax("%d bytes too many", len(in.b))
		}
		return nil
	}, err
}

func (l layout) record(r *reader) error {
	in, done, err := l.enter(r)
	if err != nil {
		return err
	}
	if _, err := in.block("a key id"); err != nil {
		return err
	}
	size := key.SignatureSize + 1
	if !l.of2021() {
		size = key.SignatureSize
		if _, err := in.take("an algorithm", 1); err != nil {
			return err
		}
	}
	sig, err := in.block("a signature")
	if err != nil {
		return err
	}
	if len(sig.b) != size {
		return syntax("a signature of %d bytes", len(sig.b))
	}
	return done()
}

var _ wasmbin.Visitor = (*form)(nil)
