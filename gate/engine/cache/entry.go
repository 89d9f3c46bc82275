// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
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
	front       string // what the MAC is over, as it stands there, followed by the code
	mac         string
	size        int64 // of the whole head in bytes
}

// front are the lines that the MAC is over.
func front(description, maker string) string {
	return version + "\n" + description + "\n" + maker + "\n"
}

var errNoEntry = errors.New("it does not begin like an entry")

// parseHead reads the head from the first bytes of a file. Nothing in it is
// believed before [head.verify].
func parseHead(b []byte) (head, error) {
	lines := strings.SplitN(string(b[:min(len(b), maxHead)]), "\n", 5)
	if len(lines) != 5 || lines[0] != version {
		return head{}, errNoEntry
	}
	h := head{description: lines[1], front: front(lines[1], lines[2]), mac: lines[3]}
	h.maker.Name, h.maker.Version, _ = strings.Cut(lines[2], " ")
	h.size = int64(len(h.front) + len(h.mac) + 1)
	return h, nil
}

// marshalHead writes the head of an entry of code, authenticated with secret.
func marshalHead(secret []byte, description string, maker Maker, code *sealedmem.File) (string, error) {
	line, err := maker.line()
	if err != nil {
		return "", err
	}
	lines := front(description, line)
	mac, err := seal(secret, lines, code)
	if err != nil {
		return "", err
	}
	return lines + mac + "\n", nil
}

// verify holds the MAC against what is held in memory, which is what will be used.
func (h head) verify(secret []byte, code *sealedmem.File) error {
	want, err := seal(secret, h.front, code)
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(want), []byte(h.mac)) {
		return errors.New("it is not as it was kept, or was kept with another key")
	}
	return nil
}

// seal is the MAC in lower case hexadecimal digits, its only spelling.
func seal(secret []byte, front string, code *sealedmem.File) (string, error) {
	h := hmac.New(sha256.New, secret)
	_, _ = io.WriteString(h, front) // a hash never fails
	if _, err := io.CopyBuffer(h, io.NewSectionReader(code, 0, code.Size()), make([]byte, 256<<10)); err != nil {
		return "", fmt.Errorf("reading the compiled code: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
