// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/semver"
	"github.com/sealwax/sealwax/internal/tomltree"
)

// rebuilt is the member of a native set that is no person: the artifact was made
// again from its source, and the bytes are the same.
const rebuilt = "rebuilt"

// What the two halves of what compiled code needs are called, in explanations.
const (
	sourceHalf = "source"
	nativeHalf = "native"
)

// What the signature of whoever compiled states of the engine.
const (
	engineName    = "engine"
	engineVersion = "engine-version"
)

const nativeExample = `native = ["NAME"], {need = 1, of = ["NAME", "NAME"]}, "pinned" or "rebuilt"`

// isNative reports whether artifacts of the kind are native code, which the native
// set is asked about.
func isNative(k sealwax.Kind) bool { return k == sealwax.KindCompiled || k == sealwax.KindProgram }

// onlyFor reports whether the rule is for no other kinds than these.
func (r *Rule) onlyFor(kinds ...sealwax.Kind) bool {
	return r.Kinds != nil && !slices.ContainsFunc(r.Kinds, func(k sealwax.Kind) bool { return !slices.Contains(kinds, k) })
}

// ruleNative reads who must have signed native code, and which engines may have
// made it.
func (r *reader) ruleNative(rule *Rule, t *tomltree.Table) error {
	if e := t.Get(nativeHalf); e != nil {
		s := &setReader{reader: r, role: sealwax.RoleNative, native: true, seen: map[string]tomltree.Pos{}, names: rule.who.count()}
		who, err := s.nativeSet(e)
		if err != nil {
			return err
		}
		rule.native = &who
	}
	return r.ruleEngine(rule, t)
}

// nativeFits holds a native set to rules of which it can be asked.
func (r *reader) nativeFits(rule *Rule, t *tomltree.Table) error {
	e := t.Get(nativeHalf)
	if e == nil {
		return nil
	}
	if role := t.Get("role"); role != nil && rule.Role != sealwax.RoleRelease {
		return r.fail(role.Value.Pos, `"of" is about sources where "native" is about native code, and sources are signed in the role release`, "remove role, or native")
	}
	if rule.Kinds != nil && !slices.ContainsFunc(rule.Kinds, isNative) {
		return r.fail(e.Pos, "native speaks of compiled code and programs, and the rule is for neither", `remove it, or write kind = ["compiled"]`)
	}
	if of := t.Get("of"); of != nil && rule.onlyFor(sealwax.KindProgram) {
		return r.fail(of.Pos, `"of" is never asked: of a program no source is known that somebody could have signed`, "remove it")
	}
	return nil
}

func (s *setReader) nativeSet(e *tomltree.Entry) (set, error) {
	switch v := e.Value; {
	case v.Kind == tomltree.List:
		return s.of(e, &tomltree.Table{Pos: e.Pos}, 1)
	case v.Kind == tomltree.Dict:
		if err := s.only(v.Table, "need", "of", "distinct"); err != nil {
			return set{}, err
		}
		return s.set(v.Table, 1)
	case v.Kind == tomltree.String && (v.Text == pinned || v.Text == rebuilt):
		m, err := s.member(v, 1)
		return set{line: e.Pos.Line, need: 1, members: []member{m}}, err
	case v.Kind == tomltree.String:
		return set{}, s.fail(v.Pos, "native "+quote(v.Text)+" is not known", "write "+nativeExample)
	}
	return set{}, s.wrongKind(nativeHalf, e.Value, tomltree.List, nativeExample)
}

// ruleEngine reads engine and engine-deny: what whoever compiled must state.
func (r *reader) ruleEngine(rule *Rule, t *tomltree.Table) error {
	for _, name := range []string{engineName, "engine-deny"} {
		if e := t.Get(name); e != nil && (rule.native == nil || rule.onlyFor(sealwax.KindProgram)) {
			return r.fail(e.Pos, name+" is stated by who compiled, and the rule asks nobody who did", "write "+nativeExample)
		}
	}
	if err := r.engine(rule, t.Get("engine")); err != nil {
		return err
	}
	return r.denied(rule, t.Get("engine-deny"))
}

func (r *reader) engine(rule *Rule, e *tomltree.Entry) error {
	if e == nil {
		return nil
	}
	const example = `engine = "wasmtime", or "wasmtime >= 44.0.0" (also = > <= <)`
	text, err := r.text("engine", e.Value, example)
	if err != nil {
		return err
	}
	req, why := parseRequirement(text)
	if why == "" && !isName(req.Name) {
		why = quote(req.Name) + " is no name"
	}
	if _, err := semver.Parse(req.Value); why == "" && !req.Any && err != nil {
		why = sealwax.Printable(err.Error())
	}
	if why != "" {
		return r.fail(e.Value.Pos, "engine "+quote(text)+": "+why, "write "+example)
	}
	rule.engine = append(rule.engine, sealwax.Requirement{Name: engineName, Value: req.Name})
	if !req.Any {
		rule.engine = append(rule.engine, sealwax.Requirement{Name: engineVersion, Op: req.Op, Value: req.Value})
	}
	rule.engineText = text
	return nil
}

func (r *reader) denied(rule *Rule, e *tomltree.Entry) error {
	if e == nil {
		return nil
	}
	const example = `engine-deny = ["44.0.0"]`
	texts, err := r.texts(e, MaxPatterns, example)
	if err != nil {
		return err
	}
	for _, v := range texts {
		if _, err := semver.Parse(v.Text); err != nil {
			return r.fail(v.Pos, fmt.Sprintf("engine-deny %s: %s", quote(v.Text), sealwax.Printable(err.Error())), "write "+example)
		}
		rule.engine = append(rule.engine, sealwax.Requirement{Name: engineVersion, Op: "!=", Value: v.Text})
		rule.denied = append(rule.denied, v.Text)
	}
	return nil
}

// need is who must have signed an artifact of a kind. Native code is not what "of"
// is about, save for what compiled code was made from.
func (r *Rule) need(kind sealwax.Kind) sealwax.Quorum {
	switch {
	case r.refuses(kind) != "":
		return sealwax.Quorum{} // nobody could make up for what the rule lacks
	case r.native == nil:
		return r.who.quorum("")
	case kind == sealwax.KindProgram:
		return r.native.quorum(sealwax.RoleNative)
	case kind == sealwax.KindCompiled:
		source, native := r.who.quorum(sealwax.RoleRelease), r.native.quorum(sealwax.RoleNative)
		source.Label, native.Label = sourceHalf, nativeHalf
		return sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{source, native}}
	default:
		return r.who.quorum(sealwax.RoleRelease)
	}
}

// required is what signatures must state on an artifact of a kind. The engine is
// stated by whoever compiled, in whichever role that was.
func (r *Rule) required(kind sealwax.Kind) []sealwax.Requirement {
	out := slices.Clone(r.require)
	if kind != sealwax.KindCompiled {
		return out
	}
	for _, role := range []sealwax.Role{sealwax.RoleNative, sealwax.RoleRebuilt} {
		for _, req := range r.engine {
			req.Role = role
			out = append(out, req)
		}
	}
	return out
}

// formatsOf are the formats whose signatures count on an artifact of a kind. What
// was made again is no signature that somebody wrote in any of them.
func (r *Rule) formatsOf(kind sealwax.Kind) []string {
	out := slices.Clone(r.formats)
	if out != nil && kind == sealwax.KindCompiled {
		out = append(out, rebuilt)
	}
	return out
}

// refuses is why the rule admits no artifact of a kind, or "".
func (r *Rule) refuses(kind sealwax.Kind) string {
	if kind == sealwax.KindCompiled && r.native == nil {
		return fmt.Sprintf("rule %s does not say who must have signed compiled code: write %s into it", r, nativeExample)
	}
	return ""
}

// halves are the sets of the rule, each of which has members of its own.
func (r *Rule) halves() []*set {
	if r.native == nil {
		return []*set{&r.who}
	}
	return []*set{&r.who, r.native}
}

// each calls f for every member of the rule that is no set.
func (r *Rule) each(f func(m *member)) {
	for _, s := range r.halves() {
		s.each(f)
	}
}

// isRebuilding reports whether nobody's signature is asked for.
func (s *set) isRebuilding() bool {
	return !slices.ContainsFunc(s.members, func(m member) bool { return !m.rebuilt })
}

// needsRebuilding reports whether the set cannot be met without making the artifact
// again.
func (s *set) needsRebuilding() bool {
	people := 0
	for i := range s.members {
		if m := &s.members[i]; m.isPinned() {
			return false // they may be many
		} else if !m.rebuilt {
			people++
		}
	}
	return people < s.need
}
