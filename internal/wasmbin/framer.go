// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmbin

import "fmt"

// Visitor is told what a [Framer] sees, in order: the kind, and then for each
// section its beginning, its content in pieces and its end.
type Visitor interface {
	// Preamble comes first, once.
	Preamble(k Kind)
	// Begin comes when a section's header is complete. header is its raw bytes,
	// a custom section's name included; it is not kept.
	Begin(s *Section, header []byte)
	// Content comes for each piece of the section's content. It is not kept.
	Content(p []byte)
	// End comes when the section is complete.
	End(s *Section)
}

// Framer finds the sections of a binary that is written to it. It holds no more
// than one section header, whatever is written, and how the bytes are divided
// among writes changes nothing but how content is divided.
type Framer struct {
	visit  Visitor
	kind   Kind
	head   []byte // the incomplete preamble or header
	need   int    // bytes that head must have before it is looked at again
	off    int64  // where head begins; within content, where content continues
	cur    Section
	inside bool // within the content of cur
	count  int
	err    error
}

// NewFramer is a framer that tells v what it sees.
func NewFramer(v Visitor) *Framer { return &Framer{visit: v, need: PreambleSize} }

// Kind is the binary's kind once the preamble was written.
func (f *Framer) Kind() Kind { return f.kind }

// Write takes the next bytes of the binary. It never fails: once the framing is
// broken it sees nothing more, and [Framer.Close] says why.
func (f *Framer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && f.err == nil {
		if f.inside {
			p = f.content(p)
		} else {
			p = f.header(p)
		}
	}
	return n, nil
}

// Close says whether what was written is a whole well-framed binary.
func (f *Framer) Close() error {
	switch {
	case f.err != nil:
	case f.kind == 0:
		f.err = fmt.Errorf("%w: it ends within the preamble", ErrMalformed)
	case f.inside:
		// Core specification 5.5.2: a section has exactly as many bytes as its size says.
		f.err = malformed(f.cur.Offset, "it reaches behind the end of the file")
	case len(f.head) > 0:
		f.err = malformed(f.off, "the file ends within its header")
	}
	return f.err
}

func (f *Framer) content(p []byte) []byte {
	n := min(int64(len(p)), f.cur.End-f.off)
	f.visit.Content(p[:n])
	f.off += n
	if f.off == f.cur.End {
		f.end()
	}
	return p[n:]
}

func (f *Framer) end() {
	f.inside = false
	f.head, f.need = f.head[:0], 2
	f.visit.End(&f.cur)
}

// header moves bytes to head until it is a whole preamble or section header.
func (f *Framer) header(p []byte) []byte {
	n := min(len(p), f.need-len(f.head))
	f.head = append(f.head, p[:n]...)
	if len(f.head) == f.need {
		if f.kind == 0 {
			f.preamble()
		} else {
			f.begin()
		}
	}
	return p[n:]
}

func (f *Framer) preamble() {
	if f.kind = KindOf(f.head); f.kind == 0 {
		f.err = fmt.Errorf("%w: unknown preamble %x", ErrMalformed, f.head)
		return
	}
	f.off = PreambleSize
	f.head, f.need = f.head[:0], 2
	f.visit.Preamble(f.kind)
}

func (f *Framer) begin() {
	s, need, err := parseHeader(f.head, f.off)
	if err != nil {
		f.err = err
		return
	}
	if f.need = need; need > len(f.head) {
		return
	}
	if f.count++; f.count > MaxSections {
		f.err = malformed(f.off, "more than %d sections", MaxSections)
		return
	}
	f.cur, f.inside, f.off = s, true, s.Payload
	f.visit.Begin(&f.cur, f.head)
	if f.cur.Payload == f.cur.End {
		f.end()
	}
}
