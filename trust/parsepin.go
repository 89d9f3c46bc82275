// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/key"
)

// ParsePin reads a pin file. Each pin has one text, the one that [Pin.Marshal]
// writes: anything else is refused, with the line that is wrong.
func ParsePin(data []byte) (Pin, error) {
	p, err := parsePin(data)
	if err != nil {
		return Pin{}, err
	}
	return p, nil
}

func parsePin(data []byte) (Pin, error) {
	r, err := newFieldReader(data, pinHeader)
	if err != nil {
		return Pin{}, err
	}
	var p Pin
	read := []struct {
		field string
		parse func(value string) error
	}{
		{pinNameField, func(v string) error { p.Name = v; return CheckPinName(v) }},
		{pinKey, func(v string) (err error) { p.Key, err = parseKeyLine(v); return err }},
		{pinFingerprint, func(v string) error { return checkFingerprint(v, p.Key) }},
		{pinRole, func(v string) error { p.Role = sealwax.Role(v); return nil }},
		{pinFor, p.addPattern},
		{pinAdded, func(v string) (err error) { p.Added, err = parseTime(v); return err }},
	}
	for _, f := range read {
		if err := r.field(f.field, f.parse); err != nil {
			return Pin{}, err
		}
		for f.field == pinFor && r.at(pinFor) {
			if err := r.field(f.field, f.parse); err != nil {
				return Pin{}, err
			}
		}
	}
	if err := r.end(); err != nil {
		return Pin{}, err
	}
	return p, p.check()
}

func (p *Pin) addPattern(v string) error {
	f, err := pattern.Parse(v)
	p.For = append(p.For, f)
	return err
}

// parseKeyLine reads the 56 characters that minisign calls a public key.
func parseKeyLine(s string) (key.Public, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return key.Public{}, errors.New("not a minisign public key")
	}
	p, err := key.ParseRawPublic(raw)
	if err != nil {
		return key.Public{}, err
	}
	// One text per key: base64 has others that decode to the same bytes.
	if p.MinisignLine() != s {
		return key.Public{}, errors.New("not a minisign public key in canonical base64")
	}
	return p, nil
}

// checkFingerprint: the fingerprint is what people compare, so it must be the
// key's own.
func checkFingerprint(s string, k key.Public) error {
	if s != string(k.Fingerprint()) {
		return fmt.Errorf("not the fingerprint of the key above, which is %s", k.Fingerprint())
	}
	return nil
}

// parseTime reads a time in the one form in which it is written.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.UTC().Format(time.RFC3339) != s {
		return time.Time{}, errors.New("want a time in UTC such as 2026-01-31T12:00:00Z")
	}
	return t.UTC(), nil
}

// fieldReader reads "name: value" lines in a fixed order.
type fieldReader struct {
	lines []string
	line  int // of the next one, counted from 1
}

// newFieldReader takes a file apart and holds its first line against header.
func newFieldReader(data []byte, header string) (*fieldReader, error) {
	if len(data) > MaxPinBytes {
		return nil, fmt.Errorf("larger than %d bytes", MaxPinBytes)
	}
	if bytes.ContainsRune(data, '\r') {
		return nil, errors.New("a carriage return: save the file with line feeds alone")
	}
	text, ok := strings.CutSuffix(string(data), "\n")
	if !ok {
		return nil, errors.New("no line feed at its end: it is cut off, or empty")
	}
	lines := strings.Split(text, "\n")
	if lines[0] != header {
		return nil, fmt.Errorf("line 1: want %q", header)
	}
	return &fieldReader{lines[1:], 2}, nil
}

// at reports whether the next line is this field's.
func (r *fieldReader) at(name string) bool {
	return len(r.lines) > 0 && strings.HasPrefix(r.lines[0], name+": ")
}

// field reads the next line, which must be this field's: none may be missing,
// unknown or there twice.
func (r *fieldReader) field(name string, parse func(value string) error) error {
	if len(r.lines) == 0 {
		return fmt.Errorf("line %d: the file ends where %q belongs", r.line, name+": …")
	}
	value, ok := strings.CutPrefix(r.lines[0], name+": ")
	if !ok {
		return fmt.Errorf("line %d: want %q here", r.line, name+": …")
	}
	if err := parse(value); err != nil {
		return fmt.Errorf("line %d: %s: %w", r.line, name, err)
	}
	r.lines = r.lines[1:]
	r.line++
	return nil
}

// end holds the file to have no further line.
func (r *fieldReader) end() error {
	if len(r.lines) > 0 {
		return fmt.Errorf("line %d: want nothing here", r.line)
	}
	return nil
}
