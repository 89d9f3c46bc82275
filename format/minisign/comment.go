// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwax/sealwax"
)

// StatementPrefix begins trusted comments that are statements about native code
// (docs/formats/trailer.md). Only who makes such a statement writes one, and a
// signature with one speaks of native code and of nothing else.
const StatementPrefix = "sealwax-native/"

// isStatement reports whether a trusted comment is one, or would be taken for one.
func isStatement(trusted string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(trusted)), StatementPrefix)
}

// isMarker recognises the words that minisign's tools put into a trusted comment
// to say that a signature is prehashed. They state nothing: line 2 says it.
func isMarker(s string) bool { return s == "hashed" || s == "prehashed" }

// ParseComment divides a trusted comment into its TAB-separated statements
// ("name:value") and the free text around them.
func ParseComment(trusted string) (fields []sealwax.Field, text string) {
	var free []string
	for segment := range strings.SplitSeq(trusted, "\t") {
		if f, ok := parseField(segment); ok {
			fields = append(fields, f)
		} else if segment != "" && !isMarker(segment) {
			free = append(free, segment)
		}
	}
	return fields, strings.Join(free, "\t")
}

func parseField(segment string) (sealwax.Field, bool) {
	name, value, ok := strings.Cut(segment, ":")
	if !ok || !fieldName(name) || strings.HasPrefix(value, "//") {
		return sealwax.Field{}, false // a URL is text
	}
	return sealwax.Field{Name: name, Value: value}, true
}

// fieldName reports whether s is a statement's name: lower-case letters, digits,
// '_', '-' and '.', beginning with a letter, at most 32 characters.
func fieldName(s string) bool {
	if s == "" || len(s) > 32 || s[0] < 'a' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// FormatComment is the trusted comment that says what o says of a file: the
// time, the file's own name, minisign's word for prehashed, o's statements and
// last its free text. A statement of o named like a standard one replaces it.
func FormatComment(file string, o sealwax.SignOptions) (string, error) {
	given := map[string]bool{}
	for _, f := range o.Fields {
		if err := checkField(f); err != nil {
			return "", err
		}
		if given[f.Name] {
			return "", fmt.Errorf("the statement %q is given twice", f.Name)
		}
		given[f.Name] = true
	}
	var parts []string
	if !given["timestamp"] && !o.Now.IsZero() {
		parts = append(parts, "timestamp:"+strconv.FormatInt(o.Now.Unix(), 10))
	}
	// As verifiers read it: the last element, whatever the system's separator.
	if base := path.Base(strings.ReplaceAll(file, `\`, "/")); !given["file"] && file != "" && file != "-" && checkField(sealwax.Field{Name: "file", Value: base}) == nil {
		parts = append(parts, "file:"+base)
	}
	parts = append(parts, "hashed")
	for _, f := range o.Fields {
		parts = append(parts, f.Name+":"+f.Value)
	}
	if err := checkText(o.Comment); err != nil {
		return "", err
	}
	if o.Comment != "" {
		parts = append(parts, o.Comment)
	}
	c := strings.Join(parts, "\t")
	if err := CheckTrusted(c); err != nil {
		return "", err
	}
	if len(c) > MaxTrustedWritten {
		return "", fmt.Errorf("a trusted comment of %d bytes, and other tools take at most %d", len(c), MaxTrustedWritten)
	}
	return c, nil
}

// standardFields are the names that verifiers act upon.
func standardFields() []string {
	return []string{"expires", "file", "filename", "name", "timestamp", "version"}
}

// checkText refuses free text that would be read as a statement. Prose with a
// colon ("note: see below") is let through: readers see it as it is.
func checkText(text string) error {
	if strings.Contains(text, "\t") {
		return errors.New("the comment holds a TAB, which divides statements: give those one by one")
	}
	if isStatement(text) {
		return fmt.Errorf("the comment begins like a statement about native code (%s), which nothing but signing native code makes", StatementPrefix)
	}
	name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), ":")
	if name != text && slices.Contains(standardFields(), name) {
		return fmt.Errorf("the comment looks like the statement %q, and as free text it would not be enforced: give it as a statement", name)
	}
	if f, ok := parseField(text); ok && !strings.HasPrefix(f.Value, " ") {
		return fmt.Errorf("the comment would be read as the statement %q: give it as a statement, or begin it otherwise", f.Name)
	}
	return nil
}

func checkField(f sealwax.Field) error {
	if !fieldName(f.Name) {
		return fmt.Errorf("statement name %q: want lower-case letters, digits, '_', '-', '.', at most 32, beginning with a letter", f.Name)
	}
	if f.Value == "" || strings.ContainsAny(f.Value, "\t\r\n") || strings.HasPrefix(f.Value, "//") {
		return fmt.Errorf("statement %q: the value %q would be read as something else", f.Name, f.Value)
	}
	return CheckTrusted(f.Value)
}
