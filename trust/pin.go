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
	"github.com/sealwax/sealwax/trust/publisher"
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

// Pin says that the user knows whose key this is, or which publisher, and what
// they trust it for. It is of one of them, never of both. The zero Pin is invalid.
type Pin struct {
	// Name is what the user calls the key's owner: 1 to 64 of a-z 0-9 . _ -, a
	// letter or digit first.
	Name string
	// Key is kept with its minisign key id. It is zero in a pin of a publisher.
	Key key.Public
	// Publisher is the hash of the publisher's first document, "publisher:" and 64
	// lower-case hexadecimal digits; empty in a pin of a key.
	Publisher sealwax.PartyID
	// Sequence and Head are the number and the digest ("sha256:…") of the newest
	// document of the publisher that was known when it was pinned: no chain without
	// that document is ever taken for the publisher's, save one that recovers from it.
	Sequence int
	Head     string
	// For says which subjects: any of 1 to [MaxPatterns].
	For []Pattern
	// Role is what is pinned may sign: any but root. Artifacts are signed in the
	// roles release and native.
	Role sealwax.Role
	// Added is when the user decided, kept to the second.
	Added time.Time
}

// maxSequence is one more than the highest number of a publisher's document.
const maxSequence = publisher.MaxDocuments

// CheckPinName says why a name cannot be a pin's: it is that of a file.
func CheckPinName(name string) error { return publisher.CheckName(name) }

// check says why a pin cannot be kept.
func (p *Pin) check() error {
	if err := CheckPinName(p.Name); err != nil {
		return err
	}
	if err := p.checkWho(); err != nil {
		return err
	}
	if err := CheckRole(p.Role); err != nil {
		return err
	}
	if err := checkTime(p.Added); err != nil {
		return fmt.Errorf("%w when it was added", err)
	}
	return checkPatterns(p.For)
}

func (p *Pin) checkWho() error {
	switch {
	case p.Publisher == "" && p.Key.IsZero():
		return errors.New("no key")
	case p.Publisher == "" && (p.Sequence != 0 || p.Head != ""):
		return errors.New("a key has no documents")
	case p.Publisher == "":
		return nil
	case !p.Key.IsZero():
		return errors.New("a key and a publisher: a pin is of one")
	case p.Sequence < 0 || p.Sequence >= maxSequence:
		return fmt.Errorf("sequence %d: want 0 to %d", p.Sequence, maxSequence-1)
	}
	return errors.Join(CheckPublisherID(p.Publisher), checkDigest(p.Head))
}

// CheckRole says why a pin cannot be for a role: it is no word, or it is root,
// whose keys sign a publisher's documents and never an artifact.
func CheckRole(role sealwax.Role) error {
	if role == publisher.RoleRoot {
		return errors.New("role root: root keys sign a publisher's documents, and nothing else")
	}
	return publisher.CheckRole(role)
}

// publisherPrefix begins the id of every publisher.
const publisherPrefix = "publisher:"

// CheckPublisherID says why a text is no publisher's id.
func CheckPublisherID(id sealwax.PartyID) error {
	_, err := publisher.ParseID(string(id))
	return err
}

// checkDigest says why a text is no digest of an artifact or a document.
func checkDigest(s string) error { return publisher.CheckDigest(s) }

// isHash: the 64 lower-case hexadecimal digits of a SHA-256.
func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// Identity says whose pin it is: a fingerprint, or a publisher's id.
func (p *Pin) Identity() string {
	if p.Publisher != "" {
		return string(p.Publisher)
	}
	return string(p.Key.Fingerprint())
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

// anchor is the pin of a key on the road.
func (p *Pin) anchor() sealwax.Anchor {
	return sealwax.Anchor{Key: p.Key, Name: p.Name, Role: p.Role, Origin: "pin " + p.Name}
}

// IsFor reports whether the pin speaks of a subject, given as to [Store.For].
func (p *Pin) IsFor(subject string) bool { return p.isFor(pattern.Named(subject)) }

// isFor reports whether the pin speaks of the subject.
func (p *Pin) isFor(s pattern.Subject) bool {
	return slices.ContainsFunc(p.For, func(f Pattern) bool { return f.Match(s) })
}

// repeats reports whether p says again what q says: the same key or publisher in
// the same role for a pattern that q has too.
func (p *Pin) repeats(q *Pin) bool {
	return p.Identity() == q.Identity() && p.Role == q.Role &&
		slices.ContainsFunc(p.For, func(f Pattern) bool { return slices.Contains(q.For, f) })
}

// The fields of a pin file, in their order. Only pinFor repeats. A pin of a
// publisher has pinPublisher, pinSequence and pinHead where one of a key has
// pinKey and pinFingerprint.
const (
	pinHeader      = "sealwax pin/v1"
	pinNameField   = "name"
	pinKey         = "key"
	pinFingerprint = "fingerprint"
	pinPublisher   = "publisher"
	pinSequence    = "sequence"
	pinHead        = "head"
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
	if p.Publisher == "" {
		fmt.Fprintf(&b, "%s: %s\n", pinKey, p.Key.MinisignLine())
		fmt.Fprintf(&b, "%s: %s\n", pinFingerprint, p.Key.Fingerprint())
	} else {
		fmt.Fprintf(&b, "%s: %s\n", pinPublisher, p.Publisher)
		fmt.Fprintf(&b, "%s: %d\n", pinSequence, p.Sequence)
		fmt.Fprintf(&b, "%s: %s\n", pinHead, p.Head)
	}
	fmt.Fprintf(&b, "%s: %s\n", pinRole, p.Role)
	for _, f := range p.For {
		fmt.Fprintf(&b, "%s: %s\n", pinFor, f)
	}
	fmt.Fprintf(&b, "%s: %s\n", pinAdded, formatTime(p.Added))
	return []byte(b.String()), nil
}
