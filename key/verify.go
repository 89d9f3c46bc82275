// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"

	"filippo.io/edwards25519"
)

// SignatureSize is the length of an Ed25519 signature in bytes.
const SignatureSize = ed25519.SignatureSize

// ErrBadSignature is wrapped when a signature is not one that this key made
// over these bytes.
var ErrBadSignature = errors.New("the signature does not match")

// checkPoint holds a public key to RFC 8032 section 5.1.3 as strictly as it can
// be read, and to the rule of libsodium that a key has no small order.
func checkPoint(raw []byte) error {
	if len(raw) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: %d bytes, want %d", ErrWeakKey, len(raw), ed25519.PublicKeySize)
	}
	// RFC 8032 section 5.1.3 step 3: "If no square root exists ... decoding fails".
	p, err := new(edwards25519.Point).SetBytes(raw)
	if err != nil {
		return fmt.Errorf("%w: not a point of the curve", ErrWeakKey)
	}
	// RFC 8032 section 5.1.3 step 1: "If the resulting value is >= p, decoding
	// fails", and step 4: "If x = 0, and x_0 = 1, decoding fails". SetBytes is
	// laxer on both, so the point must encode to the very bytes it came from.
	if !bytes.Equal(p.Bytes(), raw) {
		return fmt.Errorf("%w: the encoding is not canonical", ErrWeakKey)
	}
	if smallOrder(p) {
		return fmt.Errorf("%w: a point of small order, under which anybody can forge", ErrWeakKey)
	}
	return nil
}

// smallOrder reports whether p is one of the eight points that the cofactor
// sends to the identity.
func smallOrder(p *edwards25519.Point) bool {
	return new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 1
}

// Verify returns nil if and only if sig is a signature by p over message:
// Ed25519 as in RFC 8032 section 5.1.7 in its cofactorless form, with canonical
// S, canonical R, and no small-order R. Any failure wraps [ErrBadSignature].
func (p Public) Verify(message, sig []byte) error {
	s := p.NewStream(sig)
	if s.err != nil {
		return s.err
	}
	s.h.Write(message)
	return s.Verify()
}

// checkSignature refuses what can be refused before the message is known.
func (p Public) checkSignature(sig []byte) error {
	if p.alg != Ed25519 {
		return fmt.Errorf("%w: no key to check it with", ErrBadSignature)
	}
	if len(sig) != SignatureSize {
		return fmt.Errorf("%w: %d bytes, want %d", ErrBadSignature, len(sig), SignatureSize)
	}
	// libsodium's rule: R of small order is refused, since such a signature is
	// made without hashing anything that binds the signer.
	r, err := new(edwards25519.Point).SetBytes(sig[:32])
	if err != nil {
		return fmt.Errorf("%w: R is not a point of the curve", ErrBadSignature)
	}
	if smallOrder(r) {
		return fmt.Errorf("%w: R has small order", ErrBadSignature)
	}
	// RFC 8032 section 5.1.7 step 1: "Decode ... S as an integer ... If any of
	// the decodings fail (including S being out of range), the signature is invalid".
	if _, err := edwards25519.NewScalar().SetCanonicalBytes(sig[32:]); err != nil {
		return fmt.Errorf("%w: S is out of range", ErrBadSignature)
	}
	return nil
}

// Stream checks one signature over a message of any size in constant memory:
// write the message once, then ask [Stream.Verify]. It exists for minisign's
// legacy signatures, which sign the file itself.
type Stream struct {
	pub Public
	sig [SignatureSize]byte
	h   hash.Hash
	err error
}

// NewStream starts the check of sig by p. A signature that no message could
// make valid is remembered and refused by [Stream.Verify].
func (p Public) NewStream(sig []byte) *Stream {
	s := &Stream{pub: p, h: sha512.New()}
	if s.err = p.checkSignature(sig); s.err != nil {
		return s
	}
	copy(s.sig[:], sig)
	// RFC 8032 section 5.1.7 step 2: "Compute SHA512(dom2(F, C) || R || A ||
	// PH(M))": for pure Ed25519 dom2 is empty and PH the identity.
	s.h.Write(sig[:32])
	s.h.Write([]byte(p.raw))
	return s
}

// Write takes the next bytes of the message. It never fails. What no message can
// make valid is not hashed either.
func (s *Stream) Write(b []byte) (int, error) {
	if s.err != nil {
		return len(b), nil
	}
	return s.h.Write(b)
}

// Verify reports on the message written so far, exactly as [Public.Verify]
// would on the same bytes.
func (s *Stream) Verify() error {
	if s.err != nil {
		return s.err
	}
	a, err := new(edwards25519.Point).SetBytes([]byte(s.pub.raw))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadSignature, ErrWeakKey)
	}
	sc, err := edwards25519.NewScalar().SetCanonicalBytes(s.sig[32:])
	if err != nil { // mutate:skip checkSignature has refused it
		return fmt.Errorf("%w: %w", ErrBadSignature, err)
	}
	k, err := edwards25519.NewScalar().SetUniformBytes(s.h.Sum(nil))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadSignature, err)
	}
	// Step 3 without the cofactor: [S]B = R + [k]A, so R = [S]B - [k]A. The
	// general multiplication needs none of the tables for B that the special one
	// builds at first use, which is most of the time of verifying one small file
	// (decision 0009).
	b := edwards25519.NewGeneratorPoint()
	r := new(edwards25519.Point).VarTimeMultiScalarMult(
		[]*edwards25519.Scalar{sc, k}, []*edwards25519.Point{b, a.Negate(a)})
	// R is compared as it is encoded, so a non-canonical R cannot pass.
	if !bytes.Equal(r.Bytes(), s.sig[:32]) {
		return ErrBadSignature
	}
	return nil
}
