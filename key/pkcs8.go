// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// errEncryptedPKCS8 says how to go on.
var errEncryptedPKCS8 = fmt.Errorf("encrypted PKCS #8 is %w: convert the key, for instance with openssl pkey -in KEY -out PLAIN, and read that", ErrUnsupported)

// oidEd25519 is the DER of the AlgorithmIdentifier of Ed25519 (RFC 8410 section
// 3: "the parameters component of the SEQUENCE MUST be absent").
const oidEd25519 = "\x30\x05\x06\x03\x2b\x65\x70"

// pkcs8Prefix is the DER of a version 1 key up to the seed.
const pkcs8Prefix = "\x30\x2e\x02\x01\x00" + oidEd25519 + "\x04\x22\x04\x20"

var errPKCS8 = fmt.Errorf("%w: not a PKCS #8 key in DER", ErrDamaged)

// parsePKCS8 reads an Ed25519 OneAsymmetricKey (RFC 5958 section 2) of version 1
// or 2.
func parsePKCS8(der []byte) (*Secret, error) {
	in := cryptobyte.String(der)
	var seq, algorithm, private, seed cryptobyte.String
	var version int
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !in.Empty() {
		return nil, errPKCS8
	}
	if seq.PeekASN1Tag(asn1.SEQUENCE) {
		return nil, errEncryptedPKCS8
	}
	if !seq.ReadASN1Integer(&version) || version < 0 || version > 1 || !seq.ReadASN1Element(&algorithm, asn1.SEQUENCE) {
		return nil, errPKCS8
	}
	if string(algorithm) != oidEd25519 {
		return nil, fmt.Errorf("PKCS #8 key of another algorithm than Ed25519: %w", ErrUnsupported)
	}
	// RFC 8410 section 7: "CurvePrivateKey ::= OCTET STRING", inside the OCTET
	// STRING of the container.
	if !seq.ReadASN1(&private, asn1.OCTET_STRING) || !private.ReadASN1(&seed, asn1.OCTET_STRING) || !private.Empty() || len(seed) != 32 {
		return nil, errPKCS8
	}
	return pkcs8Halves(seq, version, seed)
}

// pkcs8Halves reads what follows the private key: attributes, which say nothing
// here, and the public key.
func pkcs8Halves(rest cryptobyte.String, version int, seed []byte) (*Secret, error) {
	var bits cryptobyte.String
	var hasPublic bool
	attributes, public := asn1.Tag(0).ContextSpecific().Constructed(), asn1.Tag(1).ContextSpecific()
	if !rest.SkipOptionalASN1(attributes) || !rest.ReadOptionalASN1(&bits, &hasPublic, public) || !rest.Empty() {
		return nil, errPKCS8
	}
	// RFC 5958 section 2: "If publicKey is present, then version is set to v2(1)
	// else version is set to v1(0)."
	if hasPublic != (version == 1) {
		return nil, errors.Join(errPKCS8, errors.New("its version does not fit its fields"))
	}
	if !hasPublic {
		return NewSecret(seed)
	}
	// A BIT STRING begins with the number of unused bits: none.
	raw, ok := bytes.CutPrefix(bits, []byte{0})
	if !ok {
		return nil, errPKCS8
	}
	return checkHalves(seed, raw)
}

// MarshalSecretPEM writes the key without a password as PKCS #8 version 1 in PEM,
// as OpenSSL does. Keep the result in a file that nobody else can read.
func MarshalSecretPEM(s *Secret) []byte {
	seed := s.Seed()
	der := append([]byte(pkcs8Prefix), seed...)
	defer clear(der)
	defer clear(seed)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// MarshalPublicPEM writes the key as a SubjectPublicKeyInfo in PEM.
func MarshalPublicPEM(p Public) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: p.SPKI()})
}
