// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// The reasons why a signature is not good.
var (
	errChanged   = errors.New("the module changed after it was signed, or the signature is of another module")
	errReencoded = errors.New("it matches the module only as another tool would write it, with shorter section sizes: sign these bytes, or verify the file that the tool wrote")
	errSwapped   = errors.New("the signature section changed while the module was read")
)

// Check proves that the anchor signed, and how much of the artifact.
func (s *signature) Check(_ context.Context, a *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	if a.IsRemembered() {
		return s.checkRemembered(a, by)
	}
	m, ok := a.Meter(scanMeter).(*scan)
	if !ok {
		return sealwax.Claim{}, errNotRead
	}
	if err := s.readable(m); err != nil {
		return sealwax.Claim{}, err
	}
	// What a set of hashes covers is settled before any work with a key: a
	// signature over other bytes is never looked at.
	n, err := m.match(s.set.Hashes)
	if err != nil {
		return sealwax.Claim{}, err
	}
	if err := s.signedBy(by.Key); err != nil {
		return sealwax.Claim{}, err
	}
	return sealwax.Claim{By: by, Format: Name, Source: s.source, Covers: m.coverage(n), Carry: s.payload}, nil
}

// readable refuses artifacts of which no module signature can speak.
func (s *signature) readable(m *scan) error {
	// "Well-framed to the last byte", and "section bodies fit the kind": the
	// signature does not cover the preamble, so nothing else binds the two.
	if err := m.wellFormed(); err != nil {
		return &sealwax.CodedError{Code: sealwax.CodeArtifactMalformed, Err: err}
	}
	if err := m.placed(); err != nil {
		return &sealwax.CodedError{Code: sealwax.CodeSignatureMalformed, Err: err}
	}
	if err := m.unlisted(); err != nil {
		return &sealwax.CodedError{Code: sealwax.CodeArtifactMalformed, Err: err}
	}
	if s.source == sealwax.Embedded && !bytes.Equal(m.payload.b, s.payload) {
		return errSwapped
	}
	return nil
}

// match is how many leading parts a list of hashes covers, at least one.
func (s *scan) match(hashes []Hash) (int, error) {
	s.finish()
	if n := s.raw.covered(hashes); n > 0 {
		return n, nil
	}
	if s.reencoded != nil && s.reencoded.covered(hashes) > 0 {
		return 0, &sealwax.CodedError{Code: sealwax.CodeSignatureReencoded, Err: errReencoded}
	}
	return 0, errChanged
}

var _ sealwax.Diagnoser = (*signature)(nil)

// Diagnose tells a module that was changed from one that was signed as another
// tool would write it: "a signature that matches only a re-encoded form is
// refused, with its own finding", since those are not the bytes that anybody will
// use. Only for that the content is read and hashed once more, and once for all
// signatures.
func (s *signature) Diagnose(ctx context.Context, a *sealwax.Artifact, refusal error) error {
	m, ok := a.Meter(scanMeter).(*scan)
	if !ok || !errors.Is(refusal, errChanged) || !m.padded || m.reencode {
		return refusal
	}
	if m.second == nil {
		m.second = newThoroughScan()
		if err := copyAll(ctx, m.second, a); err != nil {
			return refusal
		}
		m.second.finish()
	}
	if _, err := m.second.match(s.set.Hashes); err != nil {
		return err
	}
	return refusal
}

// copyAll writes an artifact's content to w, until ctx is done.
func copyAll(ctx context.Context, w io.Writer, a *sealwax.Artifact) error {
	buf := make([]byte, 1<<20)
	for off := int64(0); off < a.Size(); off += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := buf[:min(int64(len(buf)), a.Size()-off)]
		if _, err := a.ReadAt(p, off); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// signedBy checks the signature. The key id is a hint: a wrong one does not hide
// a good signature, and one that is the key's own says whose a bad one is.
func (s *signature) signedBy(k key.Public) error {
	err := k.Verify(s.set.Message(), s.sig)
	switch {
	case err == nil:
		return nil
	case !k.IsZero() && bytes.Equal(s.keyID, k.WasmsignID()):
		return fmt.Errorf("it carries the id of this key, and was not made by it: %w", err)
	}
	return fmt.Errorf("%w: %w", sealwax.ErrOtherSigner, err)
}
