// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"context"
	"crypto/subtle"
	"fmt"

	"golang.org/x/crypto/blake2b"
)

// A minisign secret key before base64 is 158 bytes: three algorithm names, the
// header of the password check, and a box of 104 bytes that the password
// encrypts: key id, seed, public half, checksum.
const (
	rawSecretSize = 158
	boxStart      = 54
	boxSeed       = 8      // in the box
	boxPublic     = 8 + 32 // in the box
	boxChecksum   = 8 + 64 // in the box
)

const (
	kdfScrypt = "Sc"
	kdfNone   = "\x00\x00"
)

func isRawSecret(data []byte) bool {
	return len(data) == rawSecretSize && data[0] == 'E' && data[1] == 'd'
}

// ParseRawSecret reads a minisign secret key in its binary form: exactly the 158
// bytes that the base64 line of a key file decodes to. Otherwise it is as
// [ParseSecret].
func ParseRawSecret(ctx context.Context, data []byte, pass PassphraseFunc) (*Secret, error) {
	sealed, err := readRawSecret(data, CarrierRaw)
	if err != nil {
		return nil, fmt.Errorf("reading a raw minisign secret key: %w", err)
	}
	s, err := sealed.unseal(ctx, pass)
	if err != nil {
		return nil, fmt.Errorf("opening a raw minisign secret key: %w", err)
	}
	return s, nil
}

// readRawSecret checks the 158 bytes. Whether they need a password cannot be told
// from their header: some tools write "Sc" and a salt over a key that is not
// encrypted. So the box is plain if and only if its two halves belong together,
// which never happens by chance.
func readRawSecret(b []byte, carrier string) (sealedSecret, error) {
	// Bytes after the key would be skipped by one reader and read by another.
	if len(b) != rawSecretSize {
		return sealedSecret{}, fmt.Errorf("minisign secret key: %d bytes, want exactly %d", len(b), rawSecretSize)
	}
	if string(b[:2]) != "Ed" || string(b[4:6]) != "B2" {
		return sealedSecret{}, fmt.Errorf("minisign secret key: algorithms %q and %q, want \"Ed\" and \"B2\": %w", b[:2], b[4:6], ErrUnsupported)
	}
	kdf := string(b[2:4])
	if kdf != kdfNone && kdf != kdfScrypt {
		return sealedSecret{}, fmt.Errorf("minisign secret key: password check %q, want scrypt or none: %w", kdf, ErrUnsupported)
	}
	s, err := checkHalves(b[boxStart+boxSeed:boxStart+boxPublic], b[boxStart+boxPublic:boxStart+boxChecksum])
	if err == nil {
		err = checkPlainBox(b[boxStart:])
		return plain(carrier, s.WithID(ID(b[boxStart:boxStart+8])), err)
	}
	if kdf == kdfNone {
		return sealedSecret{}, err
	}
	return sealBox(b, carrier)
}

// checkPlainBox checks the checksum of a box that is not encrypted. It is valid,
// or zero: minisign leaves it out of keys that never had a password.
func checkPlainBox(box []byte) error {
	var zero [32]byte
	if string(box[boxChecksum:]) == string(zero[:]) || checksumValid(box) {
		return nil
	}
	return fmt.Errorf("%w: its checksum is wrong", ErrDamaged)
}

// checksumValid compares the box's checksum: BLAKE2b-256 of the signature
// algorithm, the key id and both halves.
func checksumValid(box []byte) bool {
	sum := boxChecksumOf(box)
	return subtle.ConstantTimeCompare(sum[:], box[boxChecksum:]) == 1
}

func boxChecksumOf(box []byte) [32]byte {
	in := append([]byte("Ed"), box[:boxChecksum]...)
	defer clear(in)
	return blake2b.Sum256(in)
}

// sealBox prepares an encrypted box for its password, cost checked.
func sealBox(b []byte, carrier string) (sealedSecret, error) {
	if err := scryptCostOf(le64(b[38:]), le64(b[46:])).check(); err != nil {
		return sealedSecret{}, err
	}
	own := append([]byte(nil), b...)
	return sealedSecret{
		SecretInfo: SecretInfo{Carrier: carrier, Encrypted: true},
		open:       func(password []byte) (*Secret, error) { return openBox(own, password) },
	}, nil
}

func openBox(b, password []byte) (*Secret, error) {
	box := append([]byte(nil), b[boxStart:]...)
	defer clear(box)
	if err := xorScrypt(box, password, b[6:38], le64(b[38:]), le64(b[46:])); err != nil {
		return nil, err
	}
	// The checksum is all that tells a wrong password: here it may not be zero.
	if !checksumValid(box) {
		return nil, ErrWrongPassword
	}
	s, err := checkHalves(box[boxSeed:boxPublic], box[boxPublic:boxChecksum])
	if err != nil {
		return nil, err
	}
	return s.WithID(ID(box[:8])), nil
}
