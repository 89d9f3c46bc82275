// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/internal/tomltree"
)

// Pattern says which subjects a rule is for: docs/formats/pin.md.
type Pattern = pattern.Pattern

// Rule is one rule of a policy file. The zero Rule speaks of nothing and admits
// nothing.
type Rule struct {
	// Name is what the file calls the rule, and Line where it begins.
	Name string
	Line int
	// For says which subjects: any of 1 to [MaxPatterns].
	For []Pattern
	// Kinds says which kinds of artifacts; nil is all.
	Kinds []sealwax.Kind
	// Warn lets what is refused pass, with its findings.
	Warn bool
	// Role is in what role publishers and pins named without one are meant.
	Role sealwax.Role

	who         set
	native      *set // of native code; nil where nobody is said
	prefix      bool
	uncovered   []string // globs
	allowed     *regexp.Regexp
	require     []sealwax.Requirement
	requireText []string
	engine      []sealwax.Requirement // of who compiled
	engineText  string
	denied      []string // versions of the engine
	formats     []string
	legacy      bool
	fresh       bool // stale publishers are refused

	file *File
	at   map[string]int // lines of the keys that are written
	fors []tomltree.Pos // of the patterns
}

// rules reads the list [[rule]].
func (r *reader) rules(e *tomltree.Entry) error {
	if e == nil {
		return nil
	}
	if e.Value.Kind != tomltree.List {
		return r.wrongKind("rule", e.Value, tomltree.List, "[[rule]], with two brackets on each side")
	}
	if len(e.Value.List) > MaxRules {
		return r.fail(e.Value.Pos, fmt.Sprintf("more than %d rules", MaxRules), "divide the file")
	}
	for _, v := range e.Value.List {
		if v.Kind != tomltree.Dict {
			return r.wrongKind("a rule", v, tomltree.Dict, "[[rule]] in a line of its own")
		}
		rule, err := r.rule(v.Table)
		if err != nil {
			return err
		}
		r.file.Rules = append(r.file.Rules, rule)
	}
	return nil
}

// rule reads one rule, its name first, so that the others can be told apart.
func (r *reader) rule(t *tomltree.Table) (Rule, error) {
	rule := Rule{Line: t.Pos.Line, file: r.file, at: map[string]int{}}
	if err := r.only(t, "name", "for", "kind", "mode", "role", "need", "of", "distinct",
		"native", "engine", "engine-deny", "coverage", "allow-uncovered", "require", "formats", "allow-legacy", "stale"); err != nil {
		return rule, err
	}
	for _, e := range t.Entries {
		rule.at[e.Key] = e.Pos.Line
	}
	for _, read := range []func(*Rule, *tomltree.Table) error{
		r.ruleName, r.ruleFor, r.ruleKinds, r.ruleModes, r.ruleRole, r.nativeFits, r.ruleWho, r.ruleNative, r.ruleCoverage, r.ruleRequire, r.ruleFormats,
	} {
		if err := read(&rule, t); err != nil {
			return rule, err
		}
	}
	return rule, nil
}

func (r *reader) ruleName(rule *Rule, t *tomltree.Table) error {
	e := t.Get("name")
	if e == nil {
		return r.fail(t.Pos, "the rule has no name", `write name = "…": reports call it by that`)
	}
	text, err := r.text("name", e.Value, `name = "…"`)
	if err != nil {
		return err
	}
	if err := r.name("rule", text, e.Value.Pos); err != nil {
		return err
	}
	for _, other := range r.file.Rules {
		if other.Name == text {
			return r.fail(e.Value.Pos, fmt.Sprintf("rule %s is there already, in line %d", quote(text), other.Line), "choose another name")
		}
	}
	rule.Name = text
	return nil
}

// ruleFor reads the patterns. A rule that leaves out what it speaks of would speak
// of everything or of nothing, and either surprises.
func (r *reader) ruleFor(rule *Rule, t *tomltree.Table) error {
	const example = `for = ["PATTERN"], such as "*.wasm" or "oci:ghcr.io/acme/**"`
	e := t.Get("for")
	if e == nil {
		return r.fail(t.Pos, "rule "+quote(rule.Name)+" does not say which artifacts it is for", "write "+example)
	}
	texts, err := r.texts(e, MaxPatterns, example)
	if err != nil {
		return err
	}
	for _, v := range texts {
		if len(v.Text) > pattern.MaxSize { // which would be repeated in the message
			return r.fail(v.Pos, fmt.Sprintf("pattern %s is longer than %d bytes", quote(v.Text), pattern.MaxSize), "write a shorter one")
		}
		p, err := pattern.Parse(v.Text)
		if err != nil {
			return r.fail(v.Pos, sealwax.Printable(err.Error()), "")
		}
		rule.For = append(rule.For, p)
		rule.fors = append(rule.fors, v.Pos)
	}
	if r.patterns += len(texts); r.patterns > MaxAllPatterns {
		return r.fail(e.Value.Pos, fmt.Sprintf("more than %d patterns in all rules", MaxAllPatterns), "divide the file")
	}
	return nil
}

// everyKind are the kinds of artifacts, as [sealwax.Artifact.Kind] tells them.
var everyKind = [...]sealwax.Kind{sealwax.KindModule, sealwax.KindComponent, sealwax.KindCompiled, sealwax.KindProgram, sealwax.KindFile}

func kindWords() []string {
	words := make([]string, len(everyKind))
	for i, k := range everyKind {
		words[i] = string(k)
	}
	return words
}

func (r *reader) ruleKinds(rule *Rule, t *tomltree.Table) error {
	known := kindWords()
	e := t.Get("kind")
	if e == nil {
		return nil
	}
	texts, err := r.texts(e, len(known), `kind = ["module", "component"]`)
	if err != nil {
		return err
	}
	for _, v := range texts {
		if !slices.Contains(known, v.Text) {
			return r.fail(v.Pos, "kind "+quote(v.Text)+" is not known", "write "+list(known))
		}
		rule.Kinds = append(rule.Kinds, sealwax.Kind(v.Text))
	}
	return nil
}

func (r *reader) ruleModes(rule *Rule, t *tomltree.Table) error {
	mode, err := r.word(t, "mode", "enforce", "warn")
	if err != nil {
		return err
	}
	rule.Warn = mode == "warn"
	stale, err := r.word(t, "stale", "warn", "refuse")
	if err != nil {
		return err
	}
	rule.fresh = stale == "refuse"
	rule.legacy, err = r.flag(t, "allow-legacy")
	return err
}

func (r *reader) ruleRole(rule *Rule, t *tomltree.Table) error {
	rule.Role = sealwax.RoleRelease
	e := t.Get("role")
	if e == nil {
		return nil
	}
	text, err := r.text("role", e.Value, `role = "release" or "native"`)
	if err != nil {
		return err
	}
	rule.Role = sealwax.Role(text)
	return r.role(text, e.Value.Pos)
}

func (r *reader) ruleCoverage(rule *Rule, t *tomltree.Table) error {
	coverage, err := r.word(t, "coverage", "whole", "prefix")
	if err != nil {
		return err
	}
	rule.prefix = coverage == "prefix"
	const example = `allow-uncovered = ["name", ".debug_*"]`
	e := t.Get("allow-uncovered")
	switch {
	case e == nil && !rule.prefix:
		return nil
	case e == nil:
		return r.fail(t.Get("coverage").Value.Pos, `coverage = "prefix" says that something may stay uncovered, and not what`, "write "+example)
	case !rule.prefix:
		return r.fail(e.Pos, "nothing stays uncovered where the whole artifact must be signed", `write coverage = "prefix" too`)
	}
	texts, err := r.texts(e, MaxPatterns, example)
	if err != nil {
		return err
	}
	for _, v := range texts {
		// As long as a pattern may be: what a glob is compiled to takes much more.
		if len(v.Text) > pattern.MaxSize {
			return r.fail(v.Pos, fmt.Sprintf("section %s is longer than %d bytes", quote(v.Text), pattern.MaxSize), "write a shorter one")
		}
		if _, why := globExpression(v.Text); why != "" {
			return r.fail(v.Pos, "section "+quote(v.Text)+": "+why, "write "+example)
		}
		rule.uncovered = append(rule.uncovered, v.Text)
	}
	rule.allowed, err = anyGlob(rule.uncovered)
	if err != nil {
		return r.fail(e.Value.Pos, "too large", "write fewer")
	}
	return nil
}

func (r *reader) ruleRequire(rule *Rule, t *tomltree.Table) error {
	e := t.Get("require")
	if e == nil {
		return nil
	}
	texts, err := r.texts(e, MaxPatterns, `require = ["file", "version >= 1.2.0"]`)
	if err != nil {
		return err
	}
	for _, v := range texts {
		req, why := parseRequirement(v.Text)
		if why != "" {
			return r.fail(v.Pos, "requirement "+quote(v.Text)+": "+why, `write NAME, NAME = VALUE, or NAME >= VERSION (also > <= <)`)
		}
		rule.require = append(rule.require, req)
		rule.requireText = append(rule.requireText, v.Text)
	}
	return nil
}

// ruleFormats reads names of formats. Which there are is not this package's to
// know: [Check] is told. A name that is none admits nothing.
func (r *reader) ruleFormats(rule *Rule, t *tomltree.Table) error {
	e := t.Get("formats")
	if e == nil {
		return nil
	}
	texts, err := r.texts(e, MaxPatterns, `formats = ["minisign", "wasmsig"]`)
	if err != nil {
		return err
	}
	for _, v := range texts {
		if err := r.name("format", v.Text, v.Pos); err != nil {
			return err
		}
		rule.formats = append(rule.formats, v.Text)
	}
	return nil
}
