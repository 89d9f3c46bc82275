// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// set checks that as many members as are needed can sign, and reports whether
// they can. needed says that the rule cannot do without the set.
func (c *checker) set(r *Rule, s *set, needed bool) bool {
	can, open, said := 0, false, false
	owners := map[string]bool{} // in a set of distinct publishers
	for i := range s.members {
		m := &s.members[i]
		must := needed && s.need == len(s.members) // without one to spare
		if m.isPinned() {
			open = true
			continue
		}
		if !c.member(r, s, m, must) {
			said = said || s.need == len(s.members) // what the member lacks, the set lacks
			continue
		}
		if owner := c.owner(m); s.distinct && owner != "" {
			if owners[owner] {
				continue
			}
			owners[owner] = true
		}
		can++
	}
	met := open || can >= s.need
	if !met && !said {
		at, problem := s.line, fmt.Sprintf("%d must sign, and at most %d can", s.need, can)
		if s.distinct {
			problem += " (keys of one publisher count once)"
		}
		if s.needLine > 0 {
			at = s.needLine
		}
		c.add(at, severity(needed), problem, "name more, or need less")
	}
	return met
}

func severity(needed bool) sealwax.Severity {
	if needed {
		return sealwax.SeverityError
	}
	return sealwax.SeverityWarning
}

func (c *checker) member(r *Rule, in *set, m *member, needed bool) bool {
	switch {
	case m.set != nil:
		return c.set(r, m.set, needed)
	case m.publisher != nil:
		return c.publisher(r, m, needed) && (in.distinct || c.keysLeft(r, m, needed))
	}
	return true
}

// keysLeft checks that a publisher has enough keys beside those that the rule
// names for themselves: what such a key signs counts for its own name and not for
// the publisher. In a set of distinct publishers the two are one.
func (c *checker) keysLeft(r *Rule, m *member, needed bool) bool {
	role := c.facts.Publishers[m.publisher.Name].Roles[m.role]
	left := distinctKeys(role.Keys)
	all := len(left)
	for _, s := range r.Signers() {
		if r.native == nil || s.Role == m.role { // else it counts in the other half
			left = slices.DeleteFunc(left, s.Key.Equal)
		}
	}
	if len(left) >= role.Threshold {
		return true
	}
	c.add(m.line, severity(needed), fmt.Sprintf("publisher %s asks for %d of its %s keys, and %d of its %d are named in the rule, where they count for themselves", m.publisher.Name, role.Threshold, m.role, all-len(left), all), "name the publisher, or its keys")
	return false
}

// publisher checks that enough of a publisher's keys are there to sign for it.
func (c *checker) publisher(r *Rule, m *member, needed bool) bool {
	p := m.publisher
	const show = "look at it with: sealwax publisher show FILE.publisher"
	known, ok := c.facts.Publishers[p.Name]
	switch {
	case !ok:
		c.add(p.Line, severity(needed), fmt.Sprintf("of publisher %s nothing is known here", p.Name),
			`write chain = "FILE.publisher", or pin it: sealwax trust add FILE.publisher --for PATTERN`)
		return false
	case known.Err != nil:
		c.add(p.Line, sealwax.SeverityError, fmt.Sprintf("publisher %s: %s", p.Name, sealwax.Printable(known.Err.Error())), "ask the publisher for its current file")
		return false
	}
	c.stale(r, p, known.Stale)
	role, ok := known.Roles[m.role]
	switch {
	case !ok:
		c.add(m.line, severity(needed), fmt.Sprintf("publisher %s has no role %s", p.Name, m.role), show)
		return false
	case role.Threshold < 1 || len(distinctKeys(role.Keys)) < role.Threshold:
		c.add(m.line, severity(needed), fmt.Sprintf("publisher %s asks for %d of its %s keys, and has %d", p.Name, role.Threshold, m.role, len(distinctKeys(role.Keys))), show)
		return false
	}
	return true
}

func distinctKeys(keys []key.Public) []key.Public {
	var out []key.Public
	for _, k := range keys {
		if !slices.ContainsFunc(out, k.Equal) {
			out = append(out, k)
		}
	}
	return out
}

// stale speaks of publishers whose word is out of date, or soon will be.
func (c *checker) stale(r *Rule, p *Publisher, at time.Time) {
	const fix = "fetch its current file: sealwax trust update NAME FILE|URL"
	if at.IsZero() || c.facts.Now.IsZero() {
		return
	}
	switch day := at.UTC().Format(time.DateOnly); {
	case c.facts.Now.Add(StaleSoon).Before(at):
	case c.facts.Now.Before(at):
		c.warn(p.Line, fmt.Sprintf("what is known of publisher %s goes stale on %s", p.Name, day), fix)
	case r.fresh:
		c.fail(p.Line, fmt.Sprintf("what is known of publisher %s is stale since %s, and rule %s refuses that", p.Name, day, r.Name), fix)
	default:
		c.warn(p.Line, fmt.Sprintf("what is known of publisher %s is stale since %s", p.Name, day), fix)
	}
}

// owner is the publisher that a member counts as in a set of distinct publishers,
// or "" for a key that no known publisher lists.
func (c *checker) owner(m *member) string {
	if m.publisher != nil {
		return m.publisher.Name
	}
	if m.signer == nil {
		return ""
	}
	for _, p := range c.file.Publishers {
		for _, role := range c.facts.Publishers[p.Name].Roles {
			if slices.ContainsFunc(role.Keys, m.signer.Key.Equal) {
				return p.Name
			}
		}
	}
	return ""
}

// keysOf are the keys whose signatures count for a member.
func (c *checker) keysOf(m *member) []key.Public {
	switch {
	case m.signer != nil:
		return []key.Public{m.signer.Key}
	case m.publisher != nil:
		return c.facts.Publishers[m.publisher.Name].Roles[m.role].Keys
	}
	return nil
}

// half checks one of the sets of a rule, which have nothing to do with each other:
// one key may stand in both.
func (c *checker) half(r *Rule, s *set) {
	if len(s.members) == 0 { // of a rule for programs alone
		return
	}
	c.set(r, s, true)
	c.overlaps(s)
	c.pins(s)
}

// overlaps finds keys that would count for two members of a half: in two sets the
// whole rule then refuses what that key signed, in one set it counts once.
func (c *checker) overlaps(half *set) {
	type seat struct {
		*member
		in *set
	}
	var all []seat
	var walk func(s *set)
	walk = func(s *set) {
		for i := range s.members {
			if m := &s.members[i]; m.set != nil {
				walk(m.set)
			} else {
				all = append(all, seat{m, s})
			}
		}
	}
	walk(half)
	for i, a := range all {
		for _, b := range all[:i] {
			if !share(c.keysOf(a.member), c.keysOf(b.member)) {
				continue
			}
			if a.in == b.in {
				c.warn(a.line, fmt.Sprintf("%s and %s have a key in common, and what it signs counts for one of them only", b.text, a.text), "name one of them")
			} else {
				c.fail(a.line, fmt.Sprintf("%s and %s have a key in common, and stand in two sets: what it signs is refused (policy.ambiguous)", b.text, a.text), "name one of them")
			}
		}
	}
}

func share(a, b []key.Public) bool {
	return slices.ContainsFunc(a, func(k key.Public) bool { return slices.ContainsFunc(b, k.Equal) })
}

// pins warns of those who are named beside the pins in another set: if they are
// pinned as well, they stand in both, and the rule refuses what they sign.
func (c *checker) pins(half *set) {
	var pins *set
	line := 0
	var find func(s *set)
	find = func(s *set) {
		for i := range s.members {
			if m := &s.members[i]; m.set != nil {
				find(m.set)
			} else if m.isPinned() {
				pins, line = s, m.line
			}
		}
	}
	find(half)
	if pins == nil {
		return
	}
	var elsewhere []string
	half.each(func(m *member) {
		if !m.isPinned() && !m.rebuilt && !slices.ContainsFunc(pins.members, func(o member) bool { return o.text == m.text }) {
			elsewhere = append(elsewhere, m.text)
		}
	})
	if len(elsewhere) > 0 {
		c.warn(line, fmt.Sprintf("whoever is pinned and is also %s would count twice, and what they sign is refused (policy.ambiguous)", strings.Join(elsewhere, " or ")),
			"do not pin them for what this rule is for, or name all in one set")
	}
}
