// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// List is what [ParsePublic] found in a file: never empty without an error.
type List struct {
	// Keys are the keys in the order of the file.
	Keys []ListedKey
	// Notes say what was skipped and why, one sentence each. Text that comes
	// from the file is quoted.
	Notes []string
}

// ListedKey is one public key of a file.
type ListedKey struct {
	Public Public
	// Comment is the text beside the key. It proves nothing, it comes from the
	// file unescaped, and it may be empty.
	Comment string
	// Line is the line that the key is on, counted from 1; 0 in a binary file.
	Line int
	// Carrier is the form the key was in: one of the Carrier constants.
	Carrier string
}

// Publics are the keys alone.
func (l List) Publics() []Public {
	ps := make([]Public, 0, len(l.Keys))
	for _, k := range l.Keys {
		ps = append(ps, k.Public)
	}
	return ps
}

var (
	// ErrSecretGiven is wrapped when a public key is wanted and the file holds a
	// secret one.
	ErrSecretGiven = errors.New("this is a secret key, and a public key is wanted: give the public half")
	// ErrUnsupported is wrapped for a sound file whose key cannot be used here:
	// another algorithm, or an encryption that is not read.
	ErrUnsupported = errors.New("not supported")
	// ErrNotKey is wrapped when a file holds no key in any form that is read.
	ErrNotKey = errors.New("not a key in any form that is read here")
)

// ParsePublic reads public keys in whatever form data holds them: a minisign
// .pub file or its bare base64 line, the base64 of a whole .pub file (Tauri), the
// raw forms of minisign (42 bytes) and wasmsign2 (33 bytes), a PEM or DER
// SubjectPublicKeyInfo, and OpenSSH lines (.pub, .keys, authorized_keys). Only the
// last may hold several keys, and only Ed25519 keys are taken: see [List.Notes].
// Weak keys are refused with [ErrWeakKey], secret keys with [ErrSecretGiven].
// Limits: [MaxPublicBytes], [MaxPublicLines].
func ParsePublic(data []byte) (List, error) {
	l, err := parsePublic(data)
	if err != nil {
		return List{}, fmt.Errorf("reading a public key: %w", err)
	}
	return l, nil
}

func parsePublic(data []byte) (List, error) {
	if len(data) > MaxPublicBytes {
		return List{}, fmt.Errorf("more than %d bytes", MaxPublicBytes)
	}
	if isBinarySecret(data) {
		return List{}, ErrSecretGiven
	}
	k := ListedKey{}
	var err error
	switch {
	case isWasmsignPublic(data):
		k.Carrier = CarrierWasmsign
		k.Public, err = NewEd25519(data[1:])
	case isRawPublic(data):
		k.Carrier = CarrierRaw
		k.Public, err = ParseRawPublic(data)
	case isDER(data):
		k.Carrier = CarrierDER
		k.Public, err = parseSPKI(data)
	default:
		return parsePublicText(data)
	}
	return oneKey(k, err)
}

func parsePublicText(data []byte) (List, error) {
	if bytes.Count(data, []byte("\n")) > MaxPublicLines {
		return List{}, fmt.Errorf("more than %d lines", MaxPublicLines)
	}
	if isTextSecret(data) {
		return List{}, ErrSecretGiven
	}
	if isPEM(data) {
		p, err := parsePublicPEM(data)
		return oneKey(ListedKey{Public: p, Line: 1, Carrier: CarrierPEM}, err)
	}
	if isSSH(data) {
		return parseSSHLines(data)
	}
	if inner, ok := tauriText(data); ok {
		return parseMinisignPublic(inner, CarrierTauri)
	}
	return parseMinisignPublic(data, CarrierMinisign)
}

// oneKey makes a list of a single key, and none of a failure.
func oneKey(k ListedKey, err error) (List, error) {
	if err != nil {
		return List{}, err
	}
	return List{Keys: []ListedKey{k}}, nil
}

// rawPublicSize is a minisign public key before base64: "Ed", key id, key.
const rawPublicSize = 2 + 8 + 32

func isRawPublic(data []byte) bool {
	return len(data) == rawPublicSize && data[0] == 'E' && data[1] == 'd'
}

// ParseRawPublic reads a minisign public key in its binary form, 42 bytes: what
// its base64 line decodes to.
func ParseRawPublic(data []byte) (Public, error) {
	if len(data) != rawPublicSize {
		return Public{}, fmt.Errorf("minisign public key: %d bytes, want %d", len(data), rawPublicSize)
	}
	// Keys are always "Ed", also those that make prehashed signatures ("ED").
	if string(data[:2]) != "Ed" {
		return Public{}, fmt.Errorf("minisign public key: algorithm %q, want \"Ed\": %w", data[:2], ErrUnsupported)
	}
	p, err := NewEd25519(data[10:])
	if err != nil {
		return Public{}, err
	}
	return p.WithID(ID(data[2:10])), nil
}

func parseMinisignPublic(data []byte, carrier string) (List, error) {
	blob, comment, line, err := minisignBlob(data)
	if err != nil {
		return List{}, fmt.Errorf("%w (%w: want minisign, wasmsign2, OpenSSH, PEM or DER)", err, ErrNotKey)
	}
	if line == 1 && carrier == CarrierMinisign {
		carrier = CarrierMinisignLine
	}
	if carrier == CarrierTauri {
		line = 1
	}
	p, err := ParseRawPublic(blob)
	return oneKey(ListedKey{Public: p, Comment: comment, Line: line, Carrier: carrier}, err)
}

// wasmsign2's key files: one byte that says which kind, then the key.
const (
	wasmsignPublic = 0x01
	wasmsignSecret = 0x81
)

func isWasmsignPublic(data []byte) bool {
	return len(data) == 1+32 && data[0] == wasmsignPublic
}

// parseSPKI reads a DER SubjectPublicKeyInfo. There is one encoding of an
// Ed25519 key (RFC 8410 section 4: "the parameters ... MUST be absent"), so the
// prefix is compared whole.
func parseSPKI(der []byte) (Public, error) {
	raw, ok := bytes.CutPrefix(der, []byte(spkiPrefix))
	if !ok {
		return Public{}, fmt.Errorf("SubjectPublicKeyInfo of another algorithm than Ed25519: %w", ErrUnsupported)
	}
	return NewEd25519(raw)
}

func parsePublicPEM(data []byte) (Public, error) {
	label, der, err := decodePEM(data)
	if err != nil {
		return Public{}, err
	}
	if label != "PUBLIC KEY" {
		return Public{}, fmt.Errorf("PEM block %q, want PUBLIC KEY: %w", label, ErrUnsupported)
	}
	return parseSPKI(der)
}

// isDER reports whether data is one whole DER SEQUENCE and no text: a comment
// line may begin with "0", which is the tag of a SEQUENCE.
func isDER(data []byte) bool {
	in := cryptobyte.String(data)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !in.Empty() {
		return false
	}
	return slices.ContainsFunc(data, func(b byte) bool {
		return b >= 0x80 || b < ' ' && b != '\n' && b != '\r' && b != '\t'
	})
}

// isSecretDER reports whether data is PKCS #8: a SEQUENCE that begins with a
// version, or the encrypted form, whose second field is an OCTET STRING.
func isSecretDER(data []byte) bool {
	if !isDER(data) {
		return false
	}
	in := cryptobyte.String(data)
	var seq cryptobyte.String
	in.ReadASN1(&seq, asn1.SEQUENCE)
	return seq.PeekASN1Tag(asn1.INTEGER) ||
		seq.SkipASN1(asn1.SEQUENCE) && seq.PeekASN1Tag(asn1.OCTET_STRING)
}

// isBinarySecret recognises secret key files that are not text.
func isBinarySecret(data []byte) bool {
	return isRawSecret(data) || isWasmsignSecret(data) || isSecretDER(data)
}

// isTextSecret recognises secret key files that are text, without a password.
func isTextSecret(data []byte) bool {
	if inner, ok := tauriText(data); ok {
		return hasSecretLine(inner)
	}
	return hasSecretLine(data) || bytes.Contains(data, []byte("PRIVATE KEY-----"))
}

func hasSecretLine(data []byte) bool {
	return slices.ContainsFunc(textLines(data), func(s string) bool {
		blob, ok := decode64(strings.TrimSpace(s))
		return ok && len(blob) == rawSecretSize
	})
}
