// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package objfile looks at the headers of object files, as far as somebody who
// writes to one must: whether it has a signature of its own. Nothing here is asked
// when something is verified.
package objfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrMalformed is wrapped when a file that begins as a PE file is none.
var ErrMalformed = errors.New("malformed PE header")

// Offsets and sizes of the PE format ("PE Format", Microsoft Learn).
const (
	dosHeader      = 0x40 // of which the last four bytes say where the PE header is
	peSignature    = "PE\x00\x00"
	coffHeader     = 20
	optionalSize   = 16    // where the COFF header has the optional header's size
	magicPE32      = 0x10b // the optional header's magic numbers
	magicPE32Plus  = 0x20b
	countPE32      = 92 // where the optional header has the number of directories
	countPE32Plus  = 108
	directoryEntry = 8
	certificates   = 4 // the index of the Certificate Table
)

// Authenticode reports whether a file has a PE certificate table, which is an
// Authenticode signature. It is false for what does not begin as a PE file. It reads
// less than 256 bytes, in three places.
func Authenticode(r io.ReaderAt, size int64) (bool, error) {
	dos, err := read(r, size, 0, 2)
	if string(dos) != "MZ" {
		return false, ioOnly(err)
	}
	if dos, err = read(r, size, 0, dosHeader); err != nil {
		return false, err
	}
	at := int64(binary.LittleEndian.Uint32(dos[dosHeader-4:]))
	pe, err := read(r, size, at, int64(len(peSignature))+coffHeader)
	if err != nil {
		return false, err
	}
	if string(pe[:4]) != peSignature {
		return false, fmt.Errorf("%w: no PE signature at offset %d", ErrMalformed, at)
	}
	length := int64(binary.LittleEndian.Uint16(pe[4+optionalSize:]))
	return hasCertificates(r, size, at+int64(len(pe)), length)
}

// ioOnly is nil for what is merely too short.
func ioOnly(err error) error {
	if errors.Is(err, ErrMalformed) {
		return nil
	}
	return err
}

// hasCertificates looks into an optional header.
func hasCertificates(r io.ReaderAt, size, at, length int64) (bool, error) {
	if length < 2 {
		return false, fmt.Errorf("%w: an optional header of %d bytes", ErrMalformed, length)
	}
	// All that is of interest lies in the first bytes, in either form.
	head, err := read(r, size, at, min(length, countPE32Plus+4+(certificates+1)*directoryEntry))
	if err != nil {
		return false, err
	}
	where := countPE32
	switch magic := binary.LittleEndian.Uint16(head); magic {
	case magicPE32:
	case magicPE32Plus:
		where = countPE32Plus
	default:
		return false, fmt.Errorf("%w: the optional header's magic is %#x", ErrMalformed, magic)
	}
	if len(head) < where+4 {
		return false, fmt.Errorf("%w: an optional header of %d bytes", ErrMalformed, length)
	}
	if binary.LittleEndian.Uint32(head[where:]) <= certificates {
		return false, nil
	}
	entry := where + 4 + certificates*directoryEntry
	if len(head) < entry+directoryEntry {
		return false, fmt.Errorf("%w: its directories do not fit into an optional header of %d bytes", ErrMalformed, length)
	}
	return binary.LittleEndian.Uint64(head[entry:]) != 0, nil
}

// read reads n bytes at an offset that the file itself gave.
func read(r io.ReaderAt, size, at, n int64) ([]byte, error) {
	if n > size-at {
		return nil, fmt.Errorf("%w: %d bytes at offset %d, and the file has %d", ErrMalformed, n, at, size)
	}
	b := make([]byte, n)
	if got, err := r.ReadAt(b, at); got < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}
