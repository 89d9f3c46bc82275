// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// PassphraseFunc returns the password of a key file. It is called at most once,
// and only when the file cannot be read without. The text says what the password
// is for ("minisign secret key 0123456789ABCDEF"), to be shown in a prompt. The
// returned slice is overwritten after use.
type PassphraseFunc func(ctx context.Context, what string) ([]byte, error)

var (
	// ErrPublicGiven is wrapped when a secret key is wanted and the file holds a
	// public one.
	ErrPublicGiven = errors.New("this is a public key, and a secret key is wanted")
	// ErrPasswordNeeded is wrapped when a key file needs a password and nobody
	// can be asked for it.
	ErrPasswordNeeded = errors.New("the key file needs a password")
	// ErrWrongPassword is wrapped when a password does not open a key file.
	ErrWrongPassword = errors.New("wrong password")
	// ErrDamaged is wrapped when a secret key file contradicts itself: a checksum
	// or the public half that it carries does not belong to its secret half.
	ErrDamaged = errors.New("the key file is damaged")
)

// SecretInfo is what a secret key file tells without its password.
type SecretInfo struct {
	// Carrier is the form the key is in: one of the Carrier constants.
	Carrier string
	// Encrypted reports whether the key needs a password.
	Encrypted bool
	// Public is the public half where it can be known without the password, else
	// zero. In an encrypted file nothing proves it until the file is opened.
	Public Public
}

// sealedSecret is a secret key file of which everything has been checked that
// can be checked without a password.
type sealedSecret struct {
	SecretInfo
	// secret is the key of a file without a password.
	secret *Secret
	// open opens a file with one. It is nil otherwise.
	open func(password []byte) (*Secret, error)
}

// ParseSecret reads a secret key in whatever form data holds it: minisign and
// rsign key files in all the ways they are written with and without password,
// the same in binary (158 bytes) and as base64 of the whole file (Tauri),
// wasmsign2's raw form (65 bytes), PKCS #8 in PEM or DER, and OpenSSH. If there is
// a password it asks pass, which may be nil: then the error is
// [ErrPasswordNeeded].
//
// The public half is always derived, and must be the one that the file carries.
// Everything is checked, the cost of the password check included ([ErrCostly]),
// before pass is called. Limit: [MaxSecretBytes]. The error never quotes the file.
func ParseSecret(ctx context.Context, data []byte, pass PassphraseFunc) (*Secret, error) {
	sealed, err := readSecret(data)
	if err != nil {
		return nil, fmt.Errorf("reading a secret key: %w", err)
	}
	s, err := sealed.unseal(ctx, pass)
	if err != nil {
		return nil, fmt.Errorf("opening a secret key (%s): %w", sealed.Carrier, err)
	}
	return s, nil
}

// InspectSecret tells what kind of secret key file data is, without a password.
// A file without a password is checked as [ParseSecret] does.
func InspectSecret(data []byte) (SecretInfo, error) {
	sealed, err := readSecret(data)
	if err != nil {
		return SecretInfo{}, fmt.Errorf("reading a secret key: %w", err)
	}
	return sealed.SecretInfo, nil
}

func (s sealedSecret) unseal(ctx context.Context, pass PassphraseFunc) (*Secret, error) {
	if !s.Encrypted {
		return s.secret, nil
	}
	if pass == nil {
		return nil, ErrPasswordNeeded
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	password, err := pass(ctx, s.prompt())
	if err != nil {
		return nil, fmt.Errorf("asking for the password: %w", err)
	}
	defer clear(password)
	return s.open(password)
}

func (s sealedSecret) prompt() string {
	if s.Public.IsZero() {
		return s.Carrier
	}
	return s.Carrier + " " + s.Public.SSHFingerprint()
}

// plain wraps a key that has no password.
func plain(carrier string, s *Secret, err error) (sealedSecret, error) {
	if err != nil {
		return sealedSecret{}, err
	}
	return sealedSecret{SecretInfo: SecretInfo{Carrier: carrier, Public: s.Public()}, secret: s}, nil
}

func readSecret(data []byte) (sealedSecret, error) {
	if len(data) > MaxSecretBytes {
		return sealedSecret{}, fmt.Errorf("more than %d bytes", MaxSecretBytes)
	}
	switch {
	case isRawSecret(data):
		return readRawSecret(data, CarrierRaw)
	case isWasmsignSecret(data):
		s, err := parseWasmsignSecret(data)
		return plain(CarrierWasmsign, s, err)
	case isSecretDER(data):
		s, err := parsePKCS8(data)
		return plain(CarrierDER, s, err)
	case isPEM(data):
		return readSecretPEM(data)
	}
	return readSecretText(data)
}

func readSecretText(data []byte) (sealedSecret, error) {
	inner, isTauri := tauriText(data)
	if isTauri {
		defer clear(inner)
		data = inner
	}
	blob, _, _, err := minisignBlob(data)
	if err == nil && len(blob) == rawPublicSize {
		return sealedSecret{}, ErrPublicGiven
	}
	if err != nil {
		return sealedSecret{}, notSecret(data, err)
	}
	defer clear(blob)
	if isTauri {
		return readRawSecret(blob, CarrierTauri)
	}
	return readRawSecret(blob, CarrierMinisign)
}

// notSecret words the refusal of a file that no reader of secret keys knows.
func notSecret(data []byte, err error) error {
	if _, pubErr := parsePublic(data); pubErr == nil {
		return ErrPublicGiven
	}
	if bytes.HasPrefix(data, []byte("Ed")) && len(data) > rawSecretSize {
		return fmt.Errorf("%d bytes, and a raw minisign secret key has exactly %d: %w", len(data), rawSecretSize, ErrNotKey)
	}
	return fmt.Errorf("%w (%w: want minisign, wasmsign2, OpenSSH or PKCS #8)", err, ErrNotKey)
}

func readSecretPEM(data []byte) (sealedSecret, error) {
	label, body, err := decodePEM(data)
	if err != nil {
		return sealedSecret{}, err
	}
	defer clear(body)
	switch label {
	case "PRIVATE KEY":
		s, err := parsePKCS8(body)
		return plain(CarrierPEM, s, err)
	case "ENCRYPTED PRIVATE KEY":
		return sealedSecret{}, errEncryptedPKCS8
	case "OPENSSH PRIVATE KEY":
		return readOpenSSH(body)
	case "PUBLIC KEY":
		return sealedSecret{}, ErrPublicGiven
	}
	return sealedSecret{}, fmt.Errorf("PEM block %q, want PRIVATE KEY or OPENSSH PRIVATE KEY: %w", label, ErrUnsupported)
}

// checkHalves returns the key of seed if pub is its public half. A file with
// another public half is damaged or made to trick: signing under a foreign public
// half would give the secret away.
func checkHalves(seed, pub []byte) (*Secret, error) {
	s, err := NewSecret(seed)
	if err != nil {
		return nil, err
	}
	if s.pub.raw != string(pub) {
		return nil, fmt.Errorf("%w: its public half does not belong to its secret half", ErrDamaged)
	}
	return s, nil
}

func isWasmsignSecret(data []byte) bool {
	return len(data) == 1+32+32 && data[0] == wasmsignSecret
}

func parseWasmsignSecret(data []byte) (*Secret, error) {
	return checkHalves(data[1:33], data[33:])
}
