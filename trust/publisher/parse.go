// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/key"
)

// ParseDocument reads one document and holds it to its grammar. Each document
// has exactly one text. Nothing in it is proven: only a [Chain] is.
func ParseDocument(data []byte) (*Document, error) {
	d, err := parseDocument(data)
	if err != nil {
		return nil, fmt.Errorf("publisher document: %w", err)
	}
	return d, nil
}

func parseDocument(data []byte) (*Document, error) {
	r, err := newLines(data)
	if err != nil {
		return nil, err
	}
	d := &Document{}
	for _, f := range d.fields() {
		if err := r.read(f); err != nil {
			return nil, err
		}
	}
	if len(r.lines) > 0 {
		return nil, fmt.Errorf("line %d: want nothing here; the fields have an order, and each is one of the known ones", r.number)
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	// One text: numbers, times and base64 have other spellings that mean the same.
	if line := firstDifference(data, d.text()); line > 0 {
		return nil, fmt.Errorf("line %d: not written in the one form that documents have", line)
	}
	return d, nil
}

// firstDifference is the number of the first line in which two texts differ, or
// 0.
func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return 0
	}
	as, bs := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(as), len(bs)) {
		if !bytes.Equal(as[i], bs[i]) {
			return i + 1
		}
	}
	return min(len(as), len(bs))
}

// field is one field of a document: it stands there from least to most times.
type field struct {
	name        string
	least, most int
	parse       func(value string) error
}

func (d *Document) fields() []field {
	once := func(name string, parse func(v string) error) field { return field{name, 1, 1, parse} }
	return []field{
		once(fieldName, func(v string) error { d.Name = v; return nil }),
		once(fieldSequence, func(v string) (err error) { d.Sequence, err = parseNumber(v); return err }),
		once(fieldPrevious, func(v string) error { d.Previous = v; return nil }),
		once(fieldChange, func(v string) error { d.Change = Change(v); return nil }),
		once(fieldIssued, func(v string) (err error) { d.Issued, err = parseTime(v); return err }),
		once(fieldStale, func(v string) (err error) { d.Stale, err = parseTime(v); return err }),
		{fieldSpace, 0, MaxSpaces, func(v string) error { d.Spaces = append(d.Spaces, v); return nil }},
		{fieldKey, 1, MaxKeys, func(v string) error {
			k, err := parseKey(v)
			d.Keys = append(d.Keys, k)
			return err
		}},
		{fieldRole, 1, MaxRoles, func(v string) error {
			r, err := parseRole(v)
			d.Roles = append(d.Roles, r)
			return err
		}},
		{fieldLimit, 0, MaxLimits, func(v string) error {
			l, err := parseLimit(v)
			d.Limits = append(d.Limits, l)
			return err
		}},
		once(fieldNext, func(v string) (err error) { d.Next.Threshold, d.Next.Keys, err = parseThreshold(v); return err }),
		{fieldRevoke, 0, MaxDigests, func(v string) error {
			digest, reason, _ := strings.Cut(v, " ")
			d.Revoked = append(d.Revoked, Revocation{digest, reason})
			return nil
		}},
		{fieldEndorse, 0, MaxDigests, func(v string) error { d.Endorsed = append(d.Endorsed, v); return nil }},
	}
}

func parseNumber(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, errors.New("want a number")
	}
	return int(n), nil
}

// parseKey reads LINE FINGERPRINT STATUS [SINCE].
func parseKey(s string) (Key, error) {
	words := strings.Split(s, " ")
	if len(words) != 3 && len(words) != 4 {
		return Key{}, errors.New("want a key, its fingerprint, its status and, unless it is active, since when")
	}
	raw, err := base64.StdEncoding.DecodeString(words[0])
	if err != nil {
		return Key{}, errors.New("not a minisign public key")
	}
	k := Key{Status: Status(words[2])}
	if k.Public, err = key.ParseRawPublic(raw); err != nil {
		return Key{}, err
	}
	// The fingerprint is what people compare, so it must be the key's own.
	if words[1] != string(k.Public.Fingerprint()) {
		return Key{}, fmt.Errorf("not the fingerprint of the key before it, which is %s", k.Public.Fingerprint())
	}
	if len(words) == 4 {
		k.Since, err = ParseSince(words[3])
	}
	return k, err
}

// parseRole reads NAME THRESHOLD FINGERPRINT….
func parseRole(s string) (Role, error) {
	name, rest, _ := strings.Cut(s, " ")
	threshold, keys, err := parseThreshold(rest)
	return Role{sealwax.Role(name), threshold, keys}, err
}

// parseThreshold reads THRESHOLD FINGERPRINT….
func parseThreshold(s string) (int, []key.Fingerprint, error) {
	number, rest, _ := strings.Cut(s, " ")
	threshold, err := parseNumber(number)
	if err != nil {
		return 0, nil, fmt.Errorf("threshold %q: %w", number, err)
	}
	if strings.Count(rest, " ") >= MaxKeys {
		return 0, nil, fmt.Errorf("more than %d keys", MaxKeys)
	}
	var keys []key.Fingerprint
	for word := range strings.SplitSeq(rest, " ") {
		f, err := key.ParseFingerprint(word)
		if err != nil {
			return 0, nil, err
		}
		keys = append(keys, f)
	}
	return threshold, keys, nil
}

func parseLimit(s string) (Limit, error) {
	role, glob, _ := strings.Cut(s, " ")
	p, err := pattern.Parse(glob)
	return Limit{sealwax.Role(role), p}, err
}

// lines reads "name: value" lines.
type lines struct {
	lines  []string
	number int // of the next one, counted from 1
}

// newLines takes a document apart and holds its first line against the header.
func newLines(data []byte) (*lines, error) {
	if len(data) > MaxDocumentBytes {
		return nil, fmt.Errorf("larger than %d bytes", MaxDocumentBytes)
	}
	text, ok := strings.CutSuffix(string(data), "\n")
	if !ok {
		return nil, errors.New("no line feed at its end: it is cut off, or empty")
	}
	all := strings.Split(text, "\n")
	if all[0] != header {
		return nil, fmt.Errorf("line 1: want %q", header)
	}
	return &lines{all[1:], 2}, nil
}

// read reads a field as often as it stands there.
func (r *lines) read(f field) error {
	for n := 0; ; n++ {
		value, ok := "", false
		if len(r.lines) > 0 {
			value, ok = strings.CutPrefix(r.lines[0], f.name+": ")
		}
		switch {
		case !ok && n < f.least:
			return fmt.Errorf("line %d: want %q here", r.number, f.name+": …")
		case !ok:
			return nil
		case n == f.most:
			return fmt.Errorf("line %d: more than %d lines %q", r.number, f.most, f.name)
		}
		if err := f.parse(value); err != nil {
			return fmt.Errorf("line %d: %s: %w", r.number, f.name, err)
		}
		r.lines = r.lines[1:]
		r.number++
	}
}
