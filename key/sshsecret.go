// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/ssh"
)

// sshContainer is what an OpenSSH private key file says in the clear
// (PROTOCOL.key: AUTH_MAGIC, ciphername, kdfname, kdfoptions, number of keys,
// public key, encrypted section).
type sshContainer struct {
	cipher, kdf string
	options     cryptobyte.String
	public      Public
}

const sshMagic = "openssh-key-v1\x00"

var errOpenSSH = fmt.Errorf("%w: not an OpenSSH private key", ErrDamaged)

// readOpenSSH checks the body of an OPENSSH PRIVATE KEY block: all that is in the
// clear before a password is asked for.
func readOpenSSH(body []byte) (sealedSecret, error) {
	c, err := parseSSHContainer(body)
	if err != nil {
		return sealedSecret{}, err
	}
	own := pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: body})
	if c.cipher == "none" && c.kdf == "none" {
		defer clear(own)
		raw, err := ssh.ParseRawPrivateKey(own)
		s, err := sshSecret(raw, err, c.public)
		return plain(CarrierSSH, s, err)
	}
	if err := c.checkCost(); err != nil {
		return sealedSecret{}, err
	}
	return sealedSecret{
		SecretInfo: SecretInfo{Carrier: CarrierSSH, Encrypted: true, Public: c.public},
		open: func(password []byte) (*Secret, error) {
			// bcrypt takes no empty password, so none was ever set.
			if len(password) == 0 {
				return nil, ErrWrongPassword
			}
			raw, err := ssh.ParseRawPrivateKeyWithPassphrase(own, password)
			return sshSecret(raw, err, c.public)
		},
	}, nil
}

func parseSSHContainer(body []byte) (sshContainer, error) {
	in := cryptobyte.String(body)
	var magic []byte
	if !in.ReadBytes(&magic, len(sshMagic)) || string(magic) != sshMagic {
		return sshContainer{}, errOpenSSH
	}
	var cipher, kdf, options, public, private cryptobyte.String
	var n uint32
	if !readSSH(&in, &cipher) || !readSSH(&in, &kdf) || !readSSH(&in, &options) || !in.ReadUint32(&n) {
		return sshContainer{}, errOpenSSH
	}
	// A second key would be a key that nobody looked at.
	if n != 1 {
		return sshContainer{}, fmt.Errorf("OpenSSH private key file with %d keys, want 1: %w", n, ErrUnsupported)
	}
	if !readSSH(&in, &public) || !readSSH(&in, &private) {
		return sshContainer{}, errOpenSSH
	}
	p, err := sshContainerPublic(public)
	if err != nil {
		return sshContainer{}, err
	}
	c := sshContainer{cipher: string(cipher), kdf: string(kdf), options: options, public: p}
	// Only ciphers that carry a tag have bytes here; see checkCost.
	if !in.Empty() && c.cipher == "none" {
		return sshContainer{}, errOpenSSH
	}
	return c, nil
}

func sshContainerPublic(blob cryptobyte.String) (Public, error) {
	rest := blob
	var keyType cryptobyte.String
	if !readSSH(&rest, &keyType) {
		return Public{}, errOpenSSH
	}
	if string(keyType) != sshEd25519 {
		return Public{}, fmt.Errorf("OpenSSH private key of type %.40q, want %s: %w", keyType, sshEd25519, ErrUnsupported)
	}
	return parseSSHBlob(blob)
}

// checkCost holds the password check to what can be read, and to its bound.
func (c sshContainer) checkCost() error {
	if c.kdf != "bcrypt" || c.cipher != "aes256-ctr" && c.cipher != "aes256-cbc" {
		return fmt.Errorf("OpenSSH private key encrypted with %.40q and %.40q: %w: re-encrypt it with ssh-keygen -p -Z aes256-ctr", c.cipher, c.kdf, ErrUnsupported)
	}
	options := c.options
	var salt cryptobyte.String
	var rounds uint32
	if !readSSH(&options, &salt) || !options.ReadUint32(&rounds) || !options.Empty() {
		return errOpenSSH
	}
	if rounds < 1 || rounds > maxBcryptRounds {
		return fmt.Errorf("%w: bcrypt with %d rounds, the most that is allowed is %d", ErrCostly, rounds, maxBcryptRounds)
	}
	return nil
}

// sshSecret checks what x/crypto decrypted: it does not compare the halves.
func sshSecret(raw any, err error, public Public) (*Secret, error) {
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, ErrWrongPassword
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOpenSSH, err)
	}
	priv, ok := raw.(*ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("OpenSSH private key of type %T: %w", raw, ErrUnsupported)
	}
	defer clear(*priv)
	s, err := checkHalves((*priv)[:32], (*priv)[32:])
	if err != nil {
		return nil, err
	}
	if !s.pub.Equal(public) {
		return nil, fmt.Errorf("%w: it names another public key than it holds", ErrDamaged)
	}
	return s, nil
}

// readSSH reads a string of the SSH wire encoding (RFC 4251 section 5).
func readSSH(in, out *cryptobyte.String) bool {
	var n uint32
	var b []byte
	if !in.ReadUint32(&n) || uint64(n) > uint64(len(*in)) || !in.ReadBytes(&b, int(n)) {
		return false
	}
	*out = b
	return true
}
