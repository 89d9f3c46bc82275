// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/source"
)

// passwords gives the password of a key file: from a file, a descriptor, or the
// terminal; never from a flag's value or the environment.
type passwords struct {
	app  *app
	file string
	fd   int
	of   string // whose password is asked for, in front of what it is
}

const noFD = -1

func (p *passwords) given() bool { return p.file != "" || p.fd != noFD }

// ask is a key.PassphraseFunc.
func (p *passwords) ask(ctx context.Context, what string) ([]byte, error) {
	switch {
	case p.file != "" && p.fd != noFD:
		return nil, usagef("", "--password-file and --password-fd are both given")
	case p.file == source.Stdin:
		if _, err := p.app.stdin("the password"); err != nil {
			return nil, err
		}
		return firstLine(p.app.in)
	case p.file != "":
		f, err := os.Open(p.file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		return firstLine(f)
	case p.fd != noFD:
		return p.fromFD()
	}
	return p.app.promptPassword(ctx, "Password for "+sealwax.Printable(p.of+what)+": ")
}

func (p *passwords) fromFD() ([]byte, error) {
	if p.fd < 0 {
		return nil, usagef("", "--password-fd %d: want the number of an open descriptor", p.fd)
	}
	if p.fd == 0 {
		if _, err := p.app.stdin("the password"); err != nil {
			return nil, err
		}
		return firstLine(p.app.in)
	}
	// Not closed: what follows the first line is the next one's that reads there.
	f := p.app.descriptor(p.fd)
	if f == nil {
		return nil, usagef("", "--password-fd %d is not open", p.fd)
	}
	return firstLine(f)
}

// descriptor is an inherited file, once for each number: dropping the first would
// close it for the second.
func (a *app) descriptor(n int) *os.File {
	if a.inherited == nil {
		a.inherited = map[int]*os.File{}
	}
	if a.inherited[n] == nil {
		a.inherited[n] = os.NewFile(uintptr(n), fmt.Sprintf("descriptor %d", n))
	}
	return a.inherited[n]
}

// maxPassword is what minisign reads at most, in bytes.
const maxPassword = 1023

// firstLine reads a password: everything to the first line end, which is not
// part of it. It reads byte by byte, so that what follows stays in the stream.
func firstLine(r io.Reader) ([]byte, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) <= maxPassword {
		n, err := r.Read(one)
		if n == 1 {
			if one[0] == '\n' {
				return bytes.TrimSuffix(line, []byte("\r")), nil
			}
			line = append(line, one[0])
		}
		if errors.Is(err, io.EOF) {
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the password: %w", err)
		}
	}
	return nil, usagef("", "the password is longer than %d bytes", maxPassword)
}
