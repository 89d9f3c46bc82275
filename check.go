// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Examiner is an optional interface of a [Format] that knows the form of a kind
// of artifact: it plans what it needs and says, after the one read, whether the
// content is well formed for its kind, and what the artifact states of itself.
type Examiner interface {
	// Examine returns nil for artifacts whose form it does not know. The error
	// of the function means "not well formed", which matters when a policy
	// demands a kind; a [*CodedError] with [CodeMetadataInvalid] always matters.
	Examine(a *Artifact) func() (Form, error)
}

// Form is what an artifact states of itself.
type Form struct {
	// Fields bind every claim that covers the artifact up to End.
	Fields []Field
	// End is the offset behind the last byte that states a field.
	End int64
}

// Prepare plans what judging the artifact under p will take, as it is now. It is
// for whoever asks more than once about one read: signers, who read an artifact
// in order to sign it and then verify what they made (see [Artifact.Beside]), and
// gates that hold an artifact to several policies. Prepare with every verifier and
// policy first, then Verify with each. It reads no content but what finding
// signatures takes.
func (v *Verifier) Prepare(ctx context.Context, a *Artifact, p *Policy) error {
	r := &Report{}
	found, _, err := v.find(ctx, a, r)
	if err != nil {
		return err
	}
	candidates, err := v.lookUp(ctx, p, found, r)
	if err != nil {
		return err
	}
	v.plan(a, candidates)
	v.planDigest(a, candidates)
	return nil
}

// plan lets every candidate ask for what it needs of the bytes, and the formats
// for what they need to judge the artifact's form.
func (v *Verifier) plan(a *Artifact, candidates []candidate) (form func() (Form, error)) {
	for _, c := range candidates {
		c.sig.Plan(a, c.anchors)
	}
	return v.examine(a)
}

// Statements plans what the artifact states of itself; the function gives it after
// the read, as claims that cover the whole artifact get it. Who has not verified the
// artifact knows nothing of it.
func (v *Verifier) Statements(a *Artifact) func() ([]Field, error) {
	form := v.examine(a)
	return func() ([]Field, error) {
		if form == nil {
			return nil, nil
		}
		stated, err := form()
		if coded := (*CodedError)(nil); err != nil && !errors.As(err, &coded) {
			return nil, nil // it states nothing that any claim would have
		}
		return stated.Fields, err
	}
}

func (v *Verifier) examine(a *Artifact) (form func() (Form, error)) {
	for _, f := range v.Formats {
		e, ok := f.(Examiner)
		if !ok {
			continue
		}
		if form := e.Examine(a); form != nil {
			return form
		}
	}
	return nil
}

// formHolds holds the artifact to the kind that the policy demands: a signature
// does not cover the preamble, so it cannot tell a module from a component.
func formHolds(a *Artifact, p *Policy, form func() (Form, error), r *Report) (Form, bool) {
	if p.Kind != "" && a.Kind() != p.Kind {
		r.add(CodeArtifactKind, SeverityError, "", "", "it is %s, and %s is demanded", a.Kind().Noun(), p.Kind.Noun())
		return Form{}, false
	}
	if form == nil {
		if p.Kind == "" || p.Kind == KindFile {
			return Form{}, true
		}
		r.add(CodeArtifactKind, SeverityError, "", "", "no known format can tell whether it is %s as it should be", p.Kind.Noun())
		return Form{}, false
	}
	stated, err := form()
	coded := (*CodedError)(nil)
	switch {
	case err == nil:
		return stated, true
	case errors.As(err, &coded):
		r.add(coded.Code, SeverityError, "", "", "%v", err)
		return Form{}, false
	case p.Kind != "":
		r.add(CodeArtifactMalformed, SeverityError, "", "", "it is no well-formed %s: %v", p.Kind, err)
		return Form{}, false
	}
	return Form{}, true // a file's signature covers malformed modules as well
}

// checkAll tries each candidate's anchors and sorts the claims.
func checkAll(ctx context.Context, a *Artifact, p *Policy, candidates []candidate, stated Form, now time.Time, r *Report) {
	for _, c := range candidates {
		claim, err := check(ctx, a, c)
		switch {
		case errors.Is(err, ErrOtherSigner):
			r.add(CodeSignerUnknown, SeverityWarning, c.hint.Source, "", "%s is by nobody who is trusted for %s", labelled(c.hint), r.Artifact.Name)
		case err != nil:
			code, final := CodeSignatureInvalid, false
			if coded := (*CodedError)(nil); errors.As(err, &coded) {
				code, final = coded.Code, coded.Final
			}
			r.add(code, SeverityWarning, c.hint.Source, "", "%s: %v", labelled(c.hint), err).Final = final
		default:
			if claim.By.Standing.Ended != "" {
				// An endorsement vouches for the artifact, whatever became of the
				// key: what the signature states besides may be anybody's.
				claim.Fields, claim.Comment, claim.From = nil, "", Ancestor{}
			}
			claim.Role = c.hint.Role
			if claim.Of.IsZero() && (claim.Covers.Whole || claim.Covers.End >= stated.End) {
				claim.Fields = append(claim.Fields, stated.Fields...)
			}
			if !r.repeats(claim) {
				count(p, claim, now, r)
			}
		}
	}
}

// repeats reports whether a claim says again what one before it says: key ids
// are unsigned, so a signature can be written many times.
func (r *Report) repeats(c *Claim) bool {
	same := func(o *Claim) bool {
		return o.Signer == c.Signer &&
			o.By.Role == c.By.Role && o.By.Party.ID == c.By.Party.ID && // mutate:skip it takes a trust that offers one key in one role for one hint and in another for the next
			o.Role == c.Role && o.From == c.From && o.Of == c.Of &&
			o.Format == c.Format && o.Source == c.Source && o.Comment == c.Comment &&
			o.Covers.Whole == c.Covers.Whole && o.Covers.Prefix == c.Covers.Prefix && slices.Equal(o.Fields, c.Fields)
	}
	return slices.ContainsFunc(r.Counted, same) || slices.ContainsFunc(r.Uncounted, same)
}

// CodedError is an error of [Signature.Check] that has a finding code of its own.
type CodedError struct {
	Code Code
	Err  error
	// Final says that no policy would have it otherwise.
	Final bool
}

// Error is the error's own text.
func (e *CodedError) Error() string { return e.Err.Error() }

// Unwrap gives the error itself.
func (e *CodedError) Unwrap() error { return e.Err }

// check returns the claim of the first anchor that signed. When none did, a bad
// signature says more than a stranger's.
func check(ctx context.Context, a *Artifact, c candidate) (*Claim, error) {
	var bad error
	for _, by := range c.anchors { // those whom the policy asks for come first
		claim, err := c.sig.Check(ctx, a, by)
		if err == nil {
			claim.By, claim.Signer = by, by.Signer() // what was proven, it was proven of this anchor
			return &claim, nil
		}
		if bad == nil && !errors.Is(err, ErrOtherSigner) {
			bad = err
		}
	}
	if bad == nil {
		return nil, ErrOtherSigner
	}
	if d, ok := c.sig.(Diagnoser); ok {
		if better := d.Diagnose(ctx, a, bad); better != nil && !errors.Is(better, ErrOtherSigner) {
			bad = better
		}
	}
	return nil, bad
}

// count holds a proven claim against the policy.
func count(p *Policy, c *Claim, now time.Time, r *Report) {
	if named := c.otherName(c.subject(r.Artifact.Name)); named != "" && !p.NamesAgree {
		r.add(CodeNameMismatch, SeverityWarning, c.Source, c.Signer, "%s", otherNameWords(named))
	}
	if c.By.Party.isStale(now) && !p.FreshParties {
		r.add(CodePublisherStale, SeverityWarning, c.Source, c.Signer, "%s", c.By.Party.staleWords())
	}
	if r.voids && !c.Covers.Whole {
		// What lies behind the covered part changes the digest and not the
		// signature: anybody could make an artifact that is not blocked.
		r.add(CodeSignaturePartial, SeverityWarning, c.Source, c.Signer, "%s: you block artifacts by their digests, and only what is covered whole can be held against those", c.Source).Final = true
		r.Uncounted = append(r.Uncounted, c)
		return
	}
	if r.Artifact.Kind == KindCompiled && c.From.IsZero() && c.Of.IsZero() && !p.AnySource {
		why := "is on compiled code, and says nothing of what that was made from"
		if c.Source != Embedded {
			why = "lies beside it: for compiled code only a signature inside the file counts"
		}
		r.add(CodeSourceUnbound, SeverityWarning, c.Source, c.Signer, "%s %s", c.Source, why)
		r.Uncounted = append(r.Uncounted, c)
		return
	}
	objections := p.objections(c, c.subject(r.Artifact.Name), c.digest(r.Artifact.Digest), now)
	for _, o := range objections {
		r.add(o.code, SeverityWarning, c.Source, c.Signer, "%s: %s", c.Source, o.why).Final = o.final
	}
	if len(objections) > 0 {
		r.Uncounted = append(r.Uncounted, c)
		return
	}
	r.Counted = append(r.Counted, c)
}
