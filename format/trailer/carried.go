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
		if len(list) == MaxCarried {
			return nil, syntax("more than %d carried signatures", MaxCarried)
		}
		var c Carried
		var err error
		if c, rest, err = parseEntry(rest); err != nil {
			return nil, err
		}
		if contains(list, c) {
			return nil, syntax("one signature is carried twice")
		}
		list = append(list, c)
	}
	return list, nil
}

func parseEntry(b []byte) (c Carried, rest []byte, err error) {
	n := int(b[0])
	if len(b) < 1+n+4 {
		return c, nil, syntax("the carried signatures are cut short")
	}
	c.Format = string(b[1 : 1+n])
	if !isFormatName(c.Format) {
		return c, nil, syntax("%q is no name of a signature format", c.Format)
	}
	size := int64(binary.BigEndian.Uint32(b[1+n:]))
	rest = b[1+n+4:]
	if size == 0 || size > int64(len(rest)) {
		return c, nil, syntax("a carried signature of %d bytes, and %d are there", size, len(rest))
	}
	c.Data = rest[:size:size]
	return c, rest[size:], nil
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
	for _, c := range list {
		if len(c.Data) > MaxPayload || len(c.Format) > maxName {
			return nil, syntax("a carried signature of %d bytes, and at most %d can be", len(c.Data), MaxPayload)
		}
		b = append(b, byte(len(c.Format)))
		b = append(b, c.Format...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(c.Data)))
		b = append(b, c.Data...)
	}
	again, err := parseCarried(b) // whatever its rules are, they hold here
	if err == nil && len(again) != len(list) {
		err = syntax("the carried signatures cannot be told apart")
	}
	return b, err
}

// digestCarried is what a statement says of a block; empty is none.
func digestCarried(block []byte) string {
	if len(block) == 0 {
		return ""
	}
	sum := sha256.Sum256(block)
	return "sha256:" + hex.EncodeToString(sum[:])
}
