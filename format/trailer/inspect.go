// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealwax/sealwax"
)

var _ sealwax.Inspector = Format{}

// Inspect lists the signature at the end of native code with what it states, and
// those that it carries along.
func (f Format) Inspect(ctx context.Context, a *sealwax.Artifact, into *sealwax.Inspection) error {
	if !isNative(a) {
		return nil
	}
	fr, err := read(a)
	switch {
	case errors.Is(err, ErrNone):
		return nil
	case errors.Is(err, ErrSyntax):
		into.Problems = append(into.Problems, fmt.Sprintf("%s: %v", sealwax.Embedded, err))
		return nil
	case err != nil:
		return err
	}
	into.Signatures = append(into.Signatures, fr.describe())
	carried, err := f.findCarried(ctx, fr)
	if err != nil {
		return err
	}
	for _, c := range carried {
		into.Signatures = append(into.Signatures, describeCarried(c.sig))
	}
	if a.Kind() == sealwax.KindCompiled {
		into.NotProven = append(into.NotProven, "that the code was made from the source that its signature names: that is the signer's word")
	}
	return nil
}

func (f *frame) describe() sealwax.FoundSignature {
	out := sealwax.FoundSignature{
		Format: Name, Source: sealwax.Embedded, Algorithm: "ed25519 over blake2b-512", KeyID: f.keyID.String(),
		Covers: fmt.Sprintf("the first %d bytes, which are all but the signature", f.original),
	}
	st, err := f.parse()
	if err != nil {
		out.Comment, out.Problem = f.statement, err.Error()
		return out
	}
	out.Fields = st.fields()
	return out
}

func describeCarried(s sealwax.Signature) sealwax.FoundSignature {
	h := s.Hint()
	out := sealwax.FoundSignature{Format: h.Format, Source: h.Source, KeyID: h.Label, Covers: "the source that was compiled, if it is by its signer"}
	if b, ok := s.(*sealwax.Broken); ok {
		out.Covers, out.Problem = "nothing", b.Reason.Error()
	}
	return out
}
