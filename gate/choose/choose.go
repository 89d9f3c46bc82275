// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package choose says what it takes for an artifact to pass at any gate, and whom
// to ask: it puts keys that were given, pins, publishers and the policies of the
// system and of the user together into demands for the one road. It decides
// nothing.
package choose

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

// Chooser knows what a call of a gate was given. Its zero value demands what
// nobody can meet.
type Chooser struct {
	// Formats and Now are the verifiers' own.
	Formats []sealwax.Format
	Now     func() time.Time
	// Store is whom the user knows. Nil is nobody, and no blocks either.
	Store *trust.Store
	// System and User are the policies that were found; nil is no file, which
	// imposes nothing. Each is answered for itself.
	System, User *policy.File
	// Given asks of those whom Trust and Native offer, else of the pins, what a
	// command line says. Nil asks nothing where there is a policy, and otherwise for
	// one signer in the role release. Of compiled code it is what is asked about its
	// source: one signer in the role native is asked for besides, always.
	Given *sealwax.Policy
	// Trust replaces the pins for Given, save those in the role native: keys on a
	// command line, one pin, somebody who was offered. Nil is the pins for the
	// artifact's name.
	Trust sealwax.Trust
	// Native replaces the pins in the role native for Given, which are asked about
	// native code only: compiled code, and programs. Of a program it takes the place
	// of what Given says.
	Native sealwax.Trust
	// Tighten are demands on top of what every policy says.
	Tighten Tighten
	// Digests asks for the artifact's digest in every report.
	Digests bool

	// beside is the publisher's file that came with the artifact; see Learn.
	beside *publisher.Chain
}

// Tighten is what a command line may ask for on top of a policy: nothing in it
// can make a policy admit more.
type Tighten struct {
	Kind    sealwax.Kind
	Require []sealwax.Requirement
}

// on is the policy with the further demands. A demand for another kind than the
// policy's own can be met by nothing, and keeps being so. With further demands a
// policy no longer only warns: what the command line asks for is no trial.
func (t Tighten) on(p *sealwax.Policy) *sealwax.Policy {
	out := *p
	out.Warn = p.Warn && t.Kind == "" && len(t.Require) == 0
	if t.Kind != "" && out.Kind == "" {
		out.Kind = t.Kind
	}
	if t.Kind != out.Kind && t.Kind != "" {
		out.NoRule = fmt.Sprintf("%s is demanded, and the policy's rule is for %s", t.Kind.Noun(), out.Kind.Noun())
	}
	out.Require = append(slices.Clip(out.Require), t.Require...)
	return &out
}

// The names of demands, for people.
const (
	SystemDemand = "the system's policy"
	UserDemand   = "the user's policy"
	GivenDemand  = "what was given"
)

// Demands are what an artifact has to meet, under the name that the caller calls
// it by. The name is a path, or a canonical name with a scheme: see
// [trust.FileSubject]. An artifact without a name has no subject, and no pin and
// no rule speaks of it.
func (c *Chooser) Demands(ctx context.Context, subject string, a *sealwax.Artifact) (sealwax.Demands, error) {
	void, err := c.void(ctx)
	if err != nil {
		return nil, err
	}
	verifier := func(t sealwax.Trust) sealwax.Verifier {
		return sealwax.Verifier{Formats: c.Formats, Now: c.Now, Trust: c.guard(t), Void: void, Digests: c.Digests}
	}
	var out sealwax.Demands
	for _, p := range []struct {
		name string
		file *policy.File
	}{{SystemDemand, c.System}, {UserDemand, c.User}} {
		if p.file == nil {
			continue
		}
		judged, known, err := c.rule(ctx, p.file, subject, a)
		if err != nil { // the others are answered all the same
			out = append(out, sealwax.Demand{Name: p.name, Err: fmt.Errorf("%s: %w", p.name, err)})
			continue
		}
		out = append(out, sealwax.Demand{Name: p.name, Verifier: verifier(known), Policy: c.Tighten.on(judged)})
	}
	given := c.Given
	if given == nil && len(out) == 0 {
		given = sealwax.AnyOf(1, sealwax.RoleRelease)
	}
	if given != nil {
		out = append(out, sealwax.Demand{Name: GivenDemand, Verifier: verifier(c.given(subject, a.Kind())), Policy: c.Tighten.on(c.asked(given, a.Kind()))})
	}
	return out, nil
}

// Verify asks what [Chooser.Demands] gives. The report is never nil, and the error
// is nil if and only if the artifact may pass.
func (c *Chooser) Verify(ctx context.Context, subject string, a *sealwax.Artifact) (*sealwax.Report, error) {
	if a == nil {
		return sealwax.Demands{}.Verify(ctx, nil) // which nothing passes
	}
	demands, err := c.Demands(ctx, subject, a)
	if err != nil {
		return sealwax.NewUndecided(a.Name(), err), err
	}
	return demands.Verify(ctx, a)
}

// Learn takes note of a publisher's file that came with an artifact: a longer
// history of a publisher that is pinned is stored, in silence, and one of a
// publisher that a policy names is held beside what the policy brings. Of others it
// changes nothing, and what is no publisher's file is no error. A history that
// contradicts the stored one is a [*sealwax.CodedError].
func (c *Chooser) Learn(ctx context.Context, data []byte) error {
	id := publisher.PeekID(data)
	if id == "" {
		return nil
	}
	names, err := c.namesOf(ctx, id)
	if err != nil || len(names) == 0 && !c.names(id) { // nobody asks, so nothing is proven
		return err
	}
	offered, err := publisher.ParseChain(data)
	if err != nil {
		return nil //nolint:nilerr // whoever lies beside an artifact proves nothing by being broken
	}
	c.beside = offered
	for _, name := range names {
		if _, err := c.Store.Advance(ctx, name, offered); err != nil {
			return err
		}
	}
	return nil
}

// namesOf are the pins of a publisher.
func (c *Chooser) namesOf(ctx context.Context, id sealwax.PartyID) ([]string, error) {
	if c.Store == nil {
		return nil, nil
	}
	return c.Store.NamesOf(ctx, string(id))
}

// names reports whether a policy names the publisher.
func (c *Chooser) names(id sealwax.PartyID) bool {
	for _, f := range []*policy.File{c.System, c.User} {
		if f != nil && slices.ContainsFunc(f.Publishers, func(p policy.Publisher) bool { return p.ID == id }) {
			return true
		}
	}
	return false
}

func (c *Chooser) void(ctx context.Context) (map[string]string, error) {
	if c.Store == nil {
		return nil, nil
	}
	return c.Store.Void(ctx)
}

// guard holds whoever is offered against what the user and the publishers say of
// them, so that no key is good only because it was given another way.
func (c *Chooser) guard(t sealwax.Trust) sealwax.Trust {
	if c.Store == nil {
		return t
	}
	return c.Store.Guard(t)
}
