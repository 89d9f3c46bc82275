// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// paper is a format for these tests: its signatures are in memory, and each is
// really bound to the artifact's bytes and to one key.
type paper struct {
	name string
	sigs []sealwax.Signature
	err  error
}

func (p *paper) Name() string { return p.name }

func (p *paper) Find(context.Context, *sealwax.Artifact) ([]sealwax.Signature, error) {
	return p.sigs, p.err
}

// ink is one signature on paper: by whom, over which digest, saying what.
type ink struct {
	hint   sealwax.Hint
	by     key.Public
	sum    [sha256.Size]byte
	covers sealwax.Coverage
	fields []sealwax.Field
	says   string
	from   sealwax.Ancestor
	of     sealwax.Ancestor // then it is not over the artifact
	err    error            // of Check, by whomever
	tried  int
}

func (s *ink) Hint() sealwax.Hint { return s.hint }

func (s *ink) Plan(a *sealwax.Artifact, _ []sealwax.Anchor) { a.PlanSHA256() }

func (s *ink) Check(_ context.Context, a *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	s.tried++
	switch sum := a.Sum("sha256"); {
	case s.err != nil:
		return sealwax.Claim{}, s.err
	case !s.by.IsZero() && !by.Key.Equal(s.by):
		return sealwax.Claim{}, sealwax.ErrOtherSigner
	case s.of.IsZero() && (sum == nil || [sha256.Size]byte(sum) != s.sum):
		return sealwax.Claim{}, errors.New("other bytes")
	}
	return sealwax.Claim{Format: s.hint.Format, Source: s.hint.Source, Covers: s.covers, Fields: s.fields, Comment: s.says, From: s.from, Of: s.of}, nil
}

const content = "the content"

// signed is a signature by the nth test key over content, with changes.
func signed(n int, change ...func(*ink)) *ink {
	s := &ink{
		hint: sealwax.Hint{Format: "paper", Source: fmt.Sprintf("sig%d", n)}, by: sealwaxtest.Key(n).Public(),
		sum: sha256.Sum256([]byte(content)), covers: sealwax.Coverage{Whole: true},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func states(name, value string) func(*ink) {
	return func(s *ink) { s.fields = append(s.fields, sealwax.Field{Name: name, Value: value}) }
}

func covering(c sealwax.Coverage) func(*ink) { return func(s *ink) { s.covers = c } }

// people are the first n test keys in the role release.
func people(n int) sealwaxtest.Trust {
	var keys []key.Public
	for i := range n {
		keys = append(keys, sealwaxtest.Key(i+1).Public())
	}
	return sealwaxtest.Trusting(sealwax.RoleRelease, keys...)
}

// verifier knows paper with the given signatures, and the first three keys.
func verifier(sigs ...*ink) *sealwax.Verifier {
	return &sealwax.Verifier{Formats: []sealwax.Format{onPaper(sigs...)}, Trust: people(3)}
}

func onPaper(sigs ...*ink) *paper {
	p := &paper{name: "paper"}
	for _, s := range sigs {
		p.sigs = append(p.sigs, s)
	}
	return p
}

func artifact(companions ...sealwax.Companion) *sealwax.Artifact {
	return sealwaxtest.Bytes("dir/app", []byte(content), companions...)
}

// examined is paper that also knows the form of artifacts.
type examined struct {
	*paper
	form sealwax.Form
	err  error
}

func (e *examined) Examine(*sealwax.Artifact) func() (sealwax.Form, error) {
	return func() (sealwax.Form, error) { return e.form, e.err }
}
