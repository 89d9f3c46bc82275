// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/pattern"
)

// Match finds the rule that decides: the first whose patterns and kinds the
// subject and its kind are among. Without one the file refuses: nothing passes
// that no rule speaks of. The subject is what the caller typed, never a name read
// from the artifact; one that begins with a scheme and a colon is a canonical
// name, all else a path (write ./ before a path that looks like such a name).
func (f *File) Match(subject string, kind sealwax.Kind) (*Rule, bool) {
	s := pattern.Named(subject)
	for i := range f.Rules {
		if f.Rules[i].isFor(s, kind) {
			return &f.Rules[i], true
		}
	}
	return nil, false
}

func (r *Rule) isFor(s pattern.Subject, kind sealwax.Kind) bool {
	return (r.Kinds == nil || slices.Contains(r.Kinds, kind)) &&
		slices.ContainsFunc(r.For, func(p Pattern) bool { return p.Match(s) })
}

// String is where the rule is written: "policy.toml:12 release".
func (r *Rule) String() string {
	if r.file == nil {
		return r.Name
	}
	return fmt.Sprintf("%s:%d %s", r.file.Name, r.Line, r.Name)
}

// Policy is what the rule takes of an artifact of a kind. A rule that names kinds
// holds the artifact to being a well-formed one.
func (r *Rule) Policy(kind sealwax.Kind) *sealwax.Policy {
	p := &sealwax.Policy{
		Name:           r.String(),
		NoRule:         r.refuses(kind),
		Need:           r.need(kind),
		Prefix:         r.prefix,
		AllowUncovered: r.allowed,
		Require:        r.required(kind),
		AllowLegacy:    r.legacy,
		Formats:        r.formatsOf(kind),
		FreshParties:   r.fresh,
		Warn:           r.Warn,
		NamesAgree:     true, // "a signed name must agree with" the one that was typed
	}
	if r.Kinds != nil {
		p.Kind = kind
	}
	p.Need.Label = r.Name
	return p
}

// quorum is the set, of which keys must have signed in the role; in any, if it is
// empty.
func (s *set) quorum(role sealwax.Role) sealwax.Quorum {
	q := sealwax.Quorum{Need: s.need, Distinct: s.distinct}
	for _, m := range s.members {
		switch {
		case m.set != nil:
			sub := m.set.quorum(role)
			sub.Label = fmt.Sprintf("the set in line %d", m.line)
			q.Of = append(q.Of, sub)
		case m.signer != nil:
			q.Members = append(q.Members, sealwax.Member{Name: m.text, Signer: sealwax.SignerID(m.signer.Key.Fingerprint()), Role: role})
		case m.rebuilt:
			q.Of = append(q.Of, sealwax.Quorum{Label: rebuilt, Need: 1, Role: sealwax.RoleRebuilt})
		case m.publisher != nil:
			q.Members = append(q.Members, sealwax.Member{Name: m.text, Party: m.publisher.ID, Role: m.role})
		default:
			q.Role = m.role
		}
	}
	return q
}

// each calls f for every member of the set and the sets in it that is no set.
func (s *set) each(f func(m *member)) {
	for i := range s.members {
		if m := &s.members[i]; m.set != nil {
			m.set.each(f)
		} else {
			f(m)
		}
	}
}

// KeyInRole is a key in the role in which a rule asks for it.
type KeyInRole struct {
	*Signer
	Role sealwax.Role
}

// Signers are the keys that the rule names, each with its role.
func (r *Rule) Signers() []KeyInRole {
	out := r.who.signers(r.Role)
	if r.native != nil {
		out = append(out, r.native.signers(sealwax.RoleNative)...)
	}
	return out
}

func (s *set) signers(role sealwax.Role) []KeyInRole {
	var out []KeyInRole
	s.each(func(m *member) {
		if m.signer != nil {
			out = append(out, KeyInRole{m.signer, role})
		}
	})
	return out
}

// InRole is a publisher in the role in which a rule asks for it.
type InRole struct {
	*Publisher
	Role sealwax.Role
}

// Publishers are the publishers that the rule names, each with its role.
func (r *Rule) Publishers() []InRole {
	var out []InRole
	r.each(func(m *member) {
		if m.publisher != nil {
			out = append(out, InRole{m.publisher, m.role})
		}
	})
	return out
}

// Pinned are the roles in which the rule asks for everybody whom the pins trust.
func (r *Rule) Pinned() []sealwax.Role {
	var out []sealwax.Role
	r.each(func(m *member) {
		if m.isPinned() {
			out = append(out, m.role)
		}
	})
	return out
}
