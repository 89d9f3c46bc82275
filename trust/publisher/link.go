// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/internal/blake2b"
	"github.com/sealwax/sealwax/key"
)

// signature is one minisign signature of a document, without its comments: the
// untrusted one is nobody's word, the trusted one is always [link.comment].
type signature struct {
	id     key.ID
	sig    [key.SignatureSize]byte
	global [key.SignatureSize]byte
}

const (
	fieldSignature = "signature: "
	algPrehashed   = "ED" // minisign's name for Ed25519 over BLAKE2b-512
	blobSize       = 2 + 8 + key.SignatureSize
)

func (s signature) line() string {
	blob := slices.Concat([]byte(algPrehashed), s.id[:], s.sig[:])
	enc := base64.StdEncoding.EncodeToString
	return fieldSignature + enc(blob) + " " + enc(s.global[:])
}

// parseSignature reads "signature: BLOB GLOBAL". Legacy signatures ("Ed") sign
// the document itself and could be taken for other uses of the key, so they are
// no signatures of documents.
func parseSignature(line string) (signature, error) {
	text, ok := strings.CutPrefix(line, fieldSignature)
	if !ok {
		return signature{}, fmt.Errorf("want %q", fieldSignature+"…")
	}
	first, second, _ := strings.Cut(text, " ")
	blob, _ := base64.StdEncoding.DecodeString(first) // what does not decode is not spelled again
	global, _ := base64.StdEncoding.DecodeString(second)
	if len(blob) != blobSize || len(global) != key.SignatureSize {
		return signature{}, fmt.Errorf("want a minisign signature of %d bytes and one of %d bytes in base64", blobSize, key.SignatureSize)
	}
	s := signature{id: key.ID(blob[2:10]), sig: [key.SignatureSize]byte(blob[10:]), global: [key.SignatureSize]byte(global)}
	if s.line() != line {
		return signature{}, fmt.Errorf("want a prehashed minisign signature (%s) in canonical base64", algPrehashed)
	}
	return s, nil
}

// link is one document with its signatures.
type link struct {
	doc        *Document
	data       []byte      // the document's text
	digest     string      // of data
	signatures []signature // sorted by their lines
}

func newLink(doc *Document, data []byte) *link {
	return &link{doc: doc, data: data, digest: Digest(data)}
}

// comment is the trusted comment of every signature of the document, so that a
// signature of a file is never taken for one of a document.
func (l *link) comment() string {
	return fmt.Sprintf("publisher/v1 %s %d %s", l.doc.Name, l.doc.Sequence, l.digest)
}

// message is what minisign signs of a file: its BLAKE2b-512.
func (l *link) message() []byte {
	h := blake2b.New512()
	h.Write(l.data)
	return h.Sum(nil)
}

// globalMessage is what minisign's second signature signs.
func (l *link) globalMessage(s signature) []byte {
	return append(s.sig[:len(s.sig):len(s.sig)], l.comment()...)
}

// verify proves a signature of the document by a key.
func (l *link) verify(s signature, message []byte, by key.Public) error {
	if err := by.Verify(message, s.sig[:]); err != nil {
		return fmt.Errorf("the signature by %s: the document or its signature was changed: %w", by.Fingerprint(), err)
	}
	if err := by.Verify(l.globalMessage(s), s.global[:]); err != nil {
		return fmt.Errorf("the signature by %s: its trusted comment is not %q: %w", by.Fingerprint(), l.comment(), err)
	}
	return nil
}

// minisig is a signature as a file of its own.
func (l *link) minisig(s signature) []byte {
	f := &minisign.File{
		Untrusted: fmt.Sprintf("publisher %s, document %d, signed by key %s", l.doc.Name, l.doc.Sequence, s.id),
		KeyID:     s.id, Signature: s.sig, Trusted: l.comment(), Global: s.global,
	}
	return f.Marshal()
}

// text is the link as a chain file holds it.
func (l *link) text() string {
	var b strings.Builder
	b.Write(l.data)
	if len(l.signatures) > 0 {
		b.WriteString("\n")
	}
	for _, s := range l.signatures {
		b.WriteString(s.line() + "\n")
	}
	return b.String()
}
