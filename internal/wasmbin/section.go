// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmbin

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Limits of the framing. Both are far above what compilers write.
const (
	MaxSections = 100_000  // in one binary
	MaxName     = 64 << 10 // bytes of a custom section's name
	maxLEB      = 5        // bytes of an unsigned 32-bit LEB128
)

// ErrMalformed is wrapped by every error about bytes that are no well-framed
// WebAssembly binary, in contrast to bytes that could not be read.
var ErrMalformed = errors.New("malformed WebAssembly binary")

func malformed(off int64, format string, args ...any) error {
	return fmt.Errorf("%w: section at offset %d: %w", ErrMalformed, off, fmt.Errorf(format, args...))
}

// Section is where a section is. All offsets count from the first byte of the
// binary.
type Section struct {
	ID   byte
	Name string // of a custom section; empty for all others
	// Offset is where the section's id is, Payload where its content begins
	// (behind a custom section's name), End the offset behind its last byte.
	Offset, Payload, End int64
	// Padded says that the size, or a custom name's length, is written with more
	// bytes than it needs. Several compilers do that.
	Padded bool
}

// Custom reports whether s is a custom section of this name.
func (s *Section) Custom(name string) bool { return s.ID == 0 && s.Name == name }

// Size is the section's length in bytes, header included.
func (s *Section) Size() int64 { return s.End - s.Offset }

// leb reads an unsigned 32-bit LEB128. n is the number of its bytes, or 0 when b
// ends within it.
func leb(b []byte) (v uint32, n int, err error) {
	for i, c := range b[:min(len(b), maxLEB)] {
		// Core specification 5.2.2: an u32 has at most ceil(32/7) = 5 bytes, and
		// "the unused bits" of the last one are zero.
		if i == maxLEB-1 && c > 0x0f {
			return 0, 0, errors.New("a number is longer than 32 bits")
		}
		v |= uint32(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1, nil
		}
	}
	return 0, 0, nil
}

// AppendLEB appends v as an unsigned LEB128 in as few bytes as it takes.
func AppendLEB(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// lebSize is how many bytes [AppendLEB] takes.
func lebSize(v uint32) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}

// parseHeader reads the header of the section at off from b, which is not empty:
// id and size, and a custom section's name. need is how many bytes the header has, as far as b
// tells: if it is more than len(b), b is too short and s is not set.
func parseHeader(b []byte, off int64) (s Section, need int, err error) {
	size, n, err := leb(b[1:])
	if err != nil {
		return s, 0, malformed(off, "size: %w", err)
	}
	if n == 0 {
		return s, len(b) + 1, nil
	}
	at := 1 + n
	s = Section{ID: b[0], Offset: off, Payload: off + int64(at), End: off + int64(at) + int64(size), Padded: n != lebSize(size)}
	if s.ID != 0 {
		return s, at, nil
	}
	return parseName(b, at, size, s)
}

// parseName reads the name of a custom section whose size bytes begin at b[at].
func parseName(b []byte, at int, size uint32, s Section) (_ Section, need int, err error) {
	rest := b[at:min(int64(len(b)), int64(at)+int64(size))]
	length, n, err := leb(rest)
	if err != nil {
		return s, 0, malformed(s.Offset, "name: %w", err)
	}
	if n == 0 {
		if uint32(len(rest)) == size {
			return s, 0, malformed(s.Offset, "a custom section of %d bytes has no room for a name", size)
		}
		return s, len(b) + 1, nil
	}
	// Core specification 5.5.3: the name is part of the section's size.
	if int64(length) > int64(size)-int64(n) {
		return s, 0, malformed(s.Offset, "the name reaches behind the section's end")
	}
	if length > MaxName {
		return s, 0, malformed(s.Offset, "a name of %d bytes, and at most %d are read", length, MaxName)
	}
	need = at + n + int(length)
	if len(b) < need {
		return s, need, nil
	}
	name := b[at+n : need]
	// Core specification 5.2.4: names are UTF-8.
	if !utf8.Valid(name) {
		return s, 0, malformed(s.Offset, "the name is not UTF-8")
	}
	s.Name = string(name)
	s.Padded = s.Padded || n != lebSize(length)
	s.Payload = s.Offset + int64(need)
	return s, need, nil
}

// Header is the section's header, name included, in as few bytes as it takes.
// It differs from what is in the file if and only if the section is padded.
func (s *Section) Header() []byte {
	content := uint32(s.End - s.Payload) //nolint:gosec // part of a size of 32 bits
	if s.ID != 0 {
		return AppendLEB([]byte{s.ID}, content)
	}
	name := append(AppendLEB(nil, uint32(len(s.Name))), s.Name...)
	return append(AppendLEB([]byte{0}, uint32(len(name))+content), name...)
}

// AppendCustom appends a whole custom section.
func AppendCustom(b []byte, name string, payload []byte) []byte {
	inner := AppendLEB(nil, uint32(len(name)))
	b = AppendLEB(append(b, 0), uint32(len(inner)+len(name)+len(payload)))
	b = append(append(b, inner...), name...)
	return append(b, payload...)
}
