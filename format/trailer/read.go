// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"fmt"
	"io"

	"github.com/sealwax/sealwax/key"
)

// Trailer is what is written at the end of a signed file. Nothing in it is proven
// by reading it.
type Trailer struct {
	// Original is the length in bytes of what is signed: the file without its
	// trailer.
	Original int64
	// Statement is what the signer states, and Text its one spelling.
	Statement Statement
	Text      string
	// KeyID is the id that the signature carries, and Signature and Global are
	// minisign's two signatures: of the original's BLAKE2b-512, and of that
	// signature and the statement.
	KeyID             key.ID
	Signature, Global [key.SignatureSize]byte
	// Carried are signatures on what was compiled.
	Carried []Carried
}

// Read reads the trailer of a file of that size, and proves nothing. The error
// wraps [ErrNone] where the file does not end in one, [ErrSyntax] or
// [ErrStatement] where that cannot be read; any other is r's own.
func Read(r io.ReaderAt, size int64) (*Trailer, error) {
	f, err := readFrame(r, size)
	if err != nil {
		return nil, fmt.Errorf("reading the trailer: %w", err)
	}
	s, err := ParseStatement(f.statement)
	if err != nil {
		return nil, fmt.Errorf("reading the trailer: %w", err)
	}
	return &Trailer{
		Original: f.original, Statement: *s, Text: f.statement, KeyID: f.keyID,
		Signature: f.signature, Global: f.global, Carried: f.carried,
	}, nil
}

// Marshal writes the trailer: what follows the original. Reading it behind the
// same original gives t again.
func (t *Trailer) Marshal() ([]byte, error) {
	block, err := marshalCarried(t.Carried)
	if err != nil {
		return nil, err
	}
	text, err := t.Statement.Marshal()
	if err != nil {
		return nil, err
	}
	if text != t.Text {
		return nil, syntax("the statement and its text differ")
	}
	f := frame{keyID: t.KeyID, signature: t.Signature, statement: text, global: t.Global, block: block}
	return f.marshal()
}
