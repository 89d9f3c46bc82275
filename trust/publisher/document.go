// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"cmp"
	"slices"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/key"
)

// Limits of documents and chains.
const (
	MaxDocumentBytes = 32 << 10
	MaxChainBytes    = 2 << 20
	MaxDocuments     = 1024
	MaxKeys          = 128 // of a document, ended ones included; also of signatures on it
	MaxRoles         = 16
	MaxLimits        = 64
	MaxSpaces        = 16
	MaxDigests       = 256 // endorsed and taken back, of one document
)

// RoleRoot is the role of the keys that sign documents, and nothing else.
const RoleRoot sealwax.Role = "root"

// Change says how a document follows the one before it.
type Change string

// The changes. A recovery is signed by the committed next root alone.
const (
	Ordinary Change = "ordinary"
	Recovery Change = "recovery"
)

// Status is what became of a key.
type Status string

// The statuses, from good to bad. A key never gets better.
const (
	Active      Status = "active"
	Retired     Status = "retired"     // put away, nobody else has it
	Lost        Status = "lost"        // its owner no longer has it
	Compromised Status = "compromised" // somebody else may have it
)

// rank is the order of statuses; an unknown one is 0.
func (s Status) rank() int {
	return 1 + slices.Index([]Status{Active, Retired, Lost, Compromised}, s)
}

// Key is one key of a document.
type Key struct {
	Public key.Public // with the minisign id that its signatures carry
	Status Status
	Since  Since // when it ended; zero for an active key
}

// Role is what some keys are for.
type Role struct {
	Name      sealwax.Role
	Threshold int               // how many of Keys make one signature of the publisher
	Keys      []key.Fingerprint // sorted
}

// Limit narrows a role: it may sign only what one of its limits matches. A role
// without limits may sign anything.
type Limit struct {
	Role    sealwax.Role
	Pattern pattern.Pattern
}

// Commitment names the next root keys by their hashes, before anybody has seen
// them.
type Commitment struct {
	Threshold int
	Keys      []key.Fingerprint // sorted
}

// Revocation takes an artifact back.
type Revocation struct {
	Digest string // as [Digest] writes it
	Reason string // for people; escape it when shown
}

// Document is one publisher/v1 document. Times are in UTC, to the second.
type Document struct {
	Name     string
	Sequence int    // 0 for the first
	Previous string // [Digest] of the document before; "none" for the first
	Change   Change
	Issued   time.Time // the signer's word
	Stale    time.Time // after this, a newer document is due
	Spaces   []string  // the name spaces it owns, sorted
	Keys     []Key     // sorted by fingerprint
	Roles    []Role    // root first, then sorted by name
	Limits   []Limit   // sorted by role and pattern
	Next     Commitment
	Revoked  []Revocation // sorted by digest; holds for all later documents too
	Endorsed []string     // artifact digests, sorted; as Revoked
}

// previousNone stands for the document before the first.
const previousNone = "none"

// Key looks a key up by its fingerprint.
func (d *Document) Key(f key.Fingerprint) (Key, bool) {
	i, ok := d.keyIndex(f)
	if !ok {
		return Key{}, false
	}
	return d.Keys[i], true
}

func (d *Document) keyIndex(f key.Fingerprint) (int, bool) {
	return slices.BinarySearchFunc(d.Keys, f, func(k Key, f key.Fingerprint) int {
		return cmp.Compare(k.Public.Fingerprint(), f)
	})
}

// Role looks a role up.
func (d *Document) Role(name sealwax.Role) (Role, bool) {
	i := slices.IndexFunc(d.Roles, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}, false
	}
	return d.Roles[i], true
}

// RolesOf are the roles that a key has.
func (d *Document) RolesOf(f key.Fingerprint) []sealwax.Role {
	var out []sealwax.Role
	for _, r := range d.Roles {
		if slices.Contains(r.Keys, f) {
			out = append(out, r.Name)
		}
	}
	return out
}

// limitsOf are the limits of one role; none is no limit.
func (d *Document) limitsOf(role sealwax.Role) []Limit {
	var out []Limit
	for _, l := range d.Limits {
		if l.Role == role {
			out = append(out, l)
		}
	}
	return out
}

// root is the role root, which every document has.
func (d *Document) root() Role { r, _ := d.Role(RoleRoot); return r }

// clone shares nothing with d.
func (d *Document) clone() *Document {
	c := *d
	c.Spaces, c.Keys, c.Limits = slices.Clone(d.Spaces), slices.Clone(d.Keys), slices.Clone(d.Limits)
	c.Revoked, c.Endorsed = slices.Clone(d.Revoked), slices.Clone(d.Endorsed)
	c.Next.Keys = slices.Clone(d.Next.Keys)
	c.Roles = slices.Clone(d.Roles)
	for i, r := range c.Roles {
		c.Roles[i].Keys = slices.Clone(r.Keys)
	}
	return &c
}
