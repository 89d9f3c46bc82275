// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/trust/publisher"
)

// Guard is inner with all that the store knows against those whom it offers:
// blocks of the key and of its publisher, and what the publishers that are known
// say of the key (retired, lost, compromised) and took back. It never adds
// anybody, and takes nothing away that speaks against somebody: keys given for
// one call, or by a policy, lift no block and no revocation.
func (s *Store) Guard(inner sealwax.Trust) sealwax.Trust { return &guarded{s, inner} }

type guarded struct {
	store *Store
	inner sealwax.Trust
}

// Anchors are those of the inner trust.
func (g *guarded) Anchors(ctx context.Context, h sealwax.Hint) ([]sealwax.Anchor, error) {
	if g.inner == nil {
		return nil, nil
	}
	offered, err := g.inner.Anchors(ctx, h)
	if err != nil {
		return nil, err
	}
	out := make([]sealwax.Anchor, len(offered))
	for i, a := range offered {
		if out[i], err = g.store.weigh(ctx, a); err != nil {
			return nil, fmt.Errorf("asking what is known against %s: %w", a.Key, err)
		}
	}
	return out, nil
}

// weigh adds what is known against an anchor.
func (s *Store) weigh(ctx context.Context, a sealwax.Anchor) (sealwax.Anchor, error) {
	if a.Key.IsZero() {
		return a, nil // the zero Anchor is nobody
	}
	publishers, err := s.listing(ctx, a.Key)
	if err != nil {
		return a, err
	}
	ids := []string{string(a.Key.Fingerprint())}
	if a.Party.ID != "" {
		ids = append(ids, string(a.Party.ID))
	}
	for _, k := range publishers {
		ids = append(ids, string(k.Pin.Publisher))
		a.Standing = Against(a, k.Pin.Name, k.Chain)
	}
	for _, id := range ids {
		b, is, err := s.BlockOf(ctx, id)
		if err != nil {
			return a, err
		}
		if is && a.Standing.Blocked == "" {
			a.Standing.Blocked = b.Reason
		}
	}
	return a, nil
}

// Against is the anchor's standing with what a publisher says of its key: that it
// ended, and which artifacts were taken back. name is what the user calls the
// publisher. A key that the publisher does not list keeps its standing. The maps
// of the anchor are not written to: others may hold them.
func Against(a sealwax.Anchor, name string, c *publisher.Chain) sealwax.Standing {
	s := a.Standing
	m, ok := c.Key(a.Key)
	if !ok { // mutate:skip only those are asked that list the key
		return s
	}
	if slices.Contains(m.Roles, publisher.RoleRoot) && s.Limited == "" {
		s.Limited = fmt.Sprintf("it is a root key of publisher %s, and root keys sign documents and nothing else", name)
	}
	s.Revoked = union(c.Revoked(), s.Revoked)
	if m.Status == publisher.Active {
		return s
	}
	compromised := m.Status == publisher.Compromised
	switch {
	case s.Ended == "":
		s.Endorsed = c.Endorsed()
	case a.Party.ID == c.ID(): // another, perhaps older, word of the same publisher
		s.Endorsed = union(s.Endorsed, c.Endorsed())
	default: // whoever says that the key ended must vouch for what it signed
		s.Endorsed = common(s.Endorsed, c.Endorsed())
	}
	if s.Ended == "" || compromised && !s.Compromised {
		s.Ended = fmt.Sprintf("%s, says publisher %s", ended(m.Key), name)
	}
	s.Compromised = s.Compromised || compromised
	return s
}

// union is both; where both have a word on one digest, it is a's.
func union(a, b map[string]string) map[string]string {
	if len(b) == 0 {
		return a
	}
	out := maps.Clone(b)
	maps.Copy(out, a)
	return out
}

// common is what a and b both have.
func common(a, b map[string]string) map[string]string {
	out := map[string]string{}
	for digest, where := range a {
		if _, ok := b[digest]; ok {
			out[digest] = where
		}
	}
	return out
}
