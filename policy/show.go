// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
)

// Line is one line of what a policy file comes to.
type Line struct {
	// Text is indented by two blanks for each level; what it takes from the file
	// is escaped.
	Text string `json:"text"`
	// Origin is where it is said: "FILE:LINE", or "default" for what is not
	// written and holds all the same.
	Origin string `json:"origin"`
}

// Show spells out what the file comes to, defaults included, each line with its
// origin.
func (f *File) Show() []Line {
	s := &shower{file: f}
	s.add(0, f.logLine, "decisions are written to %s", orNothing(sealwax.Printable(f.Log)))
	for i := range f.Rules {
		s.rule(&f.Rules[i])
	}
	s.add(0, 0, "what no rule is for is refused (policy.no_rule)")
	return s.lines
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

type shower struct {
	file  *File
	lines []Line
}

// add adds a line; line zero of the file is a default.
func (s *shower) add(depth, line int, format string, args ...any) {
	origin := "default"
	if line > 0 {
		origin = fmt.Sprintf("%s:%d", sealwax.Printable(s.file.Name), line)
	}
	s.lines = append(s.lines, Line{strings.Repeat("  ", depth) + fmt.Sprintf(format, args...), origin})
}

func (s *shower) rule(r *Rule) {
	s.add(0, r.Line, "rule %s", r.Name)
	for i, p := range r.For {
		s.add(1, r.fors[i].Line, "for %s", p)
	}
	if r.Kinds == nil {
		s.add(1, 0, "of any kind")
	} else {
		kinds := make([]string, len(r.Kinds))
		for i, k := range r.Kinds {
			kinds[i] = string(k)
		}
		s.add(1, r.at["kind"], "of kind %s, well formed", list(kinds))
	}
	s.who(r)
	s.coverage(r)
	for _, req := range r.requireText {
		s.add(1, r.at["require"], "each stating %s", sealwax.Printable(req))
	}
	s.modes(r)
}

// who shows who must have signed, what the artifact is or was made from.
func (s *shower) who(r *Rule) {
	switch {
	case r.native == nil:
		s.set(1, "signed by ", &r.who)
		if slices.Contains(r.kinds(), sealwax.KindCompiled) {
			s.add(1, 0, "compiled code is refused, since it is not said who must have signed it")
		}
		return
	case r.onlyFor(sealwax.KindCompiled):
		s.set(1, "its source signed by ", &r.who)
	case len(r.who.members) > 0:
		s.set(1, "it, or the source of compiled code, signed by ", &r.who)
	}
	s.set(1, "native code signed by ", r.native)
	if r.engineText != "" {
		s.add(1, r.at[engineName], "compiled by %s", sealwax.Printable(r.engineText))
	}
	for _, version := range r.denied {
		s.add(1, r.at["engine-deny"], "not compiled by version %s", sealwax.Printable(version))
	}
}

// set shows a set; by says what it is about.
func (s *shower) set(depth int, by string, in *set) {
	distinct := ""
	if in.distinct {
		distinct = ", keys of one publisher counting once"
	}
	if in.needLine > 0 {
		s.add(depth, in.needLine, "%s%d of%s", by, in.need, distinct)
	} else {
		s.add(depth, in.line, "%sall of%s", by, distinct)
	}
	for i := range in.members {
		s.member(depth+1, &in.members[i])
	}
}

func (s *shower) member(depth int, m *member) {
	switch {
	case m.set != nil:
		s.set(depth, "", m.set)
	case m.rebuilt:
		s.add(depth, m.line, "nobody: it is made again from its source, with the same bytes")
	case m.signer != nil:
		s.add(depth, m.line, "signer %s: %s", m.signer.Name, origin(string(m.signer.Key.Fingerprint()), m.signer.From, m.signer.Line))
	case m.publisher != nil:
		s.add(depth, m.line, "publisher %s in role %s: %s", m.publisher.Name, m.role, origin(string(m.publisher.ID), m.publisher.From, m.publisher.Line))
	default:
		s.add(depth, m.line, "whoever is pinned for it in role %s", m.role)
	}
}

// origin is who it is, and which line or file says so.
func origin(who, from string, line int) string {
	if from == "" {
		return fmt.Sprintf("%s (line %d)", who, line)
	}
	return fmt.Sprintf("%s (line %d, %s)", who, line, sealwax.Printable(from))
}

func (s *shower) coverage(r *Rule) {
	if !r.prefix {
		s.add(1, r.at["coverage"], "each covering the whole artifact")
		return
	}
	s.add(1, r.at["coverage"], "each covering all but these sections behind the signed part")
	for _, name := range r.uncovered {
		s.add(2, r.at["allow-uncovered"], "%s", sealwax.Printable(name))
	}
}

func (s *shower) modes(r *Rule) {
	if r.formats == nil {
		s.add(1, 0, "in any format")
	} else {
		s.add(1, r.at["formats"], "in the format %s", list(r.formats))
	}
	s.add(1, r.at["allow-legacy"], "legacy minisign signatures %s", choose(r.legacy, "count", "do not count"))
	s.add(1, r.at["stale"], "stale publishers are %s", choose(r.fresh, "refused", "warned of"))
	s.add(1, r.at["mode"], "what this refuses %s", choose(r.Warn, "passes with a warning", "is refused"))
}

func choose(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
