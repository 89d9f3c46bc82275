// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// StaleSoon is how long before a publisher's file goes stale [Check] speaks of it.
const StaleSoon = 30 * 24 * time.Hour

// Facts are what [Check] is told of the world: this package knows no pins, no
// publishers' files and no formats. The zero Facts know nothing.
type Facts struct {
	// Now is the time; the zero time keeps Check from speaking of staleness.
	Now time.Time
	// Formats are the names of the formats that are read; nil is not known.
	Formats []string
	// Publishers are what is known of the publishers of the file, by the names
	// that the file gives them. Of one that is not in it nothing is known.
	Publishers map[string]Known
}

// Known is what is known of a publisher.
type Known struct {
	// Err is why what is known cannot be used; then nothing else is set.
	Err error
	// Stale is when it is out of date by the publisher's word; zero is never.
	Stale time.Time
	// Roles are the publisher's roles.
	Roles map[sealwax.Role]KnownRole
}

// KnownRole is one role of a publisher.
type KnownRole struct {
	// Threshold is how many different keys make the publisher one signer.
	Threshold int
	// Keys are those that have not ended.
	Keys []key.Public
}

// Problem is something that a policy file says and cannot mean.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line"`
	// Severity is an error where the file admits less than it says, or something
	// in it is never looked at; a warning where that may be meant, or will be so
	// one day.
	Severity sealwax.Severity `json:"severity"`
	Problem  string           `json:"problem"`
	// Fix is an imperative sentence without a full stop.
	Fix string `json:"fix"`
}

// String is "file:line: severity: problem: fix".
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d: %s: %s: %s", sealwax.Printable(p.File), p.Line, p.Severity, p.Problem, p.Fix)
}

// Check looks for what is well written and cannot be meant: rules that nothing
// reaches, thresholds that nobody can meet, publishers that are unknown or go
// stale, names that nobody asks for. The problems are in the order of the file.
func Check(f *File, facts Facts) []Problem {
	c := &checker{file: f, facts: facts}
	if len(f.Rules) == 0 {
		c.warn(1, "there is no rule, so the file admits nothing", "write a [[rule]], or remove the file if it is to impose nothing")
	}
	c.reach()
	for i := range f.Rules {
		c.rule(&f.Rules[i])
	}
	c.people()
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return slices.Compact(c.problems)
}

type checker struct {
	file     *File
	facts    Facts
	problems []Problem
}

func (c *checker) add(line int, s sealwax.Severity, problem, fix string) {
	c.problems = append(c.problems, Problem{c.file.Name, line, s, problem, fix})
}

func (c *checker) fail(line int, problem, fix string) {
	c.add(line, sealwax.SeverityError, problem, fix)
}

func (c *checker) warn(line int, problem, fix string) {
	c.add(line, sealwax.SeverityWarning, problem, fix)
}

// reached is a pattern of a rule.
type reached struct {
	Pattern
	rule *Rule
}

// reach finds rules and patterns that are never asked, since earlier ones take
// whatever they are for.
func (c *checker) reach() {
	var before []reached
	for i := range c.file.Rules {
		rule := &c.file.Rules[i]
		var hidden []int
		var by *Rule
		for j, p := range rule.For {
			if other := hides(before, p, rule.kinds()); other != nil {
				hidden, by = append(hidden, j), other
			} else if twin := rule.repeats(j); twin >= 0 {
				c.warn(rule.fors[j].Line, fmt.Sprintf("%q adds nothing to %q of the same rule", p, rule.For[twin]), "remove one of them")
			}
		}
		c.hidden(rule, hidden, by)
		for _, p := range rule.For {
			before = append(before, reached{p, rule})
		}
	}
}

func (c *checker) hidden(rule *Rule, patterns []int, by *Rule) {
	if len(patterns) == len(rule.For) {
		c.fail(rule.Line, fmt.Sprintf("rule %s never decides: what it is for, rule %s in line %d takes", rule.Name, by.Name, by.Line),
			"move it before that rule, or remove it")
		return
	}
	for _, j := range patterns {
		c.warn(rule.fors[j].Line, fmt.Sprintf("%q is never looked at here: rule %s in line %d takes it", rule.For[j], by.Name, by.Line),
			"move the rule before that one, or remove the pattern")
	}
}

func (r *Rule) kinds() []sealwax.Kind {
	if r.Kinds != nil {
		return r.Kinds
	}
	return everyKind[:]
}

// hides is the rule that takes p of all the kinds, the last one if there are
// several for different kinds, or nil.
func hides(before []reached, p Pattern, kinds []sealwax.Kind) *Rule {
	var last *Rule
	for _, k := range kinds {
		i := slices.IndexFunc(before, func(q reached) bool { return slices.Contains(q.rule.kinds(), k) && q.Covers(p) })
		if i < 0 {
			return nil
		}
		if by := before[i].rule; last == nil || by.Line > last.Line {
			last = by
		}
	}
	return last
}

// repeats is the other pattern of the rule that takes what the jth takes, or -1.
// Of two that take the same, the second repeats.
func (r *Rule) repeats(j int) int {
	return slices.IndexFunc(r.For, func(q Pattern) bool {
		return q.Covers(r.For[j]) && (slices.Index(r.For, q) < j || !r.For[j].Covers(q))
	})
}

// rule checks what the rule takes.
func (c *checker) rule(r *Rule) {
	for _, half := range r.halves() {
		c.half(r, half)
	}
	c.native(r)
	for _, name := range r.formats {
		if c.facts.Formats != nil && !slices.Contains(c.facts.Formats, name) {
			c.fail(r.at["formats"], fmt.Sprintf("no signature is in the format %q", name), "write "+list(c.facts.Formats))
		}
	}
	if onlyModules(r) {
		c.fail(r.at["formats"], "signatures in the format wasmsig are of modules and components, and the rule is for neither", "allow another format, or another kind")
	}
	c.requirements(r)
}

// native finds rules for native code that no native code can meet.
func (c *checker) native(r *Rule) {
	if r.native == nil {
		if line := r.at["kind"]; slices.Contains(r.Kinds, sealwax.KindCompiled) {
			c.fail(line, "compiled code is refused: nobody is said who must have signed it", "write "+nativeExample)
		}
		return
	}
	// Only this format says what native code was made from.
	if r.formats != nil && !slices.Contains(r.formats, "trailer") && !r.native.isRebuilding() {
		c.fail(r.at["formats"], "native code is signed in the format trailer, and the rule does not take it", `add "trailer"`)
	}
	if r.onlyFor(sealwax.KindProgram) && r.native.needsRebuilding() {
		c.fail(r.at["native"], "a program cannot be made again here", "name who must have signed it")
	}
}

// onlyModules reports whether a rule for files and programs alone takes no signature
// that those can have: what "wasmsig" is for, docs/formats/wasmsig.md says.
func onlyModules(r *Rule) bool {
	return len(r.formats) > 0 &&
		!slices.ContainsFunc(r.formats, func(name string) bool { return name != "wasmsig" }) &&
		r.onlyFor(sealwax.KindFile, sealwax.KindProgram)
}

// people speaks of those whom no rule names.
func (c *checker) people() {
	asked := map[string]bool{}
	for i := range c.file.Rules {
		c.file.Rules[i].each(func(m *member) {
			switch {
			case m.signer != nil:
				asked[m.signer.Name] = true
			case m.publisher != nil:
				asked[m.publisher.Name] = true
			}
		})
	}
	for _, s := range c.file.Signers {
		if !asked[s.Name] {
			c.warn(s.Line, "no rule asks for signer "+s.Name, "name it in a rule, or remove it")
		}
	}
	for _, p := range c.file.Publishers {
		if !asked[p.Name] {
			c.warn(p.Line, "no rule asks for publisher "+p.Name, "name it in a rule, or remove it")
		}
	}
}
