// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile

import (
	"context"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/internal/sealedmem"
	"github.com/sealwax/sealwax/trust"
)

// check sends what was made down the road: the signer has to vouch for it as
// native code, and everybody whose signature was carried along for its source.
func (p *Passed) check(ctx context.Context, signed *sealedmem.File, made *Made) error {
	a, err := sealwax.NewArtifact(p.codeName(), signed, nil)
	if err != nil {
		return err
	}
	by := sealwax.Anchor{Key: p.gate.Signer.Public(), Role: sealwax.RoleNative, Origin: "the signing key"}
	native := sealwax.Quorum{Need: 1, Members: []sealwax.Member{{Signer: by.Signer(), Role: by.Role}}}
	sources := p.signers()
	policy := &sealwax.Policy{Need: sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{native, everybody(sources)}}}
	if len(sources) == 0 {
		policy = &sealwax.Policy{Need: native, AnySource: true}
	}
	v := &sealwax.Verifier{Formats: p.formats(), Trust: trust.Keys(append(sources, by)), Now: p.gate.now, Digests: true}
	report, err := v.Verify(ctx, a, policy)
	if err != nil {
		return err
	}
	t, err := trailer.Read(a, a.Size())
	if err != nil {
		return err
	}
	made.Statement, made.Size, made.Digest = t.Statement, a.Size(), report.Artifact.Digest
	return nil
}

// signers are those whose signatures on the source are carried along, in the role
// in which those speak.
func (p *Passed) signers() []sealwax.Anchor {
	var out []sealwax.Anchor
	for _, c := range carriable(p.counted()) {
		by := c.By
		by.Role = sealwax.RoleRelease
		if !slices.ContainsFunc(out, func(o sealwax.Anchor) bool { return o.Signer() == by.Signer() }) {
			out = append(out, by)
		}
	}
	return out
}

// everybody is the quorum of all of them.
func everybody(anchors []sealwax.Anchor) sealwax.Quorum {
	q := sealwax.Quorum{Need: len(anchors)}
	for _, a := range anchors {
		q.Members = append(q.Members, sealwax.Member{Signer: a.Signer(), Role: a.Role})
	}
	return q
}
