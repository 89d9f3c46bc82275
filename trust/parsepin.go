// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

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
	r, err := newFieldReader(data, pinHeader, MaxPinBytes)
	if err != nil {
		return Pin{}, err
	}
	var p Pin
	if err := r.fields(p.nameRows()); err != nil {
		return Pin{}, err
	}
	who := p.keyRows()
	if r.at(pinPublisher) { // a pin is of one or of the other
		who = p.publisherRows()
	}
	if err := r.fields(who); err != nil {
		return Pin{}, err
	}
	if err := p.parseUse(r); err != nil {
		return Pin{}, err
	}
	return p, p.check()
}

func (p *Pin) nameRows() []fieldRow {
	return []fieldRow{{pinNameField, func(v string) error { p.Name = v; return CheckPinName(v) }}}
}

func (p *Pin) keyRows() []fieldRow {
	return []fieldRow{
		{pinKey, func(v string) (err error) { p.Key, err = parseKeyLine(v); return err }},
		{pinFingerprint, func(v string) error { return checkFingerprint(v, p.Key) }},
	}
}

func (p *Pin) publisherRows() []fieldRow {
	return []fieldRow{
		{pinPublisher, func(v string) error { p.Publisher = sealwax.PartyID(v); return CheckPublisherID(p.Publisher) }},
		{pinSequence, func(v string) (err error) { p.Sequence, err = parseSequence(v); return err }},
		{pinHead, func(v string) error { p.Head = v; return checkDigest(v) }},
	}
}

// parseUse reads what the pin is for, behind whose it is.
func (p *Pin) parseUse(r *fieldReader) error {
	if err := r.field(pinRole, func(v string) error { p.Role = sealwax.Role(v); return nil }); err != nil {
		return err
	}
	for {
		if err := r.field(pinFor, p.addPattern); err != nil {
			return err
		}
		if !r.at(pinFor) {
			break
		}
	}
	err := r.field(pinAdded, func(v string) (err error) { p.Added, err = parseTime(v); return err })
	if err != nil {
		return err
	}
	return r.end()
}

// parseSequence reads a document's number in the one form in which it is written.
func parseSequence(s string) (int, error) {
	n, _ := strconv.Atoi(s) // what is no number is not spelled again
	if strconv.Itoa(n) != s || n < 0 || n >= maxSequence {
		return 0, fmt.Errorf("want a number from 0 to %d", maxSequence-1)
	}
	return n, nil
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
