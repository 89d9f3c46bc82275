// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

// maxNames bounds what the names of all sections together may take in memory.
const maxNames = 1 << 20

// scan is the meter behind every check: in one pass it learns the form of a
// binary, and hashes everything behind the signature section, with a look at the
// running hash behind each delimiter.
type scan struct {
	*form
	raw    parts
	padded bool // a header is longer than it must be
	// reencoded is the same as raw over headers in their shortest form, from the
	// first one on that is longer. Only a scan that is to say why a signature does
	// not match keeps it: see [signature.Diagnose].
	reencode  bool
	reencoded *parts
	second    *scan // the scan that did, if one was made

	sections []sealwax.Section
	names    int   // bytes of their names
	end      int64 // offset behind the last section
	lastIs   bool  // the last section is a delimiter
	finished bool
}

// parts is a running hash and what it was behind each delimiter.
type parts struct {
	h     hash.Hash
	sums  []Hash // at most MaxHashes
	ends  []int64
	count int // delimiters, then parts
	whole Hash
}

func newScan() *scan {
	s := &scan{form: newForm(), raw: parts{h: sha256.New()}, end: wasmbin.PreambleSize}
	s.framer = wasmbin.NewFramer(s)
	return s
}

// newThoroughScan also hashes as another tool would have written the module.
func newThoroughScan() *scan {
	s := newScan()
	s.reencode = true
	return s
}

// Begin implements [wasmbin.Visitor].
func (s *scan) Begin(sec *wasmbin.Section, header []byte) {
	s.form.Begin(sec, header)
	s.end = sec.End
	s.list(sec)
	if s.inSignature() {
		return // a signature does not cover itself
	}
	s.lastIs = false
	s.padded = s.padded || sec.Padded
	if s.reencode && sec.Padded && s.reencoded == nil {
		s.reencoded = s.raw.fork()
	}
	s.raw.h.Write(header)
	if s.reencoded != nil {
		s.reencoded.h.Write(sec.Header())
	}
}

// list notes the section for reports about what is not covered.
func (s *scan) list(sec *wasmbin.Section) {
	if s.names += len(sec.Name); s.names > maxNames {
		return // unlisted refuses then
	}
	s.sections = append(s.sections, describe(s.framer.Kind(), sec))
}

func describe(k wasmbin.Kind, s *wasmbin.Section) sealwax.Section {
	name := s.Name
	if s.ID != 0 {
		name = k.SectionName(s.ID)
	}
	return sealwax.Section{ID: s.ID, Name: name, Offset: s.Offset, Size: s.Size()}
}

// Content implements [wasmbin.Visitor].
func (s *scan) Content(p []byte) {
	s.form.Content(p)
	switch {
	case s.inSignature():
	case s.reencoded != nil:
		s.raw.h.Write(p)
		s.reencoded.h.Write(p)
	default:
		s.raw.h.Write(p)
	}
}

// End implements [wasmbin.Visitor].
func (s *scan) End(sec *wasmbin.Section) {
	s.form.End(sec)
	if !sec.Custom(delimiterSection) {
		return
	}
	s.lastIs = true
	s.raw.mark(sec.End)
	if s.reencoded != nil {
		s.reencoded.mark(sec.End)
	}
}

// finish ends the last part: if no delimiter stands at the end, the end of the
// file ends a part. A body of no sections is one part.
func (s *scan) finish() {
	if s.finished {
		return
	}
	s.finished = true
	for _, p := range []*parts{&s.raw, s.reencoded} {
		if p == nil {
			continue
		}
		if p.whole = p.sum(); !s.lastIs {
			p.mark(s.end)
		}
	}
}

// unlisted is not nil if the list of sections is not whole.
func (s *scan) unlisted() error {
	if s.names > maxNames {
		return fmt.Errorf("the sections' names take %d bytes, and at most %d are kept", s.names, maxNames)
	}
	return nil
}

func (p *parts) sum() Hash { return Hash(p.h.Sum(nil)) }

func (p *parts) mark(end int64) {
	if p.count++; p.count <= MaxHashes {
		p.sums = append(p.sums, p.sum())
		p.ends = append(p.ends, end)
	}
}

// fork is a copy that goes its own way.
func (p *parts) fork() *parts {
	twin := &parts{count: p.count}
	twin.sums = append(twin.sums, p.sums...)
	twin.ends = append(twin.ends, p.ends...)
	// SHA-256 of the standard library implements Cloner and does not fail.
	twin.h, _ = p.h.(hash.Cloner).Clone()
	return twin
}

// covered is how much of the body a list of hashes speaks of: 0 is none of it, as
// for a list of none, and the number of parts is all of it.
func (p *parts) covered(hashes []Hash) int {
	n := len(hashes)
	switch {
	// "One hash, or exactly one for each part": one hash of the whole body is
	// good whatever delimiters are in it.
	case n == 1 && hashes[0] == p.whole:
		return p.count
	case n == 1:
		return p.single(hashes[0])
	case n > p.count || n > len(p.sums):
		return 0 // the module was cut short
	}
	// "Each equals the running hash at the end of its part": with as many hashes as
	// parts, the last one is that of the whole body.
	for i, h := range hashes {
		if h != p.sums[i] {
			return 0
		}
	}
	return n
}

// single is the number of the part whose end has the running hash h, or 0.
func (p *parts) single(h Hash) int {
	for i, sum := range p.sums {
		if sum == h {
			return i + 1
		}
	}
	return 0
}

// coverage puts a number of leading parts in the report's words.
func (s *scan) coverage(n int) sealwax.Coverage {
	c := sealwax.Coverage{Whole: n == s.raw.count, Prefix: n, Parts: s.raw.count, End: s.end}
	if c.Whole {
		return c
	}
	c.End = s.raw.ends[n-1]
	// Sections stand in the order of the file. Claims share the list: there can be
	// many of them, and many sections.
	first, _ := slices.BinarySearchFunc(s.sections, c.End, func(sec sealwax.Section, end int64) int {
		return cmp.Compare(sec.Offset, end)
	})
	c.Uncovered = slices.Clip(s.sections[first:])
	return c
}
