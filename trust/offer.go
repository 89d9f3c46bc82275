// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/trust/publisher"
)

// For is whom the pins trust for a subject in any of the roles; without a role
// it is nobody. A subject that begins with a scheme and a colon is a canonical
// name, all else is a path: for files pass [FileSubject].
//
// A pinned key is offered as itself. Of a pinned publisher those keys are offered
// that have, or had, the pin's role; what the publisher says against them, and what
// it took back, is their [sealwax.Standing]. So are the user's blocks (see
// [Store.Guard]). Root keys are never offered.
//
// Anchors are offered as [Keys] does while there are at most [MaxTried] pins. Of
// more, only those that the hint names are looked at; if it names none, the error
// wraps [sealwax.ErrHintUnknown].
//
// The store is read at the first question to any For of this Store, and again
// after it changed something: open a new Store to see what others changed.
func (s *Store) For(subject string, roles ...sealwax.Role) sealwax.Trust {
	return s.Guard(&pinned{s, pattern.Named(subject), roles})
}

// Only is one pin, that of a name which the user gives, if it is for the subject. A
// publisher's own limits hold as well. The error of a question wraps [ErrNoPin] if
// there is no such pin.
func (s *Store) Only(name, subject string, roles ...sealwax.Role) sealwax.Trust {
	return s.Guard(&only{s, name, pattern.Named(subject), roles})
}

// pinned is the store as seen by one subject.
type pinned struct {
	store   *Store
	subject pattern.Subject
	roles   []sealwax.Role
}

// Anchors offers those whose pins are for the subject, in the roles.
func (p *pinned) Anchors(ctx context.Context, h sealwax.Hint) ([]sealwax.Anchor, error) {
	known, err := p.store.candidates(ctx, h)
	if err != nil {
		return nil, err
	}
	var keys, parties Keys
	for _, k := range known {
		switch {
		case !k.Pin.isFor(p.subject):
		case k.Chain == nil:
			keys = append(keys, k.anchors(p.subject, p.roles)...)
		default:
			parties = append(parties, k.anchors(p.subject, p.roles)...)
		}
	}
	// A key that the user pinned for itself stands for itself.
	return append(keys, parties...).Anchors(ctx, h)
}

// only is one pin.
type only struct {
	store   *Store
	name    string
	subject pattern.Subject
	roles   []sealwax.Role
}

// Anchors offers the pin's key, or its publisher's.
func (o *only) Anchors(ctx context.Context, h sealwax.Hint) ([]sealwax.Anchor, error) {
	k, err := o.store.GetKnown(ctx, o.name)
	if err != nil {
		return nil, err
	}
	if !k.Pin.isFor(o.subject) {
		return nil, nil
	}
	return Keys(k.anchors(o.subject, o.roles)).Anchors(ctx, h)
}

// anchors are the pin on the road, if it is for one of the roles.
func (k *Known) anchors(subject pattern.Subject, roles []sealwax.Role) []sealwax.Anchor {
	if !slices.Contains(roles, k.Pin.Role) {
		return nil
	}
	if k.Chain == nil {
		return []sealwax.Anchor{k.Pin.anchor()}
	}
	return partyAnchors(k.Chain, k.Pin.Name, "pin "+k.Pin.Name, subject, []sealwax.Role{k.Pin.Role})
}

// PublisherAnchors are a publisher's keys in some roles, for a policy that carries
// its chain: name is what the user calls it, and origin where the chain comes from.
// The subject is held against the publisher's limits, as in [Store.For]. An ended
// key is offered with what became of it; a root key never is.
func PublisherAnchors(c *publisher.Chain, name, origin, subject string, roles ...sealwax.Role) []sealwax.Anchor {
	return partyAnchors(c, name, origin, pattern.Named(subject), roles)
}

func partyAnchors(c *publisher.Chain, name, origin string, subject pattern.Subject, roles []sealwax.Role) []sealwax.Anchor {
	members, revoked, endorsed, stale := c.Members(), c.Revoked(), c.Endorsed(), c.Head().Stale
	var out []sealwax.Anchor
	for _, role := range roles {
		what, limits, ok := c.Role(role)
		if !ok || role == publisher.RoleRoot {
			continue
		}
		party := sealwax.Party{ID: c.ID(), Name: name, Threshold: what.Threshold, Stale: stale}
		limited := limitedTo(limits, subject)
		for _, m := range members {
			if !slices.Contains(m.Roles, role) || slices.Contains(m.Roles, publisher.RoleRoot) {
				continue
			}
			standing := sealwax.Standing{Limited: limited, Revoked: revoked}
			if m.Status != publisher.Active {
				standing.Ended, standing.Compromised, standing.Endorsed = ended(m.Key), m.Status == publisher.Compromised, endorsed
			}
			out = append(out, sealwax.Anchor{Key: m.Public, Name: name, Role: role, Origin: origin, Party: party, Standing: standing})
		}
	}
	return out
}

// ended says what became of a key: "compromised since 2026-01-31T12:00:00Z".
func ended(k publisher.Key) string { return string(k.Status) + " " + k.Since.Text() }

// limitedTo is why a role's limits keep it from a subject, or "".
func limitedTo(limits []publisher.Limit, subject pattern.Subject) string {
	if len(limits) == 0 {
		return ""
	}
	var words []string
	for _, l := range limits {
		if l.Pattern.Match(subject) {
			return ""
		}
		words = append(words, l.Pattern.String())
	}
	return fmt.Sprintf("its publisher limits the role %s to %s", limits[0].Role, strings.Join(words, ", "))
}
