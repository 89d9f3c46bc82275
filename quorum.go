// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"fmt"
	"slices"
)

// Quorum is k of a set. The set may name signers, stand for everybody who is
// trusted in a role, and hold further quorums, as the groups of C2SP tlog-policy
// do. A signer counts once, however many signatures in whatever formats, and so
// does a publisher, once as many of its keys signed as it asks for itself. As
// there, nobody is a member in two places of the tree: a policy under which a
// signer who signed would count twice admits nothing ([CodePolicyAmbiguous]).
type Quorum struct {
	// Label is what the policy calls the set, for explanations; may be empty.
	Label string
	// Need is how many members must be satisfied. Zero or less is never met.
	Need int
	// Role, if set, makes everybody whom trust offers in it a member: each key
	// that stands for itself, and each publisher.
	Role Role
	// Members are members by name.
	Members []Member
	// Of are members that are themselves quorums.
	Of []Quorum
	// Distinct makes keys that belong to one publisher count once together.
	Distinct bool
}

// Member is a key or a publisher that a policy names. The zero Member is nobody.
type Member struct {
	// Name is what the policy calls it, for explanations.
	Name string
	// Signer is a key. Party, a publisher, must then be empty.
	Signer SignerID
	Party  PartyID
	// Role is in what role the member must have signed. A key without one may
	// sign in any role, a publisher without one in none.
	Role Role
}

// Is reports whether an anchor is this member.
func (m Member) Is(by Anchor) bool {
	if m.Party != "" {
		return m.Signer == "" && m.Party == by.Party.ID && m.Role != "" && m.Role == by.Role
	}
	return m.Signer != "" && m.Signer == by.Signer() && (m.Role == "" || m.Role == by.Role)
}

// seat is the member of a quorum that an anchor's signature speaks for.
type seat struct {
	id   string // "" is no member
	need int    // how many different keys fill it
}

// seat finds what an anchor is in q itself: the key that is named before the
// publisher that it belongs to, and that before the role. One signature never
// has two seats.
func (q Quorum) seat(by Anchor) seat {
	if by.Signer() == "" {
		return seat{} // the zero Anchor is nobody
	}
	for _, m := range q.Members {
		switch {
		case !m.Is(by):
		case m.Party != "":
			return q.partySeat(by)
		case q.Distinct && by.Party.ID != "":
			return seat{string(by.Party.ID), 1}
		default:
			return seat{string(m.Signer), 1}
		}
	}
	switch {
	case q.Role == "" || by.Role != q.Role:
		return seat{}
	case by.Party.ID != "":
		return q.partySeat(by)
	}
	return seat{string(by.Signer()), 1}
}

// partySeat is a publisher's seat, one for each role unless publishers are to be
// distinct.
func (q Quorum) partySeat(by Anchor) seat {
	if q.Distinct {
		return seat{string(by.Party.ID), by.Party.Threshold}
	}
	return seat{string(by.Party.ID) + " " + string(by.Role), by.Party.Threshold}
}

// seats tells for each seat that somebody claims which keys do. A key fills one
// seat only, whatever publishers list it.
func (q Quorum) seats(claims []*Claim) map[seat]map[SignerID]bool {
	filled := map[seat]map[SignerID]bool{}
	sits := map[SignerID]seat{}
	for _, c := range claims {
		s := q.seat(c.By)
		if other, seated := sits[c.Signer]; s.id == "" || seated && other != s {
			continue
		}
		if filled[s] == nil {
			filled[s] = map[SignerID]bool{}
		}
		sits[c.Signer], filled[s][c.Signer] = s, true
	}
	return filled
}

// Met reports whether the claims satisfy q, and how many members are. It is for
// explaining a report: the road has judged by it already.
func (q Quorum) Met(claims []*Claim) (have int, ok bool) {
	filled := map[string]bool{}
	for s, keys := range q.seats(claims) {
		if s.need > 0 && len(keys) >= s.need {
			filled[s.id] = true
		}
	}
	have = len(filled)
	for _, sub := range q.Of {
		if _, ok := sub.Met(claims); ok {
			have++
		}
	}
	return have, q.Need > 0 && have >= q.Need
}

// places is in how many quorums of the tree the claim's signer is a member.
func (q Quorum) places(c *Claim) int {
	n := 0
	if q.seat(c.By).id != "" {
		n = 1
	}
	for _, sub := range q.Of {
		n += sub.places(c)
	}
	return n
}

// asks reports whether the anchor is a member of q or of a quorum in it.
func (q Quorum) asks(by Anchor) bool {
	return q.seat(by).id != "" || slices.ContainsFunc(q.Of, func(sub Quorum) bool { return sub.asks(by) })
}

// short lists the publishers that signed with fewer keys than they ask for
// themselves.
func (q Quorum) short(claims []*Claim) []string {
	var out []string
	for s, keys := range q.seats(claims) {
		if len(keys) >= s.need && s.need > 0 {
			continue
		}
		for _, c := range claims {
			if keys[c.Signer] {
				out = append(out, fmt.Sprintf("%s asks for %d of its %s keys, and %d signed", c.By.Party.display(), s.need, c.By.Role, len(keys)))
				break
			}
		}
	}
	for _, sub := range q.Of {
		out = append(out, sub.short(claims)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// askedFirst orders anchors, those that could be members before the others: one
// key may be trusted in two roles, and the role that is asked for counts.
func (q Quorum) askedFirst(anchors []Anchor) []Anchor {
	var asked, others []Anchor
	for _, a := range anchors {
		if q.asks(a) {
			asked = append(asked, a)
		} else {
			others = append(others, a)
		}
	}
	return append(asked, others...)
}
