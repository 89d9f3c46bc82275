// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package objfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/sealwax/sealwax/internal/objfile"
)

// shape is a PE file of which everything can be otherwise.
type shape struct {
	at, size           int // where the PE header is, and the optional header's size
	magic              uint16
	count              uint32 // of directories
	address, length    uint32 // of the certificate table
	signature, begins  string
	cut                int // so many bytes of the end are missing
	countAt, directory int // where they are in the optional header
}

func pe32plus() shape {
	return shape{
		at: 0x80, size: 112 + 16*8, magic: 0x20b, count: 16, signature: "PE\x00\x00", begins: "MZ", countAt: 108, directory: 112 + 4*8,
	}
}

func pe32() shape {
	s := pe32plus()
	s.size, s.magic, s.countAt, s.directory = 96+16*8, 0x10b, 92, 96+4*8
	return s
}

func (s shape) bytes() []byte {
	optional := make([]byte, max(s.size, 240))
	binary.LittleEndian.PutUint16(optional, s.magic)
	binary.LittleEndian.PutUint32(optional[s.countAt:], s.count)
	binary.LittleEndian.PutUint32(optional[s.directory:], s.address)
	binary.LittleEndian.PutUint32(optional[s.directory+4:], s.length)
	b := make([]byte, 0x80+24, 1024)
	copy(b, s.begins)
	binary.LittleEndian.PutUint32(b[0x3c:], uint32(s.at))
	copy(b[0x80:], s.signature)
	binary.LittleEndian.PutUint16(b[0x80+4+16:], uint16(s.size))
	b = append(b, optional[:s.size]...)
	return b[:len(b)-s.cut]
}

func with(s shape, change func(*shape)) []byte {
	change(&s)
	return s.bytes()
}

func TestAuthenticode(t *testing.T) {
	signed := func(s *shape) { s.address, s.length = 0x1000, 0x800 }
	for name, tc := range map[string]struct {
		data      []byte
		signed    bool
		malformed bool
	}{
		"nothing":                {nil, false, false},
		"one byte":               {[]byte("M"), false, false},
		"elf":                    {[]byte("\x7fELF and more"), false, false},
		"pe32":                   {pe32().bytes(), false, false},
		"pe32+":                  {pe32plus().bytes(), false, false},
		"pe32, signed":           {with(pe32(), signed), true, false},
		"pe32+, signed":          {with(pe32plus(), signed), true, false},
		"only an address":        {with(pe32plus(), func(s *shape) { s.address = 1 }), true, false},
		"only a length":          {with(pe32plus(), func(s *shape) { s.length = 1 }), true, false},
		"five directories":       {with(pe32plus(), func(s *shape) { signed(s); s.count = 5 }), true, false},
		"four directories":       {with(pe32plus(), func(s *shape) { signed(s); s.count = 4 }), false, false},
		"many directories":       {with(pe32plus(), func(s *shape) { s.count = 0xffffffff }), false, false},
		"dos":                    {[]byte("MZ"), false, true},
		"dos, longer":            {with(pe32plus(), func(s *shape) { s.signature = "NE" }), false, true},
		"beyond the end":         {with(pe32plus(), func(s *shape) { s.at = 0x7fffffff }), false, true},
		"at the very end":        {with(pe32plus(), func(s *shape) { s.at = 0x80 + 24 + s.size }), false, true},
		"no optional header":     {with(pe32plus(), func(s *shape) { s.size = 0 }), false, true},
		"one byte of it":         {with(pe32plus(), func(s *shape) { s.size = 1 }), false, true},
		"a short one":            {with(pe32plus(), func(s *shape) { s.size = 110 }), false, true},
		"no room for the entry":  {with(pe32plus(), func(s *shape) { s.size = 112 + 4*8 }), false, true},
		"half an entry":          {with(pe32plus(), func(s *shape) { s.size = 112 + 4*8 + 4 }), false, true},
		"a rom image":            {with(pe32plus(), func(s *shape) { s.magic = 0x107 }), false, true},
		"cut in the header":      {with(pe32plus(), func(s *shape) { s.cut = 100 }), false, true},
		"cut to the dos header":  {pe32plus().bytes()[:0x40], false, true},
		"cut in the dos header":  {pe32plus().bytes()[:0x3f], false, true},
		"cut in the coff header": {pe32plus().bytes()[:0x80+10], false, true},
	} {
		got, err := objfile.Authenticode(bytes.NewReader(tc.data), int64(len(tc.data)))
		if got != tc.signed || errors.Is(err, objfile.ErrMalformed) != tc.malformed || (err != nil) != tc.malformed {
			t.Errorf("%s: %v, %v; want %v, malformed %v", name, got, err, tc.signed, tc.malformed)
		}
	}
}

// brokenAt is a file that cannot be read at one offset.
type brokenAt struct {
	*bytes.Reader
	at int64
}

func (b brokenAt) ReadAt(p []byte, off int64) (int, error) {
	if off <= b.at && b.at < off+int64(len(p)) {
		return 0, io.ErrClosedPipe
	}
	return b.Reader.ReadAt(p, off)
}

// TestReadErrors: what cannot be read is neither signed nor malformed.
func TestReadErrors(t *testing.T) {
	data := pe32plus().bytes()
	for _, at := range []int64{0, 0x3d, 0x82, 0x80 + 24 + 5} {
		if _, err := objfile.Authenticode(brokenAt{bytes.NewReader(data), at}, int64(len(data))); !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, objfile.ErrMalformed) {
			t.Errorf("at %d: %v", at, err)
		}
	}
	// A file that is shorter than it said is not malformed either.
	if _, err := objfile.Authenticode(bytes.NewReader(data[:0x81]), int64(len(data))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// counted bounds what is read.
type counted struct {
	io.ReaderAt
	n int
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.n += len(p)
	return c.ReaderAt.ReadAt(p, off)
}

// FuzzParse: no file makes it panic or read much, and only a PE file is signed.
func FuzzParse(f *testing.F) {
	f.Add(pe32().bytes())
	f.Add(with(pe32plus(), func(s *shape) { s.address = 1 }))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &counted{ReaderAt: bytes.NewReader(data)}
		signed, err := objfile.Authenticode(c, int64(len(data)))
		if c.n > 256 || signed && (err != nil || !bytes.HasPrefix(data, []byte("MZ")) || !bytes.Contains(data, []byte("PE\x00\x00"))) {
			t.Errorf("%v, %v after %d bytes", signed, err, c.n)
		}
		if err != nil && !errors.Is(err, objfile.ErrMalformed) {
			t.Error(err)
		}
	})
}
