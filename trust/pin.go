// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/key"
)

// Limits of pins.
const (
	// MaxPinBytes is the largest pin file.
	MaxPinBytes = 64 << 10
	// MaxPins is the largest number of files in the folder of pins.
	MaxPins = 100_000
	// MaxPatterns is the largest number of patterns of one pin.
	MaxPatterns = 64
)

// Pattern says which subjects a pin is for: a glob over the subject's name. * is
// any run of characters but /, ** any run at all, ? one character but /, and \
// takes the next punctuation character for itself. A pattern SCHEME:GLOB matches
// canonical names in that scheme, one without a scheme matches the base names of
// files.
type Pattern = pattern.Pattern

// ParsePattern reads a pattern.
func ParsePattern(s string) (Pattern, error) { return pattern.Parse(s) }

// FileSubject is the subject of a file, for [Store.For]: whatever its name looks
// like, it is never taken for a canonical name.
func FileSubject(path string) string { return "./" + path }

// Pin says that the user knows whose key this is, and what they trust it for.
// The zero Pin is invalid.
type Pin struct {
	// Name is what the user calls the key's owner: 1 to 64 of a-z 0-9 . _ -, a
	// letter or digit first.
	Name string
	// Key is kept with its minisign key id.
	Key key.Public
	// For says which subjects: any of 1 to [MaxPatterns].
	For []Pattern
	// Role is what the key may sign: release or native.
	Role sealwax.Role
	// Added is when the user decided, kept to the second.
	Added time.Time
}

// maxPinName is the longest name of a pin.
const maxPinName = 64

// isPinName is [a-z0-9][a-z0-9._-]{0,63}, by hand: a compiled pattern would cost
// every start of the program.
func isPinName(s string) bool {
	if s == "" || len(s) > maxPinName {
		return false
	}
	for i, c := range []byte(s) {
		alphanumeric := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !alphanumeric && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return true
}

// isDeviceName reports names that are no files on Windows, whatever follows a dot.
func isDeviceName(s string) bool {
	stem, _, _ := strings.Cut(s, ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	port, digit := strings.CutPrefix(stem, "com")
	if !digit {
		port, digit = strings.CutPrefix(stem, "lpt")
	}
	return digit && len(port) == 1 && port[0] >= '0' && port[0] <= '9'
}

// CheckPinName says why a name cannot be a pin's.
func CheckPinName(name string) error {
	if !isPinName(name) {
		return fmt.Errorf("name %q: want 1 to 64 of a-z 0-9 . _ -, a letter or digit first", name)
	}
	if isDeviceName(name) {
		return fmt.Errorf("name %q: it is a device's name on Windows: choose another", name)
	}
	return nil
}

// check says why a pin cannot be kept.
func (p *Pin) check() error {
	if err := CheckPinName(p.Name); err != nil {
		return err
	}
	if p.Key.IsZero() {
		return errors.New("no key")
	}
	// An unknown role would be trusted for nothing, without a word.
	if p.Role != sealwax.RoleRelease && p.Role != sealwax.RoleNative {
		return fmt.Errorf("role %q: want %s or %s", p.Role, sealwax.RoleRelease, sealwax.RoleNative)
	}
	if y := p.Added.UTC().Year(); p.Added.IsZero() || y < 1 || y > 9999 {
		return errors.New("no time when it was added")
	}
	return checkPatterns(p.For)
}

func checkPatterns(patterns []Pattern) error {
	if len(patterns) == 0 || len(patterns) > MaxPatterns {
		return fmt.Errorf("%d patterns, want 1 to %d", len(patterns), MaxPatterns)
	}
	for i, f := range patterns {
		if f.IsZero() {
			return errors.New("an empty pattern")
		}
		if slices.Contains(patterns[:i], f) {
			return fmt.Errorf("pattern %q twice", f)
		}
	}
	return nil
}

// anchor is the pin on the road.
func (p *Pin) anchor() sealwax.Anchor {
	return sealwax.Anchor{Key: p.Key, Name: p.Name, Role: p.Role, Origin: "pin " + p.Name}
}

// isFor reports whether the pin speaks of the subject.
func (p *Pin) isFor(s pattern.Subject) bool {
	return slices.ContainsFunc(p.For, func(f Pattern) bool { return f.Match(s) })
}

// repeats reports whether p says again what q says: the same key in the same
// role for a pattern that q has too.
func (p *Pin) repeats(q *Pin) bool {
	return p.Key.Equal(q.Key) && p.Role == q.Role &&
		slices.ContainsFunc(p.For, func(f Pattern) bool { return slices.Contains(q.For, f) })
}

// The fields of a pin file, in their order. Only pinFor repeats.
const (
	pinHeader      = "sealwax pin/v1"
	pinNameField   = "name"
	pinKey         = "key"
	pinFingerprint = "fingerprint"
	pinRole        = "role"
	pinFor         = "for"
	pinAdded       = "added"
)

// Marshal writes the pin's file: docs/formats/pin.md. There is one text for each pin.
func (p *Pin) Marshal() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("writing a pin: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", pinHeader)
	fmt.Fprintf(&b, "%s: %s\n", pinNameField, p.Name)
	fmt.Fprintf(&b, "%s: %s\n", pinKey, p.Key.MinisignLine())
	fmt.Fprintf(&b, "%s: %s\n", pinFingerprint, p.Key.Fingerprint())
	fmt.Fprintf(&b, "%s: %s\n", pinRole, p.Role)
	for _, f := range p.For {
		fmt.Fprintf(&b, "%s: %s\n", pinFor, f)
	}
	fmt.Fprintf(&b, "%s: %s\n", pinAdded, p.Added.UTC().Format(time.RFC3339))
	return []byte(b.String()), nil
}
