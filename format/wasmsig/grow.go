// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

// delimiterSize is how many random bytes a delimiter holds.
const delimiterSize = 16

func newDelimiter() []byte {
	var random [delimiterSize]byte
	_, _ = rand.Read(random[:]) // crypto/rand does not fail: it ends the program instead
	return wasmbin.AppendCustom(nil, delimiterSection, random[:])
}

// grow is the body with what o adds to it, and whether that is anything.
func (m *module) grow(o sealwax.SignOptions) (body []piece, grown bool, err error) {
	meta, err := m.newMeta(o.Fields)
	if err != nil {
		return nil, false, err
	}
	body = m.body()
	delimited := m.delimited()
	switch {
	case meta == nil:
	case delimited && m.sig == nil:
		// Nothing is signed yet: the metadata belongs into the part that the
		// trailing delimiter ends.
		last := m.sections[len(m.sections)-1]
		body[0].size -= last.Size()
		body = append(body, fresh(meta), piece{off: last.Offset, size: last.Size()})
	default:
		body = append(body, fresh(meta))
		delimited = false
	}
	if o.Extensible && !delimited {
		body = append(body, fresh(newDelimiter()))
	}
	return body, len(body) > 1, nil
}

// newMeta is the metadata section to add for the fields, or nil if none is to be
// added: there are no fields, or the module states them already.
func (m *module) newMeta(fields []sealwax.Field) ([]byte, error) {
	had, err := m.meta()
	if err != nil || len(fields) == 0 {
		return nil, err
	}
	want, err := MarshalMeta(fields)
	switch {
	case err != nil:
		return nil, err
	case had == nil:
		return wasmbin.AppendCustom(nil, MetaSection, want), nil
	// A second section would make both worthless, and replacing the first would
	// put words into the mouths of those who signed it.
	case !bytes.Equal(had, want):
		return nil, fmt.Errorf("the module states other metadata already (%s section): it can only be signed with the same, or without giving any", MetaSection)
	}
	return nil, nil
}

// meta is the content of the module's metadata section, or nil. It fails for one
// that verification would refuse.
func (m *module) meta() ([]byte, error) {
	var text []byte
	for _, s := range m.sections {
		if !s.Custom(MetaSection) {
			continue
		}
		if text != nil {
			return nil, fmt.Errorf("more than one %s section", MetaSection)
		}
		if s.End-s.Payload > MaxMeta {
			return nil, errors.New("the metadata is too long")
		}
		var err error
		if text, err = readAt(m.a, s.Payload, s.End-s.Payload); err != nil {
			return nil, err
		}
		if _, err := ParseMeta(text); err != nil {
			return nil, err
		}
	}
	return text, nil
}
