// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmbin

import (
	"errors"
	"fmt"
	"io"
)

// peekSize is how much of a section is read at first: enough for any header
// without an unusually long name.
const peekSize = 64

// Walk hops from section header to section header of the binary of size bytes
// in r, and calls visit for each section; an error of visit ends the walk and is
// returned. It finds what a [Framer] would: an error that wraps [ErrMalformed]
// says that the framing is broken, any other that the bytes could not be read.
func Walk(r io.ReaderAt, size int64, visit func(Section) error) (Kind, error) {
	head := make([]byte, peekSize)
	b, err := peek(r, head[:PreambleSize], 0, size)
	if err != nil {
		return 0, err
	}
	kind := KindOf(b)
	if kind == 0 {
		return 0, fmt.Errorf("%w: unknown preamble %x", ErrMalformed, b)
	}
	for off, count := int64(PreambleSize), 1; off < size; count++ {
		s, err := sectionAt(r, off, size, head)
		if err != nil {
			return kind, err
		}
		if count > MaxSections {
			return kind, malformed(off, "more than %d sections", MaxSections)
		}
		if err := visit(s); err != nil {
			return kind, err
		}
		off = s.End
	}
	return kind, nil
}

// sectionAt reads the header of the section at off.
func sectionAt(r io.ReaderAt, off, size int64, head []byte) (Section, error) {
	b, err := peek(r, head, off, size)
	if err != nil {
		return Section{}, err
	}
	for {
		s, need, err := parseHeader(b, off)
		switch {
		case err != nil:
			return Section{}, err
		case int64(need) > size-off:
			return Section{}, malformed(off, "the file ends within its header")
		case need > len(b): // a long name
			if b, err = peek(r, make([]byte, need), off, size); err != nil {
				return Section{}, err
			}
			continue
		case s.End > size:
			return Section{}, malformed(off, "it reaches behind the end of the file")
		}
		return s, nil
	}
}

// peek reads into b from off, less where the file ends before.
func peek(r io.ReaderAt, b []byte, off, size int64) ([]byte, error) {
	b = b[:min(int64(len(b)), size-off)]
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return b, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // it became shorter while it was read
	}
	return nil, err
}
