// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwax/sealwax"
)

// signature is the signer's own, of native code.
type signature struct {
	*frame
	labels []string // what the carried signatures carry as their keys
}

var _ sealwax.Signature = (*signature)(nil)

// Hint carries the key id. Whoever made it, such a signature speaks of native code
// and in no other role.
func (s *signature) Hint() sealwax.Hint {
	return sealwax.Hint{
		Format: Name, Source: sealwax.Embedded, KeyID: s.keyID[:], Label: s.keyID.String(), Role: sealwax.RoleNative,
	}
}

// Plan asks for the original's hash.
func (s *signature) Plan(a *sealwax.Artifact, by []sealwax.Anchor) {
	own := func(b sealwax.Anchor) bool { return b.Key.MinisignID() == s.keyID }
	if slices.ContainsFunc(by, own) {
		s.plan(a, sumBLAKE2b)
	}
}

// Check proves the original's signature, then the statement's, and only then
// reads the statement.
func (s *signature) Check(_ context.Context, a *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	// minisign(1): the key id of the signature must be the public key's own.
	if by.Key.IsZero() || by.Key.MinisignID() != s.keyID {
		return sealwax.Claim{}, sealwax.ErrOtherSigner
	}
	sum, err := s.sum(a, sumBLAKE2b)
	if err != nil {
		return sealwax.Claim{}, err
	}
	if err := by.Key.Verify(sum, s.frame.signature[:]); err != nil {
		return sealwax.Claim{}, fmt.Errorf("the file or its signature was changed: %w", err)
	}
	// "Checked by the global signature before it is parsed."
	if err := by.Key.Verify(s.globalMessage(), s.global[:]); err != nil {
		return sealwax.Claim{}, fmt.Errorf("the statement was changed: %w", err)
	}
	st, err := s.parse()
	if err != nil {
		return sealwax.Claim{}, malformed(err)
	}
	if err := s.agrees(st, a.Kind(), sum); err != nil {
		return sealwax.Claim{}, malformed(err)
	}
	return sealwax.Claim{
		By: by, Format: Name, Source: sealwax.Embedded, Covers: sealwax.Coverage{Whole: true},
		Fields: st.fields(), From: st.Source,
	}, nil
}

func malformed(err error) error {
	return &sealwax.CodedError{Code: sealwax.CodeSignatureMalformed, Err: err}
}

// agrees holds what a proven statement says of its own file to that file.
func (s *signature) agrees(st *Statement, kind sealwax.Kind, sum []byte) error {
	switch {
	// "kind decides the door."
	case !st.speaksOf(kind):
		return fmt.Errorf("the statement is for %s, and this is %s", sealwax.Kind(st.Kind).Noun(), kind.Noun())
	case st.Key != s.keyID:
		return fmt.Errorf("the statement names the key %s, and the signature %s", st.Key, s.keyID)
	case st.Length != s.original:
		return fmt.Errorf("the statement is for %d bytes, and %d are signed", st.Length, s.original)
	case st.BLAKE2b512 != hex.EncodeToString(sum):
		return errors.New("the statement is for other bytes than the signature")
	}
	return s.carriedAs(st, s.labels)
}

// carriedAs holds the carried signatures to what the statement says of them.
func (f *frame) carriedAs(st *Statement, labels []string) error {
	// "Binds the block of carried signatures by digest."
	if st.Carried != f.digest {
		return errors.New("the carried signatures are not those that the statement was made with")
	}
	if !slices.Equal(st.SourceKeys, labels) {
		return fmt.Errorf("the carried signatures name the keys %q, and the statement %q", labels, st.SourceKeys)
	}
	return nil
}

// fields are what a claim states, in order.
func (s *Statement) fields() []sealwax.Field {
	out := []sealwax.Field{
		{Name: "kind", Value: string(s.Kind)},
		{Name: "length", Value: strconv.FormatInt(s.Length, 10)},
		{Name: "tool", Value: s.Tool},
		{Name: "timestamp", Value: s.Time.Format(time.RFC3339)},
	}
	if s.Kind != KindCompiled {
		return out
	}
	yes := "no"
	if s.Verified {
		yes = "yes"
	}
	for _, t := range []token{
		{"source", s.Source.Digest},
		{"source-name", s.Source.Name},
		{"source-verified", yes},
		{"engine", s.Engine},
		{"engine-version", s.EngineVersion},
		{"binding", s.Binding},
		{"library", s.Library},
		{"target", s.Target},
		{"cpu", s.CPU},
		{"opt-level", s.OptLevel},
		{"features", strings.Join(s.Features, ",")},
	} {
		if t.value != "" {
			out = append(out, sealwax.Field{Name: t.name, Value: t.value})
		}
	}
	return out
}
