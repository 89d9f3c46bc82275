// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sealwax/sealwax/internal/sealedmem"
)

// An entry is four lines, each ended by LF, and the compiled code up to the end
// of the file:
//
//	sealwax-compiled/1
//	the key's description
//	engine, a blank, its version: who made it
//	HMAC-SHA256 over the three lines with their LFs and the code, in hex
const version = "sealwax-compiled/1"

const (
	maxLine = 8 << 10 // of a description; our own have under 1 KiB
	maxHead = 2*maxLine + 256
)

// Maker is the engine that made compiled code, as it introduced itself.
type Maker struct{ Name, Version string }

func (m Maker) line() (string, error) {
	line := m.Name + " " + m.Version
	if m.Name == "" || strings.ContainsAny(m.Name, " \n") || strings.Contains(m.Version, "\n") || len(line) > maxLine {
		return "", fmt.Errorf("an engine that calls itself %q, version %q: that cannot be written into an entry", m.Name, m.Version)
	}
	return line, nil
}

// head is the part of an entry in front of its code.
type head struct {
	description string
	maker       Maker
	mac         []byte
	size        int64 // of the whole head in bytes
}

// authenticated are the bytes of the head that the MAC is over, followed by the code.
func authenticated(description, maker string) string {
	return version + "\n" + description + "\n" + maker + "\n"
}

var errNoEntry = errors.New("it does not begin like an entry")

// parseHead reads the head from the first bytes of a file. Nothing in it is
// believed before [head.verify].
func parseHead(b []byte) (head, error) {
	lines := bytes.SplitN(b[:min(len(b), maxHead)], []byte("\n"), 5)
	if len(lines) != 5 || string(lines[0]) != version {
		return head{}, errNoEntry
	}
	h := head{description: string(lines[1])}
	h.maker.Name, h.maker.Version, _ = strings.Cut(string(lines[2]), " ")
	if again, err := h.maker.line(); err != nil || again != string(lines[2]) {
		return head{}, errNoEntry
	}
	mac, err := hex.DecodeString(string(lines[3]))
	// One MAC is written in one way: in lower case.
	if err != nil || len(mac) != sha256.Size || hex.EncodeToString(mac) != string(lines[3]) {
		return head{}, errNoEntry
	}
	h.mac = mac
	for _, l := range lines[:4] {
		h.size += int64(len(l)) + 1
	}
	return h, nil
}

// marshalHead writes the head of an entry of code, authenticated with secret.
func marshalHead(secret []byte, description string, maker Maker, code *sealedmem.File) (string, error) {
	line, err := maker.line()
	if err != nil {
		return "", err
	}
	front := authenticated(description, line)
	mac, err := seal(secret, front, code)
	if err != nil {
		return "", err
	}
	return front + hex.EncodeToString(mac) + "\n", nil
}

// verify holds the MAC against what is held in memory, which is what will be used.
func (h head) verify(secret []byte, code *sealedmem.File) error {
	line, err := h.maker.line()
	if err != nil {
		return err
	}
	want, err := seal(secret, authenticated(h.description, line), code)
	if err != nil {
		return err
	}
	if !hmac.Equal(want, h.mac) {
		return errors.New("it is not as it was kept, or was kept with another key")
	}
	return nil
}

func seal(secret []byte, front string, code *sealedmem.File) ([]byte, error) {
	h := hmac.New(sha256.New, secret)
	_, _ = io.WriteString(h, front) // a hash never fails
	if _, err := io.CopyBuffer(h, io.NewSectionReader(code, 0, code.Size()), make([]byte, 256<<10)); err != nil {
		return nil, fmt.Errorf("reading the compiled code: %w", err)
	}
	return h.Sum(nil), nil
}
