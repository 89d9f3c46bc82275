// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/blake2b"
)

// The hashes of an original.
const (
	sumBLAKE2b = "blake2b-512"
	sumSHA256  = "sha256"
)

// meter hashes the original and keeps what follows it: what was read must be what
// was found.
type meter struct {
	left int64
	h    hash.Hash
	tail []byte
	most int // how much tail is kept at most
}

// Write implements [sealwax.Meter].
func (m *meter) Write(p []byte) (int, error) {
	n := min(m.left, int64(len(p)))
	m.h.Write(p[:n])
	m.left -= n
	if rest := p[n:]; len(rest) > 0 {
		m.tail = append(m.tail, rest[:min(len(rest), m.most-len(m.tail))]...)
	}
	return len(p), nil
}

func (f *frame) meterID(name string) string { return fmt.Sprintf("trailer:%d:%s", f.original, name) }

// plan asks for a hash of the original.
func (f *frame) plan(a *sealwax.Artifact, name string) {
	a.Plan(f.meterID(name), func() sealwax.Meter {
		h := sha256.New()
		if name == sumBLAKE2b {
			h = blake2b.New512()
		}
		return &meter{left: f.original, h: h, most: MaxPayload + footerSize}
	})
}

// errSwapped is for files that change under our hands.
var errSwapped = errors.New("the signature at the end changed while the file was read")

// sum is a hash of the original, of the very bytes that the trailer follows.
func (f *frame) sum(a *sealwax.Artifact, name string) ([]byte, error) {
	m, ok := a.Meter(f.meterID(name)).(*meter)
	if !ok {
		return nil, errors.New("the file was not hashed")
	}
	if !bytes.Equal(m.tail, f.tail) { // there is none behind an original that is cut short
		return nil, errSwapped
	}
	return m.h.Sum(nil), nil
}
