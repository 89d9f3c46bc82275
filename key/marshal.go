// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

const (
	// maxComment is the longest untrusted comment that minisign reads back.
	maxComment = 1003
	// maxPassword is the longest password that minisign reads.
	maxPassword = 1023

	sshCommentPrefix = "minisign key "
)

// MinisignLine is the key as minisign prints it and takes it after -P: 56
// characters of base64, key id included.
func (p Public) MinisignLine() string {
	id := p.MinisignID()
	b := append([]byte("Ed"), id[:]...)
	return base64.StdEncoding.EncodeToString(append(b, p.raw...))
}

// MarshalMinisignPublic writes a minisign public key file. The comment, without
// its prefix, is at most 1003 bytes of printable UTF-8; if it is empty, it is
// what minisign writes.
func MarshalMinisignPublic(p Public, comment string) ([]byte, error) {
	if p.IsZero() {
		return nil, errors.New("writing a minisign public key: no key")
	}
	if comment == "" {
		comment = "minisign public key " + p.MinisignID().String()
	}
	if err := checkComment(comment); err != nil {
		return nil, fmt.Errorf("writing a minisign public key: %w", err)
	}
	return []byte(untrustedText + comment + "\n" + p.MinisignLine() + "\n"), nil
}

// checkComment keeps what is written readable by every minisign tool.
func checkComment(s string) error {
	if len(s) > maxComment {
		return fmt.Errorf("comment of %d bytes, want at most %d", len(s), maxComment)
	}
	if !utf8.ValidString(s) {
		return errors.New("the comment is not UTF-8")
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("the comment holds %U, which does not print", r)
		}
	}
	return nil
}

// MarshalMinisignSecret writes a minisign secret key file that minisign, rsign2
// and their libraries read. An empty password leaves the key unencrypted, with a
// valid checksum and no password header. A password is stretched with scrypt (N =
// 2^17, r = 8, p = 1: 128 MiB of memory) under 32 salt bytes from random; it is
// at most 1023 bytes without NUL, CR and LF, which minisign could not take.
// Keep the result in a file that nobody else can read.
func MarshalMinisignSecret(s *Secret, password []byte, random io.Reader) ([]byte, error) {
	raw, err := rawSecret(s, password, random)
	if err != nil {
		return nil, fmt.Errorf("writing a minisign secret key: %w", err)
	}
	defer clear(raw)
	comment := "minisign encrypted secret key"
	if len(password) == 0 {
		comment = "minisign unencrypted secret key"
	}
	out := []byte(untrustedText + comment + "\n")
	out = base64.StdEncoding.AppendEncode(out, raw)
	return append(out, '\n'), nil
}

// rawSecret builds the 158 bytes.
func rawSecret(s *Secret, password []byte, random io.Reader) ([]byte, error) {
	if s == nil || s.pub.IsZero() {
		return nil, errors.New("no key")
	}
	raw := make([]byte, rawSecretSize)
	copy(raw, "Ed"+kdfNone+"B2")
	id := s.pub.MinisignID()
	box := raw[boxStart:]
	copy(box, id[:])
	copy(box[boxSeed:], s.priv)
	sum := boxChecksumOf(box)
	copy(box[boxChecksum:], sum[:])
	if len(password) == 0 {
		return raw, nil
	}
	if err := encryptBox(raw, password, random); err != nil {
		clear(raw)
		return nil, err
	}
	return raw, nil
}

func encryptBox(raw, password []byte, random io.Reader) error {
	if len(password) > maxPassword || bytes.ContainsAny(password, "\x00\r\n") {
		return fmt.Errorf("password: want at most %d bytes without NUL and line breaks", maxPassword)
	}
	copy(raw[2:], kdfScrypt)
	if _, err := io.ReadFull(random, raw[6:38]); err != nil {
		return fmt.Errorf("salt: %w", err)
	}
	binary.LittleEndian.PutUint64(raw[38:], newOpsLimit)
	binary.LittleEndian.PutUint64(raw[46:], newMemLimit)
	return xorScrypt(raw[boxStart:], password, raw[6:38], newOpsLimit, newMemLimit)
}

// MarshalWasmsignPublic writes the key as wasmsign2 keeps it: 33 bytes.
func MarshalWasmsignPublic(p Public) []byte {
	return append([]byte{wasmsignPublic}, p.raw...)
}

// MarshalWasmsignSecret writes the key as wasmsign2 keeps it: 65 bytes, without a
// password. Keep the result in a file that nobody else can read.
func MarshalWasmsignSecret(s *Secret) []byte {
	return append([]byte{wasmsignSecret}, s.priv...)
}

// MarshalSSHPublic writes the key as an OpenSSH line, ended by a line feed, whose
// comment carries the minisign key id.
func MarshalSSHPublic(p Public) []byte {
	blob := base64.StdEncoding.EncodeToString(p.sshBlob())
	return []byte(sshEd25519 + " " + blob + " " + sshCommentPrefix + p.MinisignID().String() + "\n")
}
