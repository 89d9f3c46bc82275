// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Since is the moment from which a key's signatures no longer count: a time, a
// place in a transparency log, or always. The zero Since is no moment; only
// active keys have it. It is comparable with ==.
type Since struct {
	always bool
	time   time.Time // in UTC, to the second
	origin string    // of the log
	index  int64     // in it
}

// Always is before every signature.
func Always() Since { return Since{always: true} }

// SinceTime is a time, kept to the second.
func SinceTime(t time.Time) Since { return Since{time: t.UTC().Truncate(time.Second)} }

const (
	sinceAlways = "always"
	sinceTime   = "time:"
	sinceLog    = "log:"
	maxOrigin   = 255
)

// ParseSince reads "always", "time:2026-11-24T14:00:00Z" or "log:ORIGIN#INDEX".
// The last is read so that documents which have it can be; it places nothing
// until there are logs.
func ParseSince(s string) (Since, error) {
	if s == sinceAlways {
		return Always(), nil
	}
	if v, ok := strings.CutPrefix(s, sinceTime); ok {
		t, err := parseTime(v)
		return Since{time: t}, err
	}
	if v, ok := strings.CutPrefix(s, sinceLog); ok {
		return parseLog(v)
	}
	return Since{}, errors.New("want time:2026-01-31T12:00:00Z, log:ORIGIN#INDEX or always")
}

// parseLog reads ORIGIN#INDEX. An origin has no blank, + or # and is ASCII, as
// the names of keys in signed notes are.
func parseLog(s string) (Since, error) {
	origin, index, ok := strings.Cut(s, "#")
	if !ok || origin == "" || len(origin) > maxOrigin || strings.ContainsFunc(origin, notOrigin) {
		return Since{}, fmt.Errorf("log %q: want ORIGIN#INDEX, the origin 1 to %d visible ASCII characters but + and #", s, maxOrigin)
	}
	n, _ := strconv.ParseUint(index, 10, 63) // what is no number is not spelled again
	if strconv.FormatUint(n, 10) != index {
		return Since{}, fmt.Errorf("log %q: the index is a number from 0 to %d", s, int64(math.MaxInt64))
	}
	return Since{origin: origin, index: int64(n)}, nil
}

func notOrigin(r rune) bool { return r <= ' ' || r > '~' || r == '+' }

// parseTime reads a time: "in UTC: YYYY-MM-DDTHH:MM:SSZ", no fraction, no other
// spelling. The first second of the year 1 is Go's zero time, and is no moment.
func parseTime(s string) (time.Time, error) {
	t, _ := time.Parse(time.RFC3339, s) // what is no time is not spelled again
	if formatTime(t.UTC()) != s || t.IsZero() {
		return time.Time{}, errors.New("want a time in UTC such as 2026-01-31T12:00:00Z")
	}
	return t.UTC(), nil
}

func formatTime(t time.Time) string { return t.Format(time.RFC3339) }

// IsZero reports whether s is no moment.
func (s Since) IsZero() bool { return s == Since{} }

// String is what [ParseSince] reads; nothing for the zero Since.
func (s Since) String() string {
	switch {
	case s.always:
		return sinceAlways
	case s.origin != "":
		return sinceLog + s.origin + "#" + strconv.FormatInt(s.index, 10)
	case !s.time.IsZero():
		return sinceTime + formatTime(s.time)
	}
	return ""
}

// Text is the moment for people.
func (s Since) Text() string {
	switch {
	case s.always:
		return "from the start"
	case s.origin != "":
		return "since entry " + strconv.FormatInt(s.index, 10) + " of the log " + s.origin
	}
	return "since " + formatTime(s.time)
}

// notAfter reports whether s is surely no later than o. Moments of different
// kinds have no order.
func (s Since) notAfter(o Since) bool {
	switch {
	case s.always || s == o:
		return true
	case s.origin != "":
		return s.origin == o.origin && s.index <= o.index
	case !s.time.IsZero() && !o.time.IsZero():
		return !s.time.After(o.time)
	}
	return false
}
