// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmbin

// Fit holds the sections of a binary to what its preamble says it is. It is fed
// like a [Visitor], by the section. A signature over sections does not cover the
// preamble: this is what keeps a module from passing as a component.
type Fit struct {
	kind  Kind
	rank  int // of the last known section of a core module
	cur   Section
	lead  [PreambleSize]byte // first bytes of the current section's content
	nlead int
	err   error
}

// moduleRank is the place of each section id in the order that core
// specification 5.5.16 demands; custom sections (0) are anywhere. The data count
// (12) stands before the code (10), the tags (13) before the globals (6).
var moduleRank = [...]int{0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6}

// maxComponentID is the highest section id of a component (Binary.md).
const maxComponentID = 11

// Preamble says what the sections are held to.
func (f *Fit) Preamble(k Kind) { f.kind = k }

// Begin takes the next section.
func (f *Fit) Begin(s *Section) {
	f.cur, f.nlead = *s, 0
	if f.err != nil || s.ID == 0 {
		return
	}
	if f.kind == Component {
		if s.ID > maxComponentID {
			f.err = malformed(s.Offset, "a component has no section with id %d", s.ID)
		}
		return
	}
	f.moduleOrder(s)
}

func (f *Fit) moduleOrder(s *Section) {
	if int(s.ID) >= len(moduleRank) {
		f.err = malformed(s.Offset, "a module has no section with id %d", s.ID)
		return
	}
	// Core specification 5.5.16: "Every section other than a custom section occurs
	// at most once" and in the prescribed order.
	rank := moduleRank[s.ID]
	switch name := f.kind.SectionName(s.ID); {
	case rank == f.rank:
		f.err = malformed(s.Offset, "a second %s section", name)
	case rank < f.rank:
		f.err = malformed(s.Offset, "the %s section stands behind one that it must precede, or is there twice", name)
	}
	f.rank = rank
}

// Content takes the next piece of the section's content.
func (f *Fit) Content(p []byte) {
	if f.nlead < len(f.lead) {
		f.nlead += copy(f.lead[f.nlead:], p)
	}
}

// End ends the section.
func (f *Fit) End() {
	if f.err != nil || (f.cur.ID != 1 && f.cur.ID != 4) {
		return
	}
	nested := KindOf(f.lead[:f.nlead])
	switch {
	case f.kind == Module && nested != 0:
		// A module's type and table sections begin with a count, and one that
		// counts none has no more bytes: this is a component's section.
		f.err = malformed(f.cur.Offset, "a module's %s section holds a whole %s", f.kind.SectionName(f.cur.ID), nested)
	case f.kind == Component && f.cur.ID == 1 && nested != Module:
		// Binary.md: section 1 is a core module, preamble included.
		f.err = malformed(f.cur.Offset, "it should hold a core module, and does not begin like one")
	case f.kind == Component && f.cur.ID == 4 && nested != Component:
		// Binary.md: section 4 is a component, preamble included.
		f.err = malformed(f.cur.Offset, "it should hold a component, and does not begin like one")
	}
}

// Err is the first reason why the sections do not fit the kind, or nil.
func (f *Fit) Err() error { return f.err }
