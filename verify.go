// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Limits of what is looked at for one artifact.
const (
	// MaxSignatures is how many signatures are looked at.
	MaxSignatures = 1024
	// MaxLegacy is how many legacy signatures are: each takes a hash of its own
	// over the whole content.
	MaxLegacy = 8
)

// Verifier is the one road. Its zero value knows no format and trusts nobody,
// so it denies everything.
type Verifier struct {
	// Formats are the formats that are read, usually format.All().
	Formats []Format
	// Trust is who is known. Nil is nobody.
	Trust Trust
	// Now tells the time that expiry is held against. Nil is the system's clock.
	Now func() time.Time
	// Void are the digests of artifacts ([Verifier.Digest]) that never pass,
	// whoever signed them, each with the reason.
	Void map[string]string
	// Digests asks for the artifact's digest in the report even if nothing else
	// does. It costs a hash over the content.
	Digests bool
}

// errNoDigest is for what cannot be held against the artifacts that are blocked.
var errNoDigest = errors.New("the artifact has no digest, and artifacts are blocked by theirs")

var errNoArtifact = errors.New("could not decide: there is no artifact")

// Verify says whether a may pass under p, and who says so. The error is nil if
// and only if the verdict is Allow; a [*DeniedError] is no, any other error
// means that it could not be decided. The report is never nil.
//
// The order is find, look up, plan, read once, check, judge. No content is read
// when nobody who is known could have signed.
func (v *Verifier) Verify(ctx context.Context, a *Artifact, p *Policy) (*Report, error) {
	if a == nil || a.content == nil { // the zero Artifact is nothing
		r := &Report{Err: errNoArtifact}
		return r, errNoArtifact
	}
	r := &Report{Artifact: ArtifactInfo{Name: a.Name(), Kind: a.Kind(), Size: a.Size()}}
	if p == nil {
		p = &Policy{}
	}
	r.Need, r.Quorum, r.Policy = p.Need.Need, p.Need, p.Name
	if err := v.decide(ctx, a, p, r); err != nil {
		r.undecided(err)
		return r, fmt.Errorf("could not decide on %s: %w", Printable(a.Name()), err)
	}
	if r.Verdict != Allow {
		return r, &DeniedError{Report: r}
	}
	return r, nil
}

// decide sets the verdict, or returns why there is none.
func (v *Verifier) decide(ctx context.Context, a *Artifact, p *Policy, r *Report) error {
	if p.NoRule != "" {
		r.Verdict = Deny
		r.add(CodePolicyNoRule, SeverityError, "", "", "%s", p.NoRule)
		return nil
	}
	r.alone = a.companions == nil
	found, unread, err := v.find(ctx, a, r)
	if err != nil {
		return err
	}
	candidates, err := v.lookUp(ctx, p, found, r)
	if err != nil {
		return err
	}
	if len(candidates) > 0 || len(v.Void) > 0 || v.Digests {
		before := a.latecomers()
		form := v.plan(a, candidates)
		digest := v.planDigest(a, candidates)
		if err := a.Read(ctx); err != nil {
			return err
		}
		if a.latecomers() != before {
			return ErrReadBefore
		}
		r.Artifact.Digest = digest()
		r.Artifact.Digests = a.digests()
		if len(v.Void) > 0 && r.Artifact.Digest == "" { // mutate:skip what was planned is there; this keeps it so
			return errNoDigest
		}
		if why, void := v.Void[r.Artifact.Digest]; void {
			r.add(CodeArtifactBlocked, SeverityError, "", "", "this artifact is blocked: %s", why).Final = true
			r.Verdict = Deny
			return nil
		}
		r.voids = len(v.Void) > 0
		stated, ok := formHolds(a, p, form, r)
		if ok || p.Warn { // a form that is let pass lifts no block and no revocation
			checkAll(ctx, a, p, candidates, stated, v.now(), r)
		}
		if why := r.voided(v.Void); why != "" {
			r.add(CodeArtifactBlocked, SeverityError, "", "", "%s", why).Final = true
			r.refuseForm()
			return nil
		}
		if !ok {
			r.refuseForm()
			soften(p, r)
			return nil
		}
	}
	judge(p, len(found), r)
	soften(p, r)
	if r.Verdict == Deny && unread != nil {
		// "No" and "could not tell" differ: with this one it might be yes.
		return unread
	}
	return nil
}

func (v *Verifier) now() time.Time {
	if v.Now == nil {
		return time.Now() //nolint:forbidigo // the documented default of Verifier.Now
	}
	return v.Now()
}

// judge is where allow and deny are said.
func judge(p *Policy, found int, r *Report) {
	r.unbound()
	have, ok := p.Need.Met(r.Counted)
	r.Have = have
	sourceless := r.Artifact.Kind == KindCompiled && !p.AnySource && !r.sourced()
	ok = ok && !sourceless
	if a, b := r.torn(); a != nil {
		ok = false
		r.add(CodeSourceUnbound, SeverityError, b.Source, b.Signer, "%s says that it was made from %s (%s), and %s from %s (%s)", a.By.display(),
			Printable(a.From.Name), a.From.Digest, b.By.display(), Printable(b.From.Name), b.From.Digest).Final = true
	}
	twice := slices.IndexFunc(r.Counted, func(c *Claim) bool { return p.Need.places(c) > 1 })
	if ok && twice < 0 {
		r.Verdict = Allow
		return
	}
	r.Verdict = Deny
	if twice >= 0 {
		by := r.Counted[twice].By
		r.add(CodePolicyAmbiguous, SeverityError, "", by.Signer(), "the policy lists %s in two places, and a signer counts once", by.display())
	}
	for i := range r.Findings { // what was noticed on the way is now a reason
		if r.Findings[i].Code != CodeNameMismatch || p.NamesAgree {
			r.Findings[i].Severity = SeverityError
		}
	}
	for _, why := range p.Need.short(r.Counted) {
		r.add(CodePublisherThreshold, SeverityError, "", "", "%s", why)
	}
	if sourceless && found > 0 && !r.Has(CodeSourceUnbound) {
		r.add(CodeSourceUnsigned, SeverityError, "", "", "compiled code passes only if somebody who is trusted has signed what it was made from, and nobody who counts has")
	}
	switch {
	case p.Need.Need < 1:
		r.add(CodePolicyEmpty, SeverityError, "", "", "the policy asks for no signer, and so admits nothing")
	case found == 0 && r.alone && r.Artifact.Kind.native():
		r.add(CodeSignatureNone, SeverityError, "", "", "no signature was found in it, which is where native code has those that count")
	case found == 0:
		r.add(CodeSignatureNone, SeverityError, "", "", "no signature was found in it or beside it")
	case have >= p.Need.Need && twice < 0: // what is wrong has been said
	case len(r.Counted) > 0 || p.Need.Need > 1 || len(r.Findings) == 0:
		r.add(CodePolicyUnmet, SeverityError, "", "", "%d of %d required signers", have, p.Need.Need)
	}
}

// Refuse is the answer where somebody is not who they were known to be, before
// any signature matters: no, for one reason. a may be nil.
func Refuse(name string, a *Artifact, code Code, why string) (*Report, error) {
	r := &Report{Artifact: ArtifactInfo{Name: name, Kind: KindFile}, Verdict: Deny}
	if a != nil && a.content != nil {
		r.Artifact = ArtifactInfo{Name: a.Name(), Kind: a.Kind(), Size: a.Size()}
	}
	r.add(code, SeverityError, "", "", "%s", why).Final = true
	return r, &DeniedError{Report: r}
}

// refuseForm is no, whoever signed: nothing counts for what has another form than
// the one that is demanded.
func (r *Report) refuseForm() {
	r.Verdict = Deny
	r.Counted, r.Uncounted = nil, append(r.Uncounted, r.Counted...)
	for i := range r.Findings {
		if r.Findings[i].Final {
			r.Findings[i].Severity = SeverityError
		}
	}
}

// soften lets pass what a policy that only warns refuses. What the user or a
// publisher took back stays refused: that is no matter of trying a policy out.
func soften(p *Policy, r *Report) {
	if !p.Warn || r.Verdict != Deny || r.Has(CodeArtifactBlocked) || r.Has(CodeSignerBlocked) || r.Has(CodeArtifactRevoked) || r.Has(CodeSignerRevoked) {
		return
	}
	for i := range r.Findings {
		r.Findings[i].Severity = SeverityWarning
	}
	r.Verdict, r.Warned = Allow, true
	r.add(CodePolicyWarned, SeverityWarning, "", "", "the policy only warns: it would have been refused")
}
