// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/key"
)

// MaxFirstUseBytes is the largest file of a first use.
const MaxFirstUseBytes = 8 << 10

// ErrFirstUseExists is wrapped when the first use of a name is on record: it is
// written once.
var ErrFirstUseExists = errors.New("the first use of that name is on record already")

// FirstUse is the record of how somebody came to be pinned: the user was asked at
// the first use of what they had signed. The zero FirstUse is invalid.
type FirstUse struct {
	Name     string // of the pin
	Identity string // what was pinned: a fingerprint "key:…" or a publisher's id "publisher:…"
	Origin   string // where it was offered: a path or URL
	Subject  string // what was to be judged, as it was typed
	Artifact string // its digest, "sha256:…"
	When     time.Time
}

func (u *FirstUse) check() error {
	if err := CheckPinName(u.Name); err != nil {
		return err
	}
	if err := checkIdentity(u.Identity); err != nil {
		return err
	}
	if err := checkText(u.Origin); err != nil {
		return fmt.Errorf("origin: %w", err)
	}
	if err := checkText(u.Subject); err != nil {
		return fmt.Errorf("subject: %w", err)
	}
	if err := checkDigest(u.Artifact); err != nil {
		return err
	}
	if err := checkTime(u.When); err != nil {
		return fmt.Errorf("%w when it was", err)
	}
	return nil
}

func checkIdentity(s string) error {
	if strings.HasPrefix(s, publisherPrefix) {
		return CheckPublisherID(sealwax.PartyID(s))
	}
	_, err := key.ParseFingerprint(s)
	return err
}

// The fields of a first use's file, in their order, each once.
const (
	firstHeader   = "sealwax first-use/v1"
	firstName     = "name"
	firstIdentity = "identity"
	firstOrigin   = "origin"
	firstSubject  = "subject"
	firstArtifact = "artifact"
	firstWhen     = "when"
)

// ParseFirstUse reads the file of a first use. Each has one text, the one that
// [FirstUse.Marshal] writes.
func ParseFirstUse(data []byte) (FirstUse, error) {
	r, err := newFieldReader(data, firstHeader, MaxFirstUseBytes)
	if err != nil {
		return FirstUse{}, err
	}
	var u FirstUse
	err = r.fields([]fieldRow{
		{firstName, func(v string) error { u.Name = v; return CheckPinName(v) }},
		{firstIdentity, func(v string) error { u.Identity = v; return checkIdentity(v) }},
		{firstOrigin, func(v string) error { u.Origin = v; return checkText(v) }},
		{firstSubject, func(v string) error { u.Subject = v; return checkText(v) }},
		{firstArtifact, func(v string) error { u.Artifact = v; return checkDigest(v) }},
		{firstWhen, func(v string) (err error) { u.When, err = parseTime(v); return err }},
	})
	if err == nil {
		err = r.end()
	}
	if err == nil {
		err = u.check()
	}
	if err != nil {
		return FirstUse{}, err
	}
	return u, nil
}

// Marshal writes the file: docs/formats/pin.md.
func (u *FirstUse) Marshal() ([]byte, error) {
	if err := u.check(); err != nil {
		return nil, fmt.Errorf("writing a first use: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", firstHeader)
	fmt.Fprintf(&b, "%s: %s\n", firstName, u.Name)
	fmt.Fprintf(&b, "%s: %s\n", firstIdentity, u.Identity)
	fmt.Fprintf(&b, "%s: %s\n", firstOrigin, u.Origin)
	fmt.Fprintf(&b, "%s: %s\n", firstSubject, u.Subject)
	fmt.Fprintf(&b, "%s: %s\n", firstArtifact, u.Artifact)
	fmt.Fprintf(&b, "%s: %s\n", firstWhen, formatTime(u.When))
	return []byte(b.String()), nil
}

const firstExt = ".first"

// RecordFirstUse keeps the record of a first use. Origin and Subject are escaped
// and cut to what can be kept. The error wraps [ErrFirstUseExists] if the name has a
// record already.
func (s *Store) RecordFirstUse(ctx context.Context, u FirstUse) error {
	u.Origin, u.Subject = oneLine(u.Origin), oneLine(u.Subject)
	data, err := u.Marshal()
	if err != nil {
		return err
	}
	err = s.firsts.change(ctx, func() error { return s.firsts.create(u.Name, firstExt, data) })
	if errors.Is(err, atomicfile.ErrExists) {
		err = ErrFirstUseExists
	}
	if err != nil {
		return fmt.Errorf("recording the first use of %s: %w", u.Name, err)
	}
	return nil
}

// oneLine makes any text one that [checkText] passes.
func oneLine(s string) string {
	s = strings.TrimSpace(sealwax.Printable(s))
	if len(s) > maxText {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:maxText-len("…")], "")) + "…"
	}
	if s == "" {
		return "-"
	}
	return s
}

// FirstUseOf is the record of how a name came to be pinned, if there is one.
func (s *Store) FirstUseOf(_ context.Context, name string) (u FirstUse, is bool, err error) {
	if err := CheckPinName(name); err != nil {
		return FirstUse{}, false, err
	}
	if s.firsts.base == "" {
		return FirstUse{}, false, errNoFolder
	}
	data, err := s.firsts.read(name, firstExt, MaxFirstUseBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return FirstUse{}, false, nil
	}
	if err != nil {
		return FirstUse{}, false, err
	}
	u, err = ParseFirstUse(data)
	if err == nil && u.Name != name {
		err = fmt.Errorf("it says that its name is %s", u.Name)
	}
	if err != nil {
		return FirstUse{}, false, &FileError{s.firsts.path(name, firstExt), err, "remove it"}
	}
	return u, true, nil
}
