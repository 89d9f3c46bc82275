// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sealwax/sealwax"
)

// MetaSection is the name of the custom section that holds what signers state of
// a module, so that their signatures cover it.
const MetaSection = "sealwax.meta"

// Limits of the metadata.
const (
	MaxMeta      = 16 << 10 // bytes of the section's content
	MaxMetaName  = 32
	MaxMetaValue = 1024
)

// expiresField is the one statement with a form of its own.
const expiresField = "expires"

// ParseMeta reads the content of a metadata section: one line NAME=VALUE for
// each statement, names ascending and each once, so that a set of statements has
// one spelling.
func ParseMeta(data []byte) ([]sealwax.Field, error) {
	if len(data) > MaxMeta {
		return nil, fmt.Errorf("metadata of %d bytes, and at most %d are read", len(data), MaxMeta)
	}
	text, ended := strings.CutSuffix(string(data), "\n")
	if !ended {
		return nil, errors.New("metadata: it is empty or the last line has no end")
	}
	var fields []sealwax.Field
	for line := range strings.SplitSeq(text, "\n") {
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, errors.New("metadata: a line is not NAME=VALUE")
		}
		f := sealwax.Field{Name: name, Value: value}
		if err := checkField(f); err != nil {
			return nil, err
		}
		// Unique and in order: two statements under one name would let each
		// reader choose the one it likes.
		if n := len(fields); n > 0 && fields[n-1].Name >= name {
			return nil, fmt.Errorf("metadata: %q is there twice or out of order", name)
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// MarshalMeta writes a metadata section's content. The order of fields does not
// matter; an expiry in another zone is written in UTC.
func MarshalMeta(fields []sealwax.Field) ([]byte, error) {
	sorted := slices.Clone(fields)
	slices.SortFunc(sorted, func(a, b sealwax.Field) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	for _, f := range sorted {
		if f.Name == expiresField {
			t, err := time.Parse(time.RFC3339, f.Value)
			if err != nil {
				return nil, fmt.Errorf("metadata: expires %q: want a time like 2027-01-31T00:00:00Z", f.Value)
			}
			f.Value = t.UTC().Format(time.RFC3339)
		}
		// A name or value with a line end or "=" in it would be other statements.
		if err := checkField(f); err != nil {
			return nil, err
		}
		b.WriteString(f.Name + "=" + f.Value + "\n")
	}
	data := []byte(b.String())
	if _, err := ParseMeta(data); err != nil {
		return nil, err
	}
	return data, nil
}

func checkField(f sealwax.Field) error {
	if !metaName(f.Name) {
		return fmt.Errorf("metadata: name %q: want lower-case letters, digits, '_', '-', '.', at most %d, beginning with a letter", f.Name, MaxMetaName)
	}
	if f.Value == "" || len(f.Value) > MaxMetaValue {
		return fmt.Errorf("metadata: %s: want a value of 1 to %d bytes, not %d", f.Name, MaxMetaValue, len(f.Value))
	}
	// Printable: a value that could move a cursor or hide text is no statement.
	if !utf8.ValidString(f.Value) || strings.ContainsFunc(f.Value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("metadata: %s: the value %q is not printable text", f.Name, f.Value)
	}
	if f.Name == expiresField {
		// One spelling, and one that every reader understands the same.
		t, err := time.Parse(time.RFC3339, f.Value)
		if err != nil || t.UTC().Format(time.RFC3339) != f.Value {
			return fmt.Errorf("metadata: expires %q is not a time in UTC like 2027-01-31T00:00:00Z", f.Value)
		}
	}
	return nil
}

func metaName(s string) bool {
	if s == "" || len(s) > MaxMetaName || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.'
	})
}
