// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/blake2b"
	"github.com/sealwax/sealwax/key"
)

// Name is the format's name in hints, claims and reports.
const Name = "minisign"

// Extension is the usual ending of a signature file's name.
const Extension = ".minisig"

const hashName = "blake2b-512"

// Format is minisign. It has no settings: its zero value is ready.
type Format struct{}

var (
	_ sealwax.Format    = Format{}
	_ sealwax.Maker     = Format{}
	_ sealwax.Inspector = Format{}
)

// Name is "minisign".
func (Format) Name() string { return Name }

// Find reads the companions that look like minisign signatures, by content and
// by name; one that cannot be read is broken.
func (Format) Find(ctx context.Context, a *sealwax.Artifact) ([]sealwax.Signature, error) {
	companions, err := a.Companions(ctx)
	if err != nil {
		return nil, err
	}
	var found []sealwax.Signature
	for _, c := range companions {
		if c.Err != nil || !looksLike(c) {
			continue
		}
		f, err := Parse(c.Data)
		if err != nil {
			found = append(found, &sealwax.Broken{Format: Name, Source: c.Name, Reason: err})
			continue
		}
		found = append(found, &signature{file: f, source: c.Name})
	}
	return found, nil
}

func looksLike(c sealwax.Companion) bool {
	return (strings.HasSuffix(c.Name, Extension) && !bytes.HasPrefix(c.Data, []byte{1})) || // 1: a wasmsig payload
		bytes.HasPrefix(c.Data, []byte("untrusted comment:")) ||
		bytes.Contains(c.Data, []byte("\n"+trustedPrefix))
}

// signature is one signature file beside an artifact.
type signature struct {
	file   *File
	source string
}

// Hint carries the key id, which nothing signs. A statement about native code
// speaks in no other role than that of those who sign native code.
func (s *signature) Hint() sealwax.Hint {
	h := sealwax.Hint{
		Format: Name, Source: s.source, KeyID: s.file.KeyID[:],
		Label: s.file.KeyID.String(), Legacy: s.file.Legacy,
	}
	if isStatement(s.file.Trusted) {
		h.Role = sealwax.RoleNative
	}
	return h
}

// Plan asks for the file's hash, or for one streaming check per candidate key
// where the file itself was signed.
func (s *signature) Plan(a *sealwax.Artifact, by []sealwax.Anchor) {
	for _, anchor := range by {
		if anchor.Key.MinisignID() != s.file.KeyID {
			continue
		}
		if !s.file.Legacy {
			a.PlanHash(hashName, blake2b.New512)
			return
		}
		a.Plan(s.streamID(anchor.Key), func() sealwax.Meter { return anchor.Key.NewStream(s.file.Signature[:]) })
	}
}

func (s *signature) streamID(k key.Public) string {
	return "minisign-legacy:" + string(k.Fingerprint()) + ":" + hex.EncodeToString(s.file.Signature[:])
}

// Check proves the file's signature and then the trusted comment's.
func (s *signature) Check(_ context.Context, a *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	// minisign(1): the key id of the signature must be the public key's own.
	if by.Key.IsZero() || by.Key.MinisignID() != s.file.KeyID {
		return sealwax.Claim{}, sealwax.ErrOtherSigner
	}
	if err := s.checkFile(a, by.Key); err != nil {
		return sealwax.Claim{}, err
	}
	// The global signature covers "the signature and the trusted comment".
	if err := by.Key.Verify(s.file.globalMessage(), s.file.Global[:]); err != nil {
		return sealwax.Claim{}, fmt.Errorf("the trusted comment was changed: %w", err)
	}
	fields, text := ParseComment(s.file.Trusted)
	return sealwax.Claim{
		By: by, Format: Name, Source: s.source, Covers: sealwax.Coverage{Whole: true},
		Comment: text, Fields: fields, Carry: s.carry(),
	}, nil
}

// carry is the file without its unsigned line, so that there is one text for one
// signature. A legacy signature proves nothing without the file's bytes.
func (s *signature) carry() []byte {
	if s.file.Legacy {
		return nil
	}
	f := *s.file
	f.Untrusted = "minisign signature by key " + f.KeyID.String()
	return f.Marshal()
}

var _ sealwax.Rememberer = Format{}

// Remember plans the one hash that prehashed signatures are made over.
func (Format) Remember(a *sealwax.Artifact) func() (sealwax.Remembered, error) {
	a.PlanHash(hashName, blake2b.New512)
	return func() (sealwax.Remembered, error) {
		sum := a.Sum(hashName)
		if sum == nil {
			return nil, errors.New("the file was not hashed")
		}
		return sealwax.Remembered{hashName: sum}, nil
	}
}

func (s *signature) checkFile(a *sealwax.Artifact, k key.Public) error {
	if s.file.Legacy {
		return s.checkLegacy(a, k)
	}
	sum := a.Sum(hashName)
	if sum == nil {
		return errors.New("the file was not hashed")
	}
	if err := k.Verify(sum, s.file.Signature[:]); err != nil {
		return fmt.Errorf("the file or its signature was changed: %w", err)
	}
	return nil
}

// digestSize is the length of what a prehashed signature signs.
const digestSize = 64

func (s *signature) checkLegacy(a *sealwax.Artifact, k key.Public) error {
	if a.IsRemembered() {
		return errors.New("a legacy signature is made over the file itself, and only its digests are at hand: sign the file anew")
	}
	// A prehashed signature of some file is, byte for byte, a legacy signature
	// of the 64 bytes of that file's digest: so no such file is accepted.
	if a.Size() == digestSize {
		return &sealwax.CodedError{
			Code:  sealwax.CodeSignatureLegacy,
			Final: true,
			Err:   errors.New("a legacy signature of a 64-byte file cannot be told from a signature of another file's digest"),
		}
	}
	stream, ok := a.Meter(s.streamID(k)).(*key.Stream)
	if !ok {
		return errors.New("the file was not read for this key")
	}
	if err := stream.Verify(); err != nil {
		return fmt.Errorf("the file or its signature was changed: %w", err)
	}
	return nil
}

// Make signs the artifact's BLAKE2b-512 and a trusted comment made of o (see
// [FormatComment]).
func (Format) Make(ctx context.Context, a *sealwax.Artifact, by key.Signer, o sealwax.SignOptions) ([]byte, error) {
	trusted, err := FormatComment(a.Name(), o)
	if err != nil {
		return nil, err
	}
	a.PlanHash(hashName, blake2b.New512)
	if err := a.Read(ctx); err != nil {
		return nil, err
	}
	f := &File{KeyID: by.Public().MinisignID(), Trusted: trusted}
	f.Untrusted = "minisign signature by key " + f.KeyID.String()
	if f.Signature, err = key.SignEd25519(ctx, by, a.Sum(hashName)); err != nil {
		return nil, err
	}
	if f.Global, err = key.SignEd25519(ctx, by, f.globalMessage()); err != nil {
		return nil, err
	}
	return f.Marshal(), nil
}

// Inspect lists the minisign signatures beside the artifact.
func (Format) Inspect(ctx context.Context, a *sealwax.Artifact, into *sealwax.Inspection) error {
	found, err := Format{}.Find(ctx, a)
	if err != nil {
		return err
	}
	for _, s := range found {
		into.Signatures = append(into.Signatures, describe(s))
	}
	return nil
}

func describe(s sealwax.Signature) sealwax.FoundSignature {
	sig, ok := s.(*signature)
	if !ok {
		b, _ := s.(*sealwax.Broken)
		return sealwax.FoundSignature{Format: Name, Source: s.Hint().Source, Covers: "nothing", Problem: b.Reason.Error()}
	}
	fields, text := ParseComment(sig.file.Trusted)
	out := sealwax.FoundSignature{
		Format: Name, Source: sig.source, Algorithm: "ed25519 over blake2b-512", KeyID: sig.file.KeyID.String(),
		Covers: "unknown without the key", Comment: text, Fields: fields,
	}
	if sig.file.Legacy {
		out.Algorithm = "ed25519 over the file itself (legacy)"
	}
	return out
}
