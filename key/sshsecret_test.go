// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
)

// sshFile builds an OpenSSH private key file, sound or not.
type sshFile struct {
	cipher, kdf, options string
	keys                 uint32
	public               []byte
	keyType              string
	priv                 []byte
	trailing             string
}

func soundSSHFile(t testing.TB) sshFile {
	s := rfcKey(t)
	return sshFile{"none", "none", "", 1, s.pub.sshBlob(), sshEd25519, bytes.Clone(s.priv), ""}
}

func (f sshFile) encode() []byte {
	str := func(s string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s }
	inner := "1234" + "1234" + str(f.keyType) + str(string(f.priv[32:])) + str(string(f.priv)) + str("comment")
	for i := 1; len(inner)%8 != 0; i++ {
		inner += string(rune(i))
	}
	body := sshMagic + str(f.cipher) + str(f.kdf) + str(f.options) +
		string(binary.BigEndian.AppendUint32(nil, f.keys)) + str(string(f.public)) + str(inner) + f.trailing
	return pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: []byte(body)})
}

func bcryptOptions(rounds uint32) string {
	return "\x00\x00\x00\x10" + strings.Repeat("s", 16) + string(binary.BigEndian.AppendUint32(nil, rounds))
}

func TestOpenSSHContainer(t *testing.T) {
	other, err := NewSecret(make([]byte, ed25519.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		edit func(f *sshFile)
		says string
		is   error
	}{
		{"sound", func(*sshFile) {}, "", nil},
		{"two keys", func(f *sshFile) { f.keys = 2 }, "2 keys", ErrUnsupported},
		{"no keys", func(f *sshFile) { f.keys = 0 }, "0 keys", ErrUnsupported},
		{"another public key outside", func(f *sshFile) { f.public = other.pub.sshBlob() }, "another public key", ErrDamaged},
		{"another public half", func(f *sshFile) { copy(f.priv[32:], other.pub.raw) }, "public half", ErrDamaged},
		{"another seed", func(f *sshFile) { f.priv[0] ^= 1 }, "public half", ErrDamaged},
		{"another type inside", func(f *sshFile) { f.keyType = "ssh-odd" }, "", ErrDamaged},
		{"trailing bytes", func(f *sshFile) { f.trailing = "x" }, "", ErrDamaged},
		{"RSA", func(f *sshFile) { f.public = []byte("\x00\x00\x00\x07ssh-rsa") }, "ssh-rsa", ErrUnsupported},
		{"no public key", func(f *sshFile) { f.public = nil }, "", ErrDamaged},
		{"cipher without KDF", func(f *sshFile) { f.cipher = "aes256-ctr" }, "re-encrypt", ErrUnsupported},
		{"KDF without cipher", func(f *sshFile) { f.kdf = "bcrypt" }, "re-encrypt", ErrUnsupported},
		{"odd KDF", func(f *sshFile) { f.cipher, f.kdf = "aes256-ctr", "argon2" }, "argon2", ErrUnsupported},
		{"256 rounds", func(f *sshFile) { f.cipher, f.kdf, f.options = "aes256-ctr", "bcrypt", bcryptOptions(256) }, "", ErrPasswordNeeded},
		{"257 rounds", func(f *sshFile) { f.cipher, f.kdf, f.options = "aes256-ctr", "bcrypt", bcryptOptions(257) }, "257 rounds", ErrCostly},
		{"4 billion rounds", func(f *sshFile) { f.cipher, f.kdf, f.options = "aes256-ctr", "bcrypt", bcryptOptions(1<<32-1) }, "rounds", ErrCostly},
		{"no rounds", func(f *sshFile) { f.cipher, f.kdf, f.options = "aes256-ctr", "bcrypt", bcryptOptions(0) }, "0 rounds", ErrCostly},
		{"options cut off", func(f *sshFile) { f.cipher, f.kdf, f.options = "aes256-ctr", "bcrypt", "\x00\x00" }, "", ErrDamaged},
		{"options too long", func(f *sshFile) { f.cipher, f.kdf, f.options = "aes256-ctr", "bcrypt", bcryptOptions(16)+"x" }, "", ErrDamaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := soundSSHFile(t)
			c.edit(&f)
			s, err := ParseSecret(t.Context(), f.encode(), nil)
			if !errors.Is(err, c.is) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error = %v, want one that says %q and is %v", err, c.says, c.is)
			}
			if err == nil && s.Public() != rfcKey(t).Public() {
				t.Errorf("another key: %v", s)
			}
		})
	}
}

// TestOpenSSHOtherKeyInside puts the name of one key on the file of another.
func TestOpenSSHOtherKeyInside(t *testing.T) {
	_, body, err := decodePEM(readTestdata(t, "ssh/ecdsa.key"))
	if err != nil {
		t.Fatal(err)
	}
	const head = len(sshMagic) + 8 + 8 + 4 + 4
	blob := rfcKey(t).pub.sshBlob()
	rest := body[head+4+int(binary.BigEndian.Uint32(body[head:])):]
	file := bytes.Clone(body[:head])
	file = binary.BigEndian.AppendUint32(file, uint32(len(blob)))
	file = append(append(file, blob...), rest...)
	if _, err := readOpenSSH(file); !errors.Is(err, ErrUnsupported) {
		t.Errorf("err = %v", err)
	}
}

func TestOpenSSHEncryptedDamage(t *testing.T) {
	_, body, err := decodePEM(readTestdata(t, "ssh/pw1.key"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(body) {
		if _, err := readOpenSSH(body[:n]); err == nil {
			t.Errorf("cut off at %d of %d bytes: taken", n, len(body))
		}
	}
	if _, err := readOpenSSH(flip(body, 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("another magic: %v", err)
	}
}

func TestOpenSSHCutOff(t *testing.T) {
	_, body, err := decodePEM(soundSSHFile(t).encode())
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(body) {
		if _, err := readOpenSSH(body[:n]); err == nil {
			t.Errorf("cut off at %d of %d bytes: taken", n, len(body))
		}
	}
}

func TestOpenSSHFiles(t *testing.T) {
	for name, is := range map[string]error{
		"ssh/pw1-gcm.key":    ErrUnsupported,
		"ssh/rounds-300.key": ErrCostly,
		"ssh/ecdsa.key":      ErrUnsupported,
	} {
		if _, err := ParseSecret(t.Context(), readTestdata(t, name), noPassword(t)); !errors.Is(err, is) {
			t.Errorf("%s: %v, want %v", name, err, is)
		}
	}
}
