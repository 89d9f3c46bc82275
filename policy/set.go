// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/tomltree"
)

// pinned is the member that means everybody whom the pins trust for the subject.
const pinned = "pinned"

// set is "need of these".
type set struct {
	need     int
	needLine int // 0: it was not written, and all are needed
	line     int
	distinct bool
	members  []member
}

// member is one entry of a set: one of the pointers is set, or it means the pins.
type member struct {
	line      int
	text      string // as it is written
	signer    *Signer
	publisher *Publisher
	role      sealwax.Role // of a publisher or the pins
	rebuilt   bool         // it was made again
	set       *set
}

func (m *member) isPinned() bool {
	return m.signer == nil && m.publisher == nil && m.set == nil && !m.rebuilt
}

// count is how many names the set and the sets in it have.
func (s *set) count() int {
	n := 0
	s.each(func(*member) { n++ })
	return n
}

// setReader reads the sets of one rule.
type setReader struct {
	*reader
	role   sealwax.Role
	native bool                    // it is about native code
	bound  bool                    // it is about sources, beside one about native code
	seen   map[string]tomltree.Pos // who is in the tree already
	names  int
}

// ruleWho reads who must have signed. Of programs nobody needs to have signed
// anything else than the native code.
func (r *reader) ruleWho(rule *Rule, t *tomltree.Table) error {
	hasNative := t.Get("native") != nil
	if hasNative && t.Get("of") == nil && rule.onlyFor(sealwax.KindProgram) {
		for _, name := range []string{"need", "distinct"} {
			if e := t.Get(name); e != nil {
				return r.fail(e.Pos, name+` speaks of "of", and there is none`, "write "+nativeExample)
			}
		}
		return nil
	}
	s := &setReader{reader: r, role: rule.Role, bound: hasNative, seen: map[string]tomltree.Pos{}}
	who, err := s.set(t, 1)
	rule.who = who
	return err
}

const ofExample = `of = ["NAME"], a [signer.NAME] or [publisher.NAME] of this file, or "pinned" for everybody whom the pins trust`

// example is what a set can look like.
func (s *setReader) example() string {
	if s.native {
		return nativeExample
	}
	return ofExample
}

// set reads need, of and distinct from a rule or from a set in a set.
func (s *setReader) set(t *tomltree.Table, depth int) (set, error) {
	e := t.Get("of")
	if e == nil && s.bound {
		return set{}, s.fail(t.Pos, "nobody is said who must have signed what compiled code was made from", `write of = ["NAME"], or kind = ["program"] if there is none`)
	}
	if e == nil {
		return set{}, s.fail(t.Pos, "nobody is said who must sign", "write "+s.example())
	}
	return s.of(e, t, depth)
}

// of reads the members of a set, and what t says of it besides.
func (s *setReader) of(e *tomltree.Entry, t *tomltree.Table, depth int) (set, error) {
	out := set{line: e.Pos.Line}
	if err := s.filled(e, MaxMembers, s.example()); err != nil {
		return out, err
	}
	for _, v := range e.Value.List {
		m, err := s.member(v, depth)
		if err != nil {
			return out, err
		}
		out.members = append(out.members, m)
	}
	if err := s.need(&out, e, t); err != nil {
		return out, err
	}
	return out, s.distinct(&out, t)
}

func (s *setReader) member(v *tomltree.Value, depth int) (member, error) {
	if v.Kind == tomltree.Dict {
		return s.inner(v, depth+1)
	}
	text, err := s.text("a member of a set", v, s.example())
	if err != nil {
		return member{}, err
	}
	if s.names++; s.names > MaxMembers {
		return member{}, s.fail(v.Pos, fmt.Sprintf("more than %d names in one rule", MaxMembers), "divide it")
	}
	m, err := s.resolve(text, v.Pos)
	if err != nil {
		return m, err
	}
	return m, s.once(m, v.Pos)
}

func (s *setReader) inner(v *tomltree.Value, depth int) (member, error) {
	if depth > MaxNesting {
		return member{}, s.fail(v.Pos, fmt.Sprintf("sets in sets more than %d deep", MaxNesting), "write it flatter")
	}
	if err := s.only(v.Table, "need", "of", "distinct"); err != nil {
		return member{}, err
	}
	in, err := s.set(v.Table, depth)
	return member{line: v.Pos.Line, set: &in}, err
}

// resolve finds whom a name means: NAME or NAME/ROLE.
func (s *setReader) resolve(text string, at tomltree.Pos) (member, error) {
	name, role, hasRole := strings.Cut(text, "/")
	m := member{line: at.Line, text: text, role: s.role}
	if hasRole {
		if err := s.reader.role(role, at); err != nil {
			return m, err
		}
		m.role = sealwax.Role(role)
	}
	m.signer, m.publisher = s.file.Signer(name), s.file.Publisher(name)
	m.rebuilt = s.native && text == rebuilt
	switch {
	case s.native && m.role != sealwax.RoleNative:
		return m, s.fail(at, quote(text)+" is asked in the role "+role+", and native code is signed in the role native", "write "+quote(name))
	case s.bound && m.role != sealwax.RoleRelease:
		return m, s.fail(at, quote(text)+" is asked in the role "+role+`, and "of" is about sources where "native" is about native code`, "write "+quote(name)+", or name it in native")
	case m.rebuilt:
	case m.signer != nil && hasRole:
		// A key has no roles: it is trusted for what the rule says of it.
		return m, s.fail(at, quote(name)+" is a key, and keys have no roles", "write "+quote(name))
	case m.signer != nil:
		m.role = ""
	case m.publisher == nil && text == rebuilt:
		return m, s.fail(at, `"rebuilt" is asked of native code`, "write native = \"rebuilt\"")
	case m.publisher == nil && name != pinned:
		return m, s.fail(at, "nobody is called "+quote(name), "declare it with [signer.NAME] or [publisher.NAME], or write "+quote(pinned)+" for everybody whom the pins trust")
	}
	return m, nil
}

// once: nobody is in two places of the tree, as in the groups of C2SP tlog-policy,
// or one signature would count twice.
func (s *setReader) once(m member, at tomltree.Pos) error {
	who := m.text
	switch {
	case m.publisher != nil:
		who = m.publisher.Name + "/" + string(m.role)
	case m.signer == nil && !m.rebuilt:
		who = pinned // in any role: the pins may know one key in several
	}
	if first, twice := s.seen[who]; twice {
		return s.fail(at, fmt.Sprintf("%s is there twice: the first is in line %d, column %d", quote(m.text), first.Line, first.Column), "write it once, since nobody counts twice")
	}
	s.seen[who] = at
	return nil
}

// need reads the threshold. Without it all are needed, which is no number where
// the pins are among several.
func (s *setReader) need(out *set, of *tomltree.Entry, t *tomltree.Table) error {
	most, open := len(out.members), false
	for i := range out.members {
		open = open || out.members[i].isPinned()
	}
	e := t.Get("need")
	if e == nil {
		if open && most > 1 {
			fix := "write need = 1 or more"
			if of.Key == nativeHalf {
				fix = `write native = {need = 1, of = ["pinned", …]}`
			}
			return s.fail(of.Value.Pos, `how many are needed of a set with "pinned" in it is not said`, fix)
		}
		out.need = most
		return nil
	}
	if open {
		most = MaxMembers
	}
	v := e.Value
	out.needLine = e.Pos.Line
	switch {
	case v.Kind != tomltree.Integer:
		return s.wrongKind("need", v, tomltree.Integer, "need = 1 or more")
	case v.Int < 1:
		return s.fail(v.Pos, fmt.Sprintf("need = %d admits nothing", v.Int), "write need = 1 or more")
	case v.Int > int64(most):
		return s.fail(v.Pos, fmt.Sprintf("need = %d can never be met: the set has %d", v.Int, most), fmt.Sprintf("write %d or less, or name more", most))
	}
	out.need = int(v.Int)
	return nil
}

// distinct reads whether keys of one publisher count once. Sets are no publishers,
// and one publisher in two roles is one.
func (s *setReader) distinct(out *set, t *tomltree.Table) error {
	e := t.Get("distinct")
	if e == nil {
		return nil
	}
	const example = `distinct = "publisher"`
	text, err := s.text("distinct", e.Value, example)
	if err != nil {
		return err
	}
	if text != "publisher" {
		return s.fail(e.Value.Pos, "distinct "+quote(text)+" is not known", "write "+example)
	}
	publishers := map[string]bool{}
	for _, m := range out.members {
		switch {
		case m.set != nil:
			return s.fail(e.Pos, "distinct does not reach into sets in the set", "write it in each of them, or write the set flat")
		case m.publisher != nil && publishers[m.publisher.Name]:
			return s.fail(e.Pos, "the set has "+quote(m.publisher.Name)+" in two roles, and it is one publisher", "name it in one")
		case m.publisher != nil:
			publishers[m.publisher.Name] = true
		}
	}
	out.distinct = true
	return nil
}
