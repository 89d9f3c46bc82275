// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
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
}

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

var errNoArtifact = errors.New("could not decide: there is no artifact")

// candidate is a signature with those who may have made it.
type candidate struct {
	sig     Signature
	hint    Hint
	anchors []Anchor
}

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
	r.Need, r.Quorum = p.Need.Need, p.Need
	if err := v.decide(ctx, a, p, r); err != nil {
		r.Verdict, r.Err = Undecided, err
		r.add(CodeUndecided, SeverityError, "", "", "could not decide: %v", err)
		return r, fmt.Errorf("could not decide on %s: %w", Printable(a.Name()), err)
	}
	if r.Verdict != Allow {
		return r, &DeniedError{Report: r}
	}
	return r, nil
}

// decide sets the verdict, or returns why there is none.
func (v *Verifier) decide(ctx context.Context, a *Artifact, p *Policy, r *Report) error {
	found, unread, err := v.find(ctx, a, r)
	if err != nil {
		return err
	}
	candidates, err := v.lookUp(ctx, p, found, r)
	if err != nil {
		return err
	}
	if len(candidates) > 0 {
		before := a.latecomers()
		form := v.plan(a, candidates)
		if err := a.Read(ctx); err != nil {
			return err
		}
		if a.latecomers() != before {
			return ErrReadBefore
		}
		r.Artifact.Digests = a.digests()
		stated, ok := formHolds(a, p, form, r)
		if !ok {
			r.Verdict = Deny
			return nil
		}
		checkAll(ctx, a, p, candidates, stated, v.now(), r)
	}
	judge(p, len(found), r)
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

// find asks every format. unread is the reason why a companion could not be read.
func (v *Verifier) find(ctx context.Context, a *Artifact, r *Report) (found []Signature, unread, err error) {
	for _, f := range v.Formats {
		sigs, err := f.Find(ctx, a)
		if err != nil {
			return nil, nil, fmt.Errorf("looking for %s signatures: %w", f.Name(), err)
		}
		found = append(found, sigs...)
	}
	companions, err := a.Companions(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("looking for signatures beside %s: %w", a.Name(), err)
	}
	recognised := map[string]bool{}
	for _, s := range found {
		recognised[s.Hint().Source] = true
	}
	for _, c := range companions {
		switch {
		case c.Err != nil:
			unread = c.Err
			r.add(CodeSignatureUnreadable, SeverityWarning, c.Name, "", "%s: %v", c.Name, c.Err)
		case !recognised[c.Name]:
			r.add(CodeSignatureUnknownForm, SeverityWarning, c.Name, "", "%s is in no known signature format", c.Name)
		}
	}
	if len(found) > MaxSignatures {
		r.add(CodeSignatureTooMany, SeverityWarning, "", "", "%d signatures, of which the first %d are looked at", len(found), MaxSignatures)
		found = found[:MaxSignatures]
	}
	return found, unread, nil
}

// lookUp asks trust about each signature that can be read.
func (v *Verifier) lookUp(ctx context.Context, p *Policy, found []Signature, r *Report) ([]candidate, error) {
	var out []candidate
	legacy := 0
	for _, s := range found {
		h := s.Hint()
		if b, ok := s.(*Broken); ok {
			r.broken(b)
			continue
		}
		if h.Legacy && !p.AllowLegacy {
			r.add(CodeSignatureLegacy, SeverityWarning, h.Source, "", "%s is a legacy signature, which signs the file without hashing it", h.Source)
			continue
		}
		if h.Legacy && legacy == MaxLegacy {
			r.add(CodeSignatureTooMany, SeverityWarning, h.Source, "", "%s: more than %d legacy signatures are not looked at", h.Source, MaxLegacy)
			continue
		}
		if h.Legacy {
			legacy++
		}
		anchors, err := v.anchors(ctx, h)
		switch {
		case errors.Is(err, ErrHintUnknown):
			r.add(CodeSignatureHintUnknown, SeverityWarning, h.Source, "", "%s: %v", labelled(h), err)
		case err != nil:
			return nil, fmt.Errorf("asking whom %s is from: %w", h.Source, err)
		case len(anchors) == 0:
			r.add(CodeSignerUnknown, SeverityWarning, h.Source, "", "%s is by nobody who is trusted for %s", labelled(h), r.Artifact.Name)
		default:
			out = append(out, candidate{s, h, p.Need.askedFirst(anchors[:min(len(anchors), MaxTries)])})
		}
	}
	return out, nil
}

func (v *Verifier) anchors(ctx context.Context, h Hint) ([]Anchor, error) {
	if v.Trust == nil {
		return nil, nil
	}
	return v.Trust.Anchors(ctx, h)
}

// labelled names a signature with the key id it carries.
func labelled(h Hint) string {
	if h.Label == "" {
		return fmt.Sprintf("%s (%s)", h.Source, h.Format)
	}
	return fmt.Sprintf("%s (%s, key id %s)", h.Source, h.Format, h.Label)
}

func (r *Report) broken(b *Broken) {
	code := b.Code
	if code == "" {
		code = CodeSignatureMalformed
	}
	r.add(code, SeverityWarning, b.Source, "", "%s (%s): %v", b.Source, b.Format, b.Reason)
}

// Prepare plans what judging the artifact will take, as it is now, for signers:
// they read an artifact in order to sign it, and then verify by the same read
// what they made (see [Artifact.Beside]). It reads no content but what finding
// signatures takes.
func (v *Verifier) Prepare(ctx context.Context, a *Artifact) error {
	r := &Report{}
	found, _, err := v.find(ctx, a, r)
	if err != nil {
		return err
	}
	candidates, err := v.lookUp(ctx, &Policy{}, found, r)
	if err != nil {
		return err
	}
	v.plan(a, candidates)
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
		r.add(CodeArtifactKind, SeverityError, "", "", "it is a %s, and a %s is demanded", a.Kind(), p.Kind)
		return Form{}, false
	}
	if form == nil {
		if p.Kind == "" || p.Kind == KindFile {
			return Form{}, true
		}
		r.add(CodeArtifactKind, SeverityError, "", "", "no known format can tell whether it is a well-formed %s", p.Kind)
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
			code := CodeSignatureInvalid
			if coded := (*CodedError)(nil); errors.As(err, &coded) {
				code = coded.Code
			}
			r.add(code, SeverityWarning, c.hint.Source, "", "%s: %v", labelled(c.hint), err)
		default:
			if claim.Covers.Whole || claim.Covers.End >= stated.End {
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
		return o.By == c.By && o.Format == c.Format && o.Source == c.Source && o.Comment == c.Comment &&
			o.Covers.Whole == c.Covers.Whole && o.Covers.Prefix == c.Covers.Prefix && slices.Equal(o.Fields, c.Fields)
	}
	return slices.ContainsFunc(r.Counted, same) || slices.ContainsFunc(r.Uncounted, same)
}

// CodedError is an error of [Signature.Check] that has a finding code of its own.
type CodedError struct {
	Code Code
	Err  error
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
			claim.By = by // what was proven, it was proven of this anchor
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
	for _, f := range c.files() {
		if r.Artifact.Name != Nameless && f != filepath.Base(r.Artifact.Name) {
			r.add(CodeNameMismatch, SeverityWarning, c.Source, c.By.Signer(), "the signature is for a file called %q", f)
		}
	}
	objections := p.objections(c, r.Artifact.Name, now)
	for _, o := range objections {
		r.add(o.code, SeverityWarning, c.Source, c.By.Signer(), "%s: %s", c.Source, o.why)
	}
	if len(objections) > 0 {
		r.Uncounted = append(r.Uncounted, c)
		return
	}
	r.Counted = append(r.Counted, c)
}

// judge is where allow and deny are said.
func judge(p *Policy, found int, r *Report) {
	have, ok := p.Need.met(r.Counted)
	r.Have = have
	twice := slices.IndexFunc(r.Counted, func(c *Claim) bool { return p.Need.places(c.By) > 1 })
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
		if r.Findings[i].Code != CodeNameMismatch {
			r.Findings[i].Severity = SeverityError
		}
	}
	switch {
	case p.Need.Need < 1:
		r.add(CodePolicyEmpty, SeverityError, "", "", "the policy asks for no signer, and so admits nothing")
	case found == 0:
		r.add(CodeSignatureNone, SeverityError, "", "", "no signature was found in it or beside it")
	case len(r.Counted) > 0 || p.Need.Need > 1 || len(r.Findings) == 0:
		r.add(CodePolicyUnmet, SeverityError, "", "", "%d of %d required signers", have, p.Need.Need)
	}
}
