// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// check holds a document to what it must be whatever came before it. The
// sentences are those of docs/formats/publisher.md.
func (d *Document) check() error {
	for _, check := range []func() error{
		d.checkHead, d.checkSpaces, d.checkKeys, d.checkRoles, d.checkLimits, d.checkNext, d.checkDigests,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) checkHead() error {
	if err := CheckName(d.Name); err != nil {
		return err
	}
	switch {
	// "A chain has at most 1024 documents."
	case d.Sequence < 0 || d.Sequence >= MaxDocuments:
		return fmt.Errorf("sequence %d: want 0 to %d", d.Sequence, MaxDocuments-1)
	// "The first document has previous none; every other names the digest of
	// the one before."
	case (d.Sequence == 0) != (d.Previous == previousNone):
		return fmt.Errorf("sequence %d with previous %q: %q belongs to the first document, which has sequence 0, and to no other", d.Sequence, d.Previous, previousNone)
	// "change is ordinary or recovery."
	case d.Change != Ordinary && d.Change != Recovery:
		return fmt.Errorf("change %q: want %s or %s", d.Change, Ordinary, Recovery)
	// "The first document is no recovery."
	case d.Sequence == 0 && d.Change == Recovery:
		return errors.New("the first document is a recovery: there is nothing to recover from")
	// "stale is after issued."
	case !d.Stale.After(d.Issued):
		return fmt.Errorf("stale %s: not after issued %s", formatTime(d.Stale), formatTime(d.Issued))
	}
	if d.Sequence == 0 {
		return nil
	}
	return CheckDigest(d.Previous)
}

// checkSpaces: "Name spaces are sorted, none twice."
func (d *Document) checkSpaces() error {
	for _, s := range d.Spaces {
		if err := CheckSpace(s); err != nil {
			return err
		}
	}
	return ascending("name spaces", d.Spaces)
}

func (d *Document) checkKeys() error {
	ids := map[key.ID]bool{}
	fingerprints := make([]key.Fingerprint, 0, len(d.Keys))
	for _, k := range d.Keys {
		if err := k.check(); err != nil {
			return fmt.Errorf("key %s: %w", k.Public.Fingerprint(), err)
		}
		// "No two keys of a document have one key id": a signature carries only
		// the id, and each is tried with one key.
		if ids[k.Public.MinisignID()] {
			return fmt.Errorf("two keys with the key id %s", k.Public.MinisignID())
		}
		ids[k.Public.MinisignID()] = true
		fingerprints = append(fingerprints, k.Public.Fingerprint())
	}
	// "Keys are sorted by fingerprint, none twice."
	return ascending("keys", fingerprints)
}

func (k Key) check() error {
	switch {
	case k.Public.IsZero():
		return errors.New("no key")
	// "The status is active, retired, lost or compromised."
	case k.Status.rank() == 0:
		return fmt.Errorf("status %q: want %s, %s, %s or %s", k.Status, Active, Retired, Lost, Compromised)
	// "An active key has no since; every other has one."
	case (k.Status == Active) != k.Since.IsZero():
		return fmt.Errorf("%s, and %q since when: every key but an active one has a moment", k.Status, k.Since)
	// "A retired key was good until some moment": what was never good is lost or
	// compromised.
	case k.Status == Retired && k.Since == Always():
		return errors.New("retired always: want a moment")
	}
	return nil
}

func (d *Document) checkRoles() error {
	// "The first role is root."
	if len(d.Roles) == 0 || d.Roles[0].Name != RoleRoot {
		return errors.New("the first role is not root")
	}
	names := make([]sealwax.Role, 0, len(d.Roles))
	for i, r := range d.Roles {
		if err := d.checkRole(r); err != nil {
			return fmt.Errorf("role %s: %w", sealwax.Printable(string(r.Name)), err)
		}
		if i > 0 {
			names = append(names, r.Name)
		}
	}
	// "The others are sorted by name, none twice", and none of them is root.
	if slices.Contains(names, RoleRoot) {
		return errors.New("role root twice")
	}
	return ascending("roles", names)
}

func (d *Document) checkRole(r Role) error {
	if err := CheckRole(r.Name); err != nil {
		return err
	}
	if err := checkThreshold(r.Threshold, r.Keys); err != nil {
		return err
	}
	for _, f := range r.Keys {
		// "A role has only keys that the document lists as active."
		if k, _ := d.Key(f); k.Status != Active {
			return fmt.Errorf("%s is not an active key of the document", f)
		}
		// "A root key has no other role": the keys that sign every day must not
		// be able to say who signs.
		if r.Name != RoleRoot && slices.Contains(d.Roles[0].Keys, f) {
			return &RuleError{CodeRole, d.Sequence, fmt.Errorf("%s is a root key: it can have no other role", f)}
		}
	}
	return nil
}

// checkThreshold: "The threshold is 1 to the number of keys; the keys are
// sorted, none twice."
func checkThreshold(threshold int, keys []key.Fingerprint) error {
	if threshold < 1 || threshold > len(keys) {
		return fmt.Errorf("threshold %d of %d keys: want 1 to the number of keys", threshold, len(keys))
	}
	return ascending("keys", keys)
}

// checkLimits: "A limit is for a role of the document other than root; limits
// are sorted, none twice."
func (d *Document) checkLimits() error {
	for i, l := range d.Limits {
		if _, ok := d.Role(l.Role); !ok || l.Role == RoleRoot {
			return fmt.Errorf("limit for the role %q: want a role of the document but root", l.Role)
		}
		if l.Pattern.IsZero() {
			return errors.New("an empty limit")
		}
		if i > 0 && compareLimits(d.Limits[i-1], l) >= 0 {
			return errors.New("limits: not sorted, or one is there twice")
		}
	}
	return nil
}

func compareLimits(a, b Limit) int {
	return cmp.Or(cmp.Compare(a.Role, b.Role), strings.Compare(a.Pattern.String(), b.Pattern.String()))
}

// checkNext: "None of the next root keys is a key of the document": what is
// committed to was never used.
func (d *Document) checkNext() error {
	for _, f := range d.Next.Keys {
		if _, ok := d.Key(f); ok {
			return &RuleError{CodeNextRoot, d.Sequence, fmt.Errorf("%s is committed to as a next root key, and is listed already", f)}
		}
	}
	if err := checkThreshold(d.Next.Threshold, d.Next.Keys); err != nil {
		return fmt.Errorf("next: %w", err)
	}
	return nil
}

// checkDigests: "Digests are sorted, none twice, endorsed and taken back
// together at most 256."
func (d *Document) checkDigests() error {
	if n := len(d.Revoked) + len(d.Endorsed); n > MaxDigests {
		return fmt.Errorf("%d digests, and at most %d can be: use several documents", n, MaxDigests)
	}
	revoked := make([]string, 0, len(d.Revoked))
	for _, r := range d.Revoked {
		if err := errors.Join(CheckDigest(r.Digest), checkReason(r.Reason)); err != nil {
			return fmt.Errorf("revoke: %w", err)
		}
		revoked = append(revoked, r.Digest)
	}
	for _, e := range d.Endorsed {
		if err := CheckDigest(e); err != nil {
			return fmt.Errorf("endorse: %w", err)
		}
	}
	return errors.Join(ascending("digests taken back", revoked), ascending("endorsed digests", d.Endorsed))
}

// ascending holds a list to its one order.
func ascending[T ~string](what string, list []T) error {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return fmt.Errorf("%s: not sorted, or one is there twice: %q before %q", what, list[i-1], list[i])
		}
	}
	return nil
}
