// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmbin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// record is a visitor that puts the binary together again.
type record struct {
	whole    bytes.Buffer
	sections []Section
	fit      Fit
}

func (r *record) Preamble(k Kind) {
	r.whole.WriteString(k.Preamble())
	r.fit.Preamble(k)
}

func (r *record) Begin(s *Section, header []byte) {
	r.whole.Write(header)
	r.fit.Begin(s)
}

func (r *record) Content(p []byte) {
	r.whole.Write(p)
	r.fit.Content(p)
}

func (r *record) End(s *Section) {
	r.sections = append(r.sections, *s)
	r.fit.End()
}

// frame writes b in pieces of the sizes that next gives.
func frame(b []byte, next func() int) (*record, error) {
	r := &record{}
	f := NewFramer(r)
	for len(b) > 0 {
		n := min(max(next(), 1), len(b))
		if w, err := f.Write(b[:n]); w != n || err != nil {
			return r, fmt.Errorf("Write gave %d, %v", w, err)
		}
		b = b[n:]
	}
	return r, f.Close()
}

func atOnce() int { return math.MaxInt }

func walk(b []byte) ([]Section, error) {
	var out []Section
	_, err := Walk(bytes.NewReader(b), int64(len(b)), func(s Section) error {
		out = append(out, s)
		return nil
	})
	return out, err
}

// agree holds the framer, in pieces of whatever size, and the walk to each other.
func agree(t errorer, b []byte, next func() int) (*record, error) {
	t.Helper()
	whole, err := frame(b, atOnce)
	pieces, err2 := frame(b, next)
	if fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Errorf("at once: %v, in pieces: %v", err, err2)
	}
	if !slices.Equal(whole.sections, pieces.sections) {
		t.Errorf("pieces change the sections:\n%s", cmp.Diff(whole.sections, pieces.sections))
	}
	if fmt.Sprint(whole.fit.Err()) != fmt.Sprint(pieces.fit.Err()) {
		t.Errorf("fit at once: %v, in pieces: %v", whole.fit.Err(), pieces.fit.Err())
	}
	hops, err3 := walk(b)
	if (err == nil) != (err3 == nil) {
		t.Errorf("framed: %v, walked: %v", err, err3)
	}
	if !slices.Equal(whole.sections, hops) {
		t.Errorf("the walk finds other sections:\n%s", cmp.Diff(whole.sections, hops))
	}
	if err != nil && !errors.Is(err, ErrMalformed) {
		t.Errorf("%v is not ErrMalformed", err)
	}
	if err == nil {
		roundTrip(t, b, whole)
	}
	return whole, err
}

// roundTrip: the sections tile the file, and its bytes are all there.
func roundTrip(t errorer, b []byte, r *record) {
	t.Helper()
	if !bytes.Equal(r.whole.Bytes(), b) || !bytes.Equal(b[:8], []byte(r.fit.kind.Preamble())) {
		t.Error("the bytes are not those that were written")
	}
	at := int64(PreambleSize)
	for _, s := range r.sections {
		if s.Offset != at || s.Payload <= s.Offset || s.End < s.Payload {
			t.Errorf("section %+v, the one before ends at %d", s, at)
		}
		header := s.Header()
		if same := bytes.Equal(header, b[s.Offset:s.Payload]); same == s.Padded {
			t.Errorf("header %x, padded %v, shortest %x", b[s.Offset:s.Payload], s.Padded, header)
		}
		at = s.End
	}
	if at != int64(len(b)) {
		t.Errorf("the last section ends at %d of %d", at, len(b))
	}
}

type errorer interface {
	Errorf(string, ...any)
	Error(...any)
	Helper()
}

func module(sections ...string) []byte { return []byte(modulePreamble + strings.Join(sections, "")) }

func component(sections ...string) []byte {
	return []byte(componentPreamble + strings.Join(sections, ""))
}

func custom(name, payload string) string {
	return string(AppendCustom(nil, name, []byte(payload)))
}

func TestFraming(t *testing.T) {
	const ok = ""
	for _, tc := range []struct {
		name string
		b    []byte
		want string // part of the error
	}{
		{"empty", nil, "within the preamble"},
		{"short", []byte("\x00asm"), "within the preamble"},
		{"no wasm", []byte("#!/bin/sh\n"), "unknown preamble"},
		{"version", []byte("\x00asm\x02\x00\x00\x00"), "unknown preamble"},
		{"no sections", module(), ok},
		{"component", component(), ok},
		{"empty section", module("\x01\x00"), ok},
		{"id alone", module("\x01"), "within its header"},
		{"size cut", module("\x01\x80"), "within its header"},
		{"padded size", module("\x01\x81\x80\x80\x80\x00\x00"), ok},
		{"six-byte size", module("\x01\x81\x80\x80\x80\x80\x00\x00"), "longer than 32 bits"},
		{"size overflow", module("\x01\x80\x80\x80\x80\x10"), "longer than 32 bits"},
		{"largest size", module("\x01\xff\xff\xff\xff\x0f"), "behind the end of the file"},
		{"too large", module("\x01\x05\x00"), "behind the end of the file"},
		{"trailing byte", module("\x01\x00", "\x00"), "within its header"},
		{"custom", module(custom("name", "x")), ok},
		{"custom, no payload", module(custom("name", "")), ok},
		{"custom, no name", module(custom("", "x")), ok},
		{"no room for a name", module("\x00\x00"), "no room for a name"},
		{"name length cut by the size", module("\x00\x01\x80", "\x01\x00"), "no room for a name"},
		{"name too long for the section", module("\x00\x02\x02a"), "behind the section's end"},
		{"name length overflow", module("\x00\x06\x80\x80\x80\x80\x10a"), "longer than 32 bits"},
		{"padded name length", module("\x00\x04\x81\x80\x00a"), ok},
		{"not UTF-8", module(custom("\xff", "")), "not UTF-8"},
		{"name at the limit", module(custom(strings.Repeat("n", MaxName), "")), ok},
		{"name over the limit", module(custom(strings.Repeat("n", MaxName+1), "")), "at most 65536"},
		{"name cut", module("\x00\x7f\x70" + strings.Repeat("n", 70)), "within its header"},
		{"sections at the limit", module(strings.Repeat("\x00\x01\x00", MaxSections)), ok},
		{"sections over the limit", module(strings.Repeat("\x00\x01\x00", MaxSections+1)), "more than 100000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := agree(t, tc.b, func() int { return 1 })
			if tc.want == ok && err != nil || tc.want != ok && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestFit(t *testing.T) {
	inOrder := "\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x0d\x00\x06\x00\x07\x00\x08\x00\x09\x00\x0c\x00\x0a\x00\x0b\x00"
	nested := func(id byte, b []byte) string { return string(id) + string(rune(len(b))) + string(b) }
	for _, tc := range []struct {
		name string
		b    []byte
		fits bool
	}{
		{"all in order", module(inOrder), true},
		{"customs between", module(custom("a", ""), "\x01\x00", custom("a", ""), "\x03\x00", custom("a", "")), true},
		{"twice", module("\x01\x00\x01\x00"), false},
		{"out of order", module("\x03\x00\x02\x00"), false},
		{"code before data count", module("\x0a\x00\x0c\x00"), false},
		{"global before tag", module("\x06\x00\x0d\x00"), false},
		{"twice, apart", module("\x01\x00\x03\x00\x01\x00"), false},
		{"unknown id", module("\x0e\x00"), false},
		{"high id", module("\xff\x00"), false},
		{"a module in a module", module(nested(1, module())), false},
		{"a component in a module", module(nested(4, component())), false},
		{"component ids", component("\x0b\x00\x03\x00\x02\x00\x02\x00\x0a\x00"), true},
		{"component id 12", component("\x0c\x00"), false},
		{"a module in a component", component(nested(1, module()), nested(1, module())), true},
		{"a component in a component", component(nested(4, component())), true},
		{"a component where a module should be", component(nested(1, component())), false},
		{"a module where a component should be", component(nested(4, module())), false},
		{"a type section in a component", component("\x01\x04\x01\x60\x00\x00"), false},
		{"an empty module section", component("\x01\x00"), false},
		{"an empty component section", component("\x04\x00"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := agree(t, tc.b, func() int { return 3 })
			if err != nil {
				t.Fatal(err)
			}
			if got := r.fit.Err(); (got == nil) != tc.fits {
				t.Errorf("got %v, want it to fit: %v", got, tc.fits)
			}
		})
	}
}

func TestSectionName(t *testing.T) {
	for _, tc := range []struct {
		k    Kind
		id   byte
		want string
	}{{Module, 10, "code"}, {Module, 13, "tag"}, {Module, 14, "unknown"}, {Component, 1, "core module"}, {Component, 12, "unknown"}} {
		if got := tc.k.SectionName(tc.id); got != tc.want {
			t.Errorf("%v %d is %q, want %q", tc.k, tc.id, got, tc.want)
		}
	}
}

// failing is a reader that fails behind an offset.
type failing struct {
	r   io.ReaderAt
	off int64
	err error
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.off {
		return 0, f.err
	}
	return f.r.ReadAt(p, off)
}

// TestWalkReadErrors: bytes that cannot be read are not malformed bytes.
func TestWalkReadErrors(t *testing.T) {
	b := module(custom("a", "1"), custom("b", "2"), custom("c", strings.Repeat("3", 99)))
	disk := errors.New("disk on fire")
	for _, off := range []int64{0, 10, 80} {
		_, err := Walk(failing{bytes.NewReader(b), off, disk}, int64(len(b)), func(Section) error { return nil })
		if !errors.Is(err, disk) || errors.Is(err, ErrMalformed) {
			t.Errorf("at %d: %v", off, err)
		}
	}
	long := module(custom(strings.Repeat("n", 200), ""))
	if _, err := Walk(failing{bytes.NewReader(long), 100, disk}, int64(len(long)), func(Section) error { return nil }); !errors.Is(err, disk) {
		t.Errorf("within a long name: %v", err)
	}
	if _, err := Walk(bytes.NewReader(b), int64(len(b))+1, func(Section) error { return nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that became shorter: %v", err)
	}
	stop := errors.New("enough")
	if _, err := Walk(bytes.NewReader(b), int64(len(b)), func(Section) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("visit's own error: %v", err)
	}
}

// TestChunking: however a binary is divided among writes, the framer sees it.
func TestChunking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom([]Kind{Module, Component}).Draw(t, "kind")
		b := []byte(k.Preamble())
		for range rapid.IntRange(0, 12).Draw(t, "sections") {
			b = append(b, drawSection(t)...)
		}
		cut := rapid.IntRange(0, len(b)).Draw(t, "cut")
		if rapid.Bool().Draw(t, "whole") {
			cut = len(b)
		}
		agree(t, b[:cut], func() int { return rapid.IntRange(1, 40).Draw(t, "piece") })
	})
}

func drawSection(t *rapid.T) []byte {
	payload := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "payload")
	if rapid.Bool().Draw(t, "custom") {
		return AppendCustom(nil, rapid.StringN(0, 90, 300).Draw(t, "name"), payload)
	}
	id := rapid.ByteRange(1, 20).Draw(t, "id")
	if rapid.Bool().Draw(t, "padded") {
		n := len(payload)
		return append([]byte{id, byte(n) | 0x80, byte(n>>7) | 0x80, 0x80, 0x80, 0}, payload...)
	}
	return append(AppendLEB([]byte{id}, uint32(len(payload))), payload...)
}

// TestConstantMemory: a section that claims four gigabytes takes none.
func TestConstantMemory(t *testing.T) {
	var before, after runtime.MemStats
	f := NewFramer(&counting{})
	block := make([]byte, 1<<20)
	runtime.ReadMemStats(&before)
	_, _ = f.Write(module("\x0b\xff\xff\xff\xff\x0f"))
	for range 256 {
		_, _ = f.Write(block)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<10 {
		t.Errorf("%d bytes were allocated", grown)
	}
	if err := f.Close(); err == nil {
		t.Error("a section that is cut short was taken")
	}
}

// counting is a visitor that keeps nothing.
type counting struct{ n int64 }

func (*counting) Preamble(Kind)          {}
func (*counting) Begin(*Section, []byte) {}
func (c *counting) Content(p []byte)     { c.n += int64(len(p)) }
func (*counting) End(*Section)           {}

func FuzzFramer(f *testing.F) {
	f.Add(module(), uint8(1))
	f.Add(module(custom("name", "x"), "\x01\x81\x80\x00\x00"), uint8(3))
	f.Add(component("\x01\x08"+modulePreamble), uint8(7))
	f.Add(module("\x00\xff\xff\xff\xff\x0f\x05"), uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		agree(t, b, func() int { return int(piece) })
		agree(t, append(module(), b...), func() int { return int(piece) })
	})
}
