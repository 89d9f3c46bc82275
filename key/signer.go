// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
)

// Scheme says how a message is signed. The zero value is no scheme: a signer
// refuses it.
type Scheme string

// SchemeEd25519 is pure Ed25519 (RFC 8032) over [SignRequest.Message]. Formats
// that prehash (minisign) pass the digest as the message.
const SchemeEd25519 Scheme = "ed25519"

// SignRequest is what a [Signer] is asked to sign. Formats hash what is large,
// so that a request is small whatever is being signed.
type SignRequest struct {
	Scheme Scheme
	// Message is the whole message, for schemes that sign one (Ed25519).
	Message []byte
	// Digest is the message's digest, for schemes that sign one (ECDSA, RSA).
	Digest []byte
}

// Signer makes signatures with one key. Implementations: [Secret], [AgentKey].
// Sign must return a signature that [Signer.Public] verifies, or an error.
type Signer interface {
	Public() Public
	Sign(ctx context.Context, r SignRequest) ([]byte, error)
}

// ErrScheme is wrapped when a signer is asked for a scheme that is not its own.
var ErrScheme = errors.New("this key cannot sign with that scheme")

// Secret is a secret key in memory. It prints as its fingerprint.
type Secret struct {
	pub  Public
	priv ed25519.PrivateKey
}

var _ Signer = (*Secret)(nil)

// Generate makes a new Ed25519 key from random bytes.
func Generate(random io.Reader) (*Secret, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return NewSecret(seed)
}

// NewSecret is the key of a 32-byte Ed25519 seed (RFC 8032 section 5.1.5).
func NewSecret(seed []byte) (*Secret, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("secret key: seed of %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	priv := ed25519.NewKeyFromSeed(seed)
	pub, err := NewEd25519(priv[ed25519.SeedSize:])
	if err != nil {
		return nil, err
	}
	return &Secret{pub: pub, priv: priv}, nil
}

// WithID returns the same key under the minisign key id that its file carried.
func (s *Secret) WithID(id ID) *Secret {
	return &Secret{pub: s.pub.WithID(id), priv: s.priv}
}

// Public is the key's public half.
func (s *Secret) Public() Public { return s.pub }

// Seed is the 32-byte secret itself: for writing key files, never for printing.
func (s *Secret) Seed() []byte { return s.priv.Seed() }

// Sign signs r.Message. It is deterministic (RFC 8032).
func (s *Secret) Sign(_ context.Context, r SignRequest) ([]byte, error) {
	if r.Scheme != SchemeEd25519 || r.Digest != nil {
		return nil, fmt.Errorf("%w: %q", ErrScheme, r.Scheme)
	}
	if len(s.priv) != ed25519.PrivateKeySize {
		return nil, errors.New("signing: no key")
	}
	return ed25519.Sign(s.priv, r.Message), nil
}

// SignEd25519 asks a signer for the Ed25519 signature of a message, and holds what it
// gives to the rule of verification before anybody else meets it: a signer may be a
// device or another process.
func SignEd25519(ctx context.Context, by Signer, message []byte) (sig [SignatureSize]byte, err error) {
	given, err := by.Sign(ctx, SignRequest{Scheme: SchemeEd25519, Message: message})
	if err != nil {
		return sig, fmt.Errorf("signing: %w", err)
	}
	if err := by.Public().Verify(message, given); err != nil {
		return sig, fmt.Errorf("signing: the signer %s gave a signature that does not verify: %w", by.Public(), err)
	}
	copy(sig[:], given) // what verifies has this length
	return sig, nil
}

// String is the public fingerprint: a Secret never prints its secret.
func (s Secret) String() string { return s.pub.String() }

// GoString is the public fingerprint, so that %#v shows no secret either.
func (s Secret) GoString() string { return s.pub.String() }

// Format prints the public fingerprint whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.pub.String()) }
