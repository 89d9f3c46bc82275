// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/key"
)

// Name is the format's name in hints, claims and reports.
const Name = "trailer"

// Limits.
const (
	// MaxPayload is the longest payload in bytes.
	MaxPayload = 1 << 20
	// MaxCarried is how many signature files are carried along at most.
	MaxCarried = 16
)

// magic ends every signed file. The line end tells a file that was mangled as text.
const magic = "sealwax-tr1\n"

const (
	footerSize  = 4 + len(magic) // the payload's length and the magic
	blobSize    = 2 + 8 + key.SignatureSize
	fixedSize   = blobSize + 2 + key.SignatureSize
	minOriginal = 8 // what tells a kind
)

// algPrehashed is minisign's "Ed25519 over the BLAKE2b-512 of the file".
const algPrehashed = "ED"

// Carried is a detached signature file, on what was compiled.
type Carried struct {
	Format string // the format's name, as in [sealwax.Format]
	Data   []byte
}

// frame is a trailer as it is written, of which nothing is believed and whose
// statement is not parsed.
type frame struct {
	original  int64 // the length of what is signed
	keyID     key.ID
	signature [key.SignatureSize]byte
	statement string
	global    [key.SignatureSize]byte
	carried   []Carried
	block     []byte                     // carried, as it is written
	digest    string                     // of the block, as a statement has it
	parse     func() (*Statement, error) // once, and only when it is time
	tail      []byte                     // everything behind the original
}

// The reasons why a trailer is not one. ErrNone is no mistake.
var (
	// ErrNone says that the file does not end in a trailer.
	ErrNone = errors.New("no signature at its end")
	// ErrSyntax is wrapped by every other error about a trailer's form.
	ErrSyntax = errors.New("not a signature at the end of native code")
)

func syntax(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrSyntax, fmt.Errorf(format, args...))
}

// readFrame reads the trailer of a file of that size. It reads at most
// [MaxPayload] and a footer. The error wraps ErrNone, ErrSyntax, or is r's own.
func readFrame(r io.ReaderAt, size int64) (*frame, error) {
	if size < int64(footerSize) {
		return nil, ErrNone
	}
	footer, err := readAt(r, size-int64(footerSize), int64(footerSize))
	if err != nil {
		return nil, err
	}
	// "Exactly at the end of the file": what follows a trailer nothing signs.
	if string(footer[4:]) != magic {
		return nil, ErrNone
	}
	n := int64(binary.BigEndian.Uint32(footer))
	// "A payload of at most 1 MiB": checked before it is read.
	if n > MaxPayload {
		return nil, syntax("it says that its payload has %d bytes, and at most %d can be", n, MaxPayload)
	}
	if n < fixedSize {
		return nil, syntax("it says that its payload has %d bytes, and none has less than %d", n, fixedSize)
	}
	original := size - int64(footerSize) - n
	if original < minOriginal {
		return nil, syntax("it says that its payload has %d bytes, and with that nothing is left that could be signed: the file was cut in front, or the trailer is of another file", n)
	}
	tail, err := readAt(r, original, n+int64(footerSize))
	if err != nil {
		return nil, err
	}
	doubled, err := endsInMagic(r, original)
	switch {
	case err != nil:
		return nil, err
	case doubled: // "One trailer": whoever strips one would be left with another
		return nil, syntax("there is a second one before it")
	}
	f, err := parsePayload(tail[:n])
	if err != nil {
		return nil, err
	}
	f.original, f.tail = original, tail
	return f, nil
}

// endsInMagic reports whether the first size bytes end as a signed file does.
func endsInMagic(r io.ReaderAt, size int64) (bool, error) {
	if size < int64(len(magic)) {
		return false, nil
	}
	end, err := readAt(r, size-int64(len(magic)), int64(len(magic)))
	return string(end) == magic, err
}

func readAt(r io.ReaderAt, off, size int64) ([]byte, error) {
	b := make([]byte, size)
	if n, err := r.ReadAt(b, off); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// parsePayload reads a payload of at least fixedSize bytes.
func parsePayload(p []byte) (*frame, error) {
	f := &frame{}
	// "ED": a signature of the file itself, and not of its hash, could be taken
	// for one of another file's digest.
	if string(p[:2]) != algPrehashed {
		return nil, syntax("signature algorithm %q is unknown", p[:2])
	}
	copy(f.keyID[:], p[2:])
	copy(f.signature[:], p[10:])
	n := int(binary.BigEndian.Uint16(p[blobSize:]))
	rest := p[blobSize+2:]
	if n > MaxStatement || n > len(rest)-key.SignatureSize {
		return nil, syntax("a statement of %d bytes: at most %d can be, and they must be there", n, MaxStatement)
	}
	f.statement, rest = string(rest[:n]), rest[n:]
	// It is a trusted comment, which people are shown before anybody parses it.
	if err := minisign.CheckTrusted(f.statement); err != nil {
		return nil, syntax("the statement: %w", err)
	}
	copy(f.global[:], rest)
	f.block = rest[key.SignatureSize:]
	f.digest = digestCarried(f.block)
	f.parse = sync.OnceValues(func() (*Statement, error) { return ParseStatement(f.statement) })
	var err error
	f.carried, err = parseCarried(f.block)
	return f, err
}

// marshal writes the trailer behind an original.
func (f *frame) marshal() ([]byte, error) {
	p := append([]byte(algPrehashed), f.keyID[:]...)
	p = append(p, f.signature[:]...)
	p = binary.BigEndian.AppendUint16(p, uint16(len(f.statement)))
	p = append(p, f.statement...)
	p = append(p, f.global[:]...)
	p = append(p, f.block...)
	if len(p) > MaxPayload {
		return nil, fmt.Errorf("a payload of %d bytes, and at most %d can be: carry fewer signatures along", len(p), MaxPayload)
	}
	p = binary.BigEndian.AppendUint32(p, uint32(len(p)))
	return append(p, magic...), nil
}

// globalMessage is what the global signature signs: the signature and the
// statement.
func (f *frame) globalMessage() []byte {
	return append(f.signature[:len(f.signature):len(f.signature)], f.statement...)
}
