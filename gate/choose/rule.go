// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package choose

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

// rule is what a policy file demands of an artifact, and whom it knows. Without a
// rule that speaks of the artifact it is a policy that refuses.
func (c *Chooser) rule(ctx context.Context, f *policy.File, subject string, a *sealwax.Artifact) (*sealwax.Policy, sealwax.Trust, error) {
	r, ok := f.Match(subject, a.Kind())
	if !ok {
		return &sealwax.Policy{
			Name:   f.Name,
			NoRule: fmt.Sprintf("no rule of %s speaks of %s called %s", f.Name, a.Kind().Noun(), sealwax.Printable(a.Name())),
		}, nil, nil
	}
	p := r.Policy(a.Kind())
	k := &circle{chooser: c, file: f, subject: subject, distinct: distinct(p.Need), chains: map[string]*publisher.Chain{}}
	known, err := k.of(ctx, r)
	return p, known, err
}

// distinct reports whether any set of a rule counts publishers and not keys.
func distinct(q sealwax.Quorum) bool {
	return q.Distinct || slices.ContainsFunc(q.Of, distinct)
}

// circle gathers whom a rule of a policy names.
type circle struct {
	chooser *Chooser
	file    *policy.File
	subject string
	// distinct is whether publishers are counted and not keys.
	distinct bool
	chains   map[string]*publisher.Chain
}

// of is whom the members of a rule stand for.
func (k *circle) of(ctx context.Context, r *policy.Rule) (sealwax.Trust, error) {
	var named trust.Keys
	for _, s := range r.Signers() {
		named = append(named, sealwax.Anchor{Key: s.Key, Name: s.Name, Role: s.Role, Origin: fmt.Sprintf("%s:%d", k.file.Name, s.Line)})
	}
	for _, p := range r.Publishers() {
		chain, err := k.chain(ctx, p.Publisher)
		if err != nil {
			return nil, err
		}
		origin := fmt.Sprintf("%s:%d", k.file.Name, p.Line)
		named = append(named, trust.PublisherAnchors(chain, p.Name, origin, k.subject, p.Role)...)
	}
	out := union{named}
	if roles := r.Pinned(); len(roles) > 0 && k.chooser.Store != nil && k.subject != "" {
		out = append(out, k.chooser.Store.For(k.subject, roles...))
	}
	// Every chain that the file brings speaks against keys, whoever names those.
	for i := range k.file.Publishers {
		if _, err := k.chain(ctx, &k.file.Publishers[i]); err != nil && !errors.Is(err, errNoChain) {
			return nil, err
		}
	}
	return &weighed{k, out}, nil
}

// weighed is whom a rule knows, with what the publishers of the policy say against
// them, and for whom they sign where publishers are counted.
type weighed struct {
	circle *circle
	inner  sealwax.Trust
}

// Anchors are those of the inner trust.
func (w *weighed) Anchors(ctx context.Context, h sealwax.Hint) ([]sealwax.Anchor, error) {
	offered, err := w.inner.Anchors(ctx, h)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(offered)
	for i := range out {
		for _, name := range slices.Sorted(maps.Keys(w.circle.chains)) {
			out[i].Standing = trust.Against(out[i], name, w.circle.chains[name])
		}
		if !w.circle.distinct || out[i].Party.ID != "" {
			continue
		}
		if out[i].Party, err = w.circle.partyOf(ctx, out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// errNoChain says that a policy names a publisher of whom nothing is known.
var errNoChain = errors.New("its documents are not known")

// chain is the longest history of a publisher that is known: what lies beside the
// policy, or what the store has seen since.
func (k *circle) chain(ctx context.Context, p *policy.Publisher) (*publisher.Chain, error) {
	if c := k.chains[p.Name]; c != nil {
		return c, nil
	}
	var own *publisher.Chain
	if p.Chain != nil {
		var err error
		if own, err = publisher.ParseChain(p.Chain); err != nil {
			return nil, fmt.Errorf("publisher %s, in %s: %w", p.Name, p.From, err)
		}
		if own.ID() != p.ID {
			return nil, fmt.Errorf("publisher %s: %s is of %s, and the policy names %s: correct one of them", p.Name, p.From, own.ID(), p.ID)
		}
	}
	longest, err := k.seen(ctx, p.ID, own)
	if err != nil {
		return nil, fmt.Errorf("publisher %s: %w", p.Name, err)
	}
	if longest == nil {
		return nil, fmt.Errorf("publisher %s: %w: write chain = \"FILE.publisher\" into the policy, or pin it with sealwax trust add", p.Name, errNoChain)
	}
	k.chains[p.Name] = longest
	return longest, nil
}

// seen is the newest of what the policy brings, what the store knows, and what came
// with the artifact.
func (k *circle) seen(ctx context.Context, id sealwax.PartyID, own *publisher.Chain) (*publisher.Chain, error) {
	var stored *publisher.Chain
	if k.chooser.Store != nil {
		var err error
		if stored, err = k.chooser.Store.Chain(ctx, id); err != nil {
			return nil, err
		}
	}
	newest, err := newer(own, stored)
	if b := k.chooser.beside; err == nil && newest != nil && b != nil && b.ID() == id {
		return newer(newest, b)
	}
	return newest, err
}

// newer is the one of two histories that holds; either may be nil.
func newer(a, b *publisher.Chain) (*publisher.Chain, error) {
	switch {
	case a == nil:
		return b, nil
	case b == nil:
		return a, nil
	}
	switch a.Compare(b).Kind {
	case publisher.Ahead, publisher.Recovers:
		return b, nil
	case publisher.Same, publisher.Behind, publisher.Superseded:
		return a, nil
	default:
		return nil, &sealwax.CodedError{Code: sealwax.CodePublisherFork, Err: errors.New("two histories of it are known that contradict each other: ask the publisher which is true")}
	}
}

// partyOf is the publisher that lists a key, as far as the policy and the store
// know: it counts once with the others of that publisher.
func (k *circle) partyOf(ctx context.Context, by sealwax.Anchor) (sealwax.Party, error) {
	for i := range k.file.Publishers {
		p := &k.file.Publishers[i]
		chain, err := k.chain(ctx, p)
		if errors.Is(err, errNoChain) {
			continue
		}
		if err != nil {
			return sealwax.Party{}, err
		}
		if chain.Lists(by.Key) {
			return sealwax.Party{ID: p.ID, Name: p.Name, Threshold: 1}, nil
		}
	}
	if k.chooser.Store == nil {
		return sealwax.Party{}, nil
	}
	parties, err := k.chooser.Store.PublishersOf(ctx, by.Key)
	if err != nil || len(parties) == 0 {
		return sealwax.Party{}, err
	}
	party := parties[0]
	party.Threshold = 1
	return party, nil
}

// union is several who know people.
type union []sealwax.Trust

// Anchors offers whom any of them offers. Not knowing the hint is an error only
// if nobody is offered.
func (u union) Anchors(ctx context.Context, h sealwax.Hint) ([]sealwax.Anchor, error) {
	var out []sealwax.Anchor
	var unknown error
	for _, t := range u {
		anchors, err := t.Anchors(ctx, h)
		switch {
		case errors.Is(err, sealwax.ErrHintUnknown):
			unknown = err
		case err != nil:
			return nil, err
		}
		out = append(out, anchors...)
	}
	if len(out) == 0 {
		return nil, unknown
	}
	return out, nil
}
