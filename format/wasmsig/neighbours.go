// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"io"

	"github.com/sealwax/sealwax/internal/wasmbin"
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

// classify says whose a payload is that [Parse] does not read, or "".
func classify(payload []byte) string {
	switch {
	case bytes.HasPrefix(payload, []byte("\x02\x02")):
		return neighbourSigil
	case frehberg(payload):
		return neighbourFrehberg
	case layout{head: 3, lengths: true}.reads(payload):
		return neighbourOld
	case layout{head: 3, alg: true}.reads(payload):
		return neighbourSpec
	case layout{head: 2, alg: true}.reads(payload), layout{head: 2, lengths: true, alg: true}.reads(payload):
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
	head    int  // bytes before the number of sets: version, content type, hash
	lengths bool // a length before each set and each record
	alg     bool // an algorithm id in each record
}

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
	if err == nil {
		_, err = in.take("hashes", uint32(n)*32)
	}
	if err != nil {
		return err
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
	if l.alg {
		if _, err := in.take("an algorithm", 1); err != nil {
			return err
		}
	}
	sig, err := in.block("a signature")
	if err != nil {
		return err
	}
	// 64 bytes, or 65 where the algorithm is the first of them.
	if n := len(sig.b); n != 64 && n != 65 {
		return syntax("a signature of %d bytes", n)
	}
	return done()
}

var _ wasmbin.Visitor = (*form)(nil)
