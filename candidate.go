// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// candidate is a signature with those who may have made it.
type candidate struct {
	sig     Signature
	hint    Hint
	anchors []Anchor
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
			out = append(out, candidate{s, h, h.speakersFirst(p.Need.askedFirst(anchors[:min(len(anchors), MaxTries)]))})
		}
	}
	return out, nil
}

// speakersFirst orders anchors, those in the role in which the signature speaks
// before the others: one key may be trusted in two roles.
func (h Hint) speakersFirst(anchors []Anchor) []Anchor {
	if h.Role == "" {
		return anchors
	}
	slices.SortStableFunc(anchors, func(a, b Anchor) int { return rank(a.Role == h.Role) - rank(b.Role == h.Role) })
	return anchors
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
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
