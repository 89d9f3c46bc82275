// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// parseTime reads a time in the one form in which it is written.
func parseTime(s string) (time.Time, error) {
	t, _ := time.Parse(time.RFC3339, s) // what is no time is not spelled again
	if formatTime(t) != s {
		return time.Time{}, errors.New("want a time in UTC such as 2026-01-31T12:00:00Z")
	}
	return t.UTC(), nil
}

// checkTime holds a time to what [parseTime] can read.
func checkTime(t time.Time) error {
	if y := t.UTC().Year(); t.IsZero() || y < 1 || y > 9999 {
		return errors.New("no time")
	}
	return nil
}

// formatTime writes the one form.
func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// maxText is the longest text of a person's own, in bytes.
const maxText = 1024

// checkText holds a person's words to one line that can be seen.
func checkText(s string) error {
	switch {
	case s == "":
		return errors.New("empty")
	case len(s) > maxText:
		return fmt.Errorf("longer than %d bytes", maxText)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("a character that cannot be seen")
	case strings.TrimSpace(s) != s:
		return errors.New("a blank at an end")
	}
	return nil
}

// fieldReader reads "name: value" lines in a fixed order.
type fieldReader struct {
	lines []string
	line  int // of the next one, counted from 1
}

// newFieldReader takes a file of at most limit bytes apart and holds its first
// line against header.
func newFieldReader(data []byte, header string, limit int) (*fieldReader, error) {
	if len(data) > limit {
		return nil, fmt.Errorf("larger than %d bytes", limit)
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

// fields reads rows of fields that each stand once.
func (r *fieldReader) fields(rows []fieldRow) error {
	for _, f := range rows {
		if err := r.field(f.name, f.parse); err != nil {
			return err
		}
	}
	return nil
}

// fieldRow is one field and what reads it.
type fieldRow struct {
	name  string
	parse func(value string) error
}

// end holds the file to have no further line.
func (r *fieldReader) end() error {
	if len(r.lines) > 0 {
		return fmt.Errorf("line %d: want nothing here", r.line)
	}
	return nil
}
