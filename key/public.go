// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/blake2b"
)

// Algorithm names a public-key algorithm. The zero value is no algorithm.
type Algorithm string

// Ed25519 is RFC 8032 Ed25519, pure (no context, no prehash).
const Ed25519 Algorithm = "ed25519"

// ID is a minisign key id: eight bytes that a key file carries beside the key.
// It is chosen by whoever made the file, so it is a hint and never a proof.
type ID [8]byte

// String is the id as minisign prints it: sixteen upper-case hexadecimal digits
// of the little-endian number.
func (id ID) String() string {
	return fmt.Sprintf("%016X", binary.LittleEndian.Uint64(id[:]))
}

// ParseID reads what [ID.String] writes.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 16 {
		return id, fmt.Errorf("key id %q: want 16 hexadecimal digits", s)
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return id, fmt.Errorf("key id %q: want 16 hexadecimal digits", s)
	}
	binary.LittleEndian.PutUint64(id[:], binary.BigEndian.Uint64(b))
	return id, nil
}

// Fingerprint names a key in every place that sealwax prints or stores one:
// "key:" and the lower-case hexadecimal SHA-256 of the key's DER
// SubjectPublicKeyInfo (RFC 5280 section 4.1, RFC 8410 section 4).
type Fingerprint string

// ParseFingerprint reads a fingerprint in the form that [Public.Fingerprint]
// gives. OpenSSH's form is a hash of other bytes: compare it with
// [Public.SSHFingerprint].
func ParseFingerprint(s string) (Fingerprint, error) {
	h, ok := strings.CutPrefix(s, "key:")
	if !ok || len(h) != 2*sha256.Size || strings.ToLower(h) != h {
		return "", fmt.Errorf("fingerprint %q: want key: and 64 lower-case hexadecimal digits", s)
	}
	if _, err := hex.DecodeString(h); err != nil {
		return "", fmt.Errorf("fingerprint %q: want key: and 64 lower-case hexadecimal digits", s)
	}
	return Fingerprint(s), nil
}

// Public is a public key. It is comparable with ==, but two files may carry one
// key under two minisign ids: to ask "the same key?" use [Public.Equal].
// The zero value is no key: it verifies nothing.
type Public struct {
	alg   Algorithm
	raw   string // the 32 bytes of an Ed25519 key
	id    ID
	hasID bool
}

// ErrWeakKey is wrapped by the error of [NewEd25519] for a key that no honest
// generator makes: a non-canonical encoding or a point of small order.
var ErrWeakKey = errors.New("not a sound Ed25519 public key")

// NewEd25519 takes the 32 bytes of an Ed25519 public key. A non-canonical
// encoding, bytes that are no point of the curve, and points of small order,
// under which anybody can forge, are refused with an error that wraps
// [ErrWeakKey].
func NewEd25519(raw []byte) (Public, error) {
	if err := checkPoint(raw); err != nil {
		return Public{}, err
	}
	return Public{alg: Ed25519, raw: string(raw)}, nil
}

// WithID returns the key with the minisign key id that its file carried.
func (p Public) WithID(id ID) Public {
	p.id, p.hasID = id, true
	return p
}

// IsZero reports whether p is no key.
func (p Public) IsZero() bool { return p.alg == "" }

// Algorithm is the key's algorithm.
func (p Public) Algorithm() Algorithm { return p.alg }

// Bytes are the raw bytes of the key: 32 for Ed25519.
func (p Public) Bytes() []byte { return []byte(p.raw) }

// Equal reports whether p and q are the same key, whatever ids they carry.
// No key equals the zero Public.
func (p Public) Equal(q Public) bool {
	return !p.IsZero() && p.alg == q.alg && p.raw == q.raw
}

// HasOwnID reports whether the key's file carried a minisign key id, so that
// [Public.MinisignID] is not derived from the key.
func (p Public) HasOwnID() bool { return p.hasID }

// MinisignID is the key's minisign key id: the one its file carried, else the
// first 8 bytes of the BLAKE2b-256 of the raw public key.
func (p Public) MinisignID() ID {
	if p.hasID {
		return p.id
	}
	sum := blake2b.Sum256([]byte(p.raw))
	return ID(sum[:8])
}

// WasmsignID is the key id that wasmsign2 writes by default: the first 12 bytes
// of HMAC-SHA256 with the raw public key as key and "key_id" as message.
func (p Public) WasmsignID() []byte {
	m := hmac.New(sha256.New, []byte(p.raw))
	m.Write([]byte("key_id"))
	return m.Sum(nil)[:12]
}

// spkiPrefix is the DER SubjectPublicKeyInfo of an Ed25519 key up to the key
// (RFC 8410 section 4: AlgorithmIdentifier id-Ed25519 without parameters).
const spkiPrefix = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"

// SPKI is the key's DER SubjectPublicKeyInfo.
func (p Public) SPKI() []byte { return []byte(spkiPrefix + p.raw) }

// Fingerprint is the key's name; see [Fingerprint]. The zero key has none.
func (p Public) Fingerprint() Fingerprint {
	if p.IsZero() {
		return ""
	}
	sum := sha256.Sum256(p.SPKI())
	return Fingerprint("key:" + hex.EncodeToString(sum[:]))
}

// sshBlob is the key in OpenSSH's wire encoding (RFC 8709 section 4).
func (p Public) sshBlob() []byte {
	const name = "ssh-ed25519"
	b := binary.BigEndian.AppendUint32(nil, uint32(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(p.raw)))
	return append(b, p.raw...)
}

// SSHFingerprint is the key's name as OpenSSH prints it: "SHA256:" and the
// unpadded base64 of the SHA-256 of the key's wire encoding.
func (p Public) SSHFingerprint() string {
	sum := sha256.Sum256(p.sshBlob())
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// GoesBy reports whether id is one of the key ids that formats carry for the key:
// minisign's eight bytes or wasmsign2's twelve. An id proves nothing.
func (p Public) GoesBy(id []byte) bool {
	own := p.MinisignID()
	return !p.IsZero() && (bytes.Equal(id, own[:]) || bytes.Equal(id, p.WasmsignID()))
}

// NamedBy reports whether name is a fingerprint of the key, ours ("key:…") or
// OpenSSH's ("SHA256:…"), written exactly as it is printed. Key ids name nothing.
func (p Public) NamedBy(name string) bool {
	return !p.IsZero() && (name == string(p.Fingerprint()) || name == p.SSHFingerprint())
}

// String is the fingerprint: a Public is safe to print.
func (p Public) String() string { return string(p.Fingerprint()) }
