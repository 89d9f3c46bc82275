// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// maxName is the longest name of a format.
const maxName = 32

// parseCarried reads a block of carried signatures:
// u8 name length ‖ name ‖ u32 data length ‖ data, as often as there are.
func parseCarried(block []byte) ([]Carried, error) {
	var list []Carried
	for rest := block; len(rest) > 0; {
		c, behind, err := parseEntry(rest)
		if err != nil {
			return nil, err
		}
		if err := checkEntry(list, c); err != nil {
			return nil, err
		}
		list, rest = append(list, c), behind
	}
	return list, nil
}

// parseEntry reads one entry. b is not empty.
func parseEntry(b []byte) (c Carried, rest []byte, err error) {
	n := int(b[0])
	if len(b) < 1+n+4 {
		return c, nil, syntax("the carried signatures are cut short")
	}
	c.Format = string(b[1 : 1+n])
	size := int64(binary.BigEndian.Uint32(b[1+n:]))
	rest = b[1+n+4:]
	if size > int64(len(rest)) {
		return c, nil, syntax("a carried signature of %d bytes, and %d are there", size, len(rest))
	}
	c.Data = rest[:size:size]
	return c, rest[size:], nil
}

// checkEntry holds one carried signature to the rules, behind those before it.
func checkEntry(before []Carried, c Carried) error {
	switch {
	case len(before) >= MaxCarried:
		return syntax("more than %d carried signatures", MaxCarried)
	case !isFormatName(c.Format):
		return syntax("%q is no name of a signature format", c.Format)
	case len(c.Data) == 0 || len(c.Data) > MaxPayload:
		return syntax("a carried signature of %d bytes: want 1 to %d", len(c.Data), MaxPayload)
	case contains(before, c): // "One spelling": twice says no more than once
		return syntax("one signature is carried twice")
	}
	return nil
}

// isFormatName: lower-case letters, digits and '-', beginning with a letter.
func isFormatName(s string) bool {
	if s == "" || len(s) > maxName || s[0] < 'a' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func contains(list []Carried, c Carried) bool {
	return slices.ContainsFunc(list, func(o Carried) bool { return o.Format == c.Format && bytes.Equal(o.Data, c.Data) })
}

// marshalCarried writes the block that parseCarried reads.
func marshalCarried(list []Carried) ([]byte, error) {
	var b []byte
	for i, c := range list {
		if err := checkEntry(list[:i], c); err != nil {
			return nil, err
		}
		b = append(b, byte(len(c.Format)))
		b = append(b, c.Format...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(c.Data)))
		b = append(b, c.Data...)
	}
	return b, nil
}

// digestCarried is what a statement says of a block; empty is none.
func digestCarried(block []byte) string {
	if len(block) == 0 {
		return ""
	}
	sum := sha256.Sum256(block)
	return "sha256:" + hex.EncodeToString(sum[:])
}
