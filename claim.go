// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"errors"
)

// Format is how a signature is written. The list of formats is sealed: package
// format names them all.
type Format interface {
	// Name is the format's own name: "minisign", "wasmsig".
	Name() string
	// Find reads the signatures written on the artifact or beside it. None is
	// not an error. One that is broken is returned as a [*Broken]. An error
	// means that the bytes could not be read, and makes the verdict undecided.
	Find(ctx context.Context, a *Artifact) ([]Signature, error)
}

// Signature is a signature that was found and is not believed.
type Signature interface {
	// Hint says whom it might be from: good for lookup only.
	Hint() Hint
	// Plan asks the artifact for what Check will need of its bytes (hashes,
	// section boundaries), given the anchors that will be tried. It reads nothing.
	Plan(a *Artifact, by []Anchor)
	// Check proves that the anchor signed, and what. It reads no content: it
	// uses the meters that Plan asked for. An error that wraps [ErrOtherSigner]
	// means "not this anchor", any other that the signature is bad.
	Check(ctx context.Context, a *Artifact, by Anchor) (Claim, error)
}

// Diagnoser is an optional interface of a [Signature]. After a refusal by Check
// it may look at the content again to say better why. It changes a refusal's
// reason and never makes one into anything else.
type Diagnoser interface {
	Diagnose(ctx context.Context, a *Artifact, refusal error) error
}

// Hint is what a signature says of itself. Hints never decide.
type Hint struct {
	Format string // the format's name
	Source string // where it was found: a companion's name, or "embedded"
	KeyID  []byte // the key id it carries, in the format's own bytes; may be empty
	Legacy bool   // minisign: signs the file itself, without hashing it first
	Label  string // KeyID as the format's users know it, for messages
	// Role is the only role in which the signature speaks, whoever made it. Empty
	// is any.
	Role Role
}

// Embedded is the [Hint.Source] of a signature inside the artifact itself.
const Embedded = "embedded"

// MaxTries is how many anchors a Trust may offer for a hint that matches none of
// them, and how many are ever tried for one signature.
const MaxTries = 64

// ErrHintUnknown says that more anchors are known than may be tried in turn and
// that the hint names none of them.
var ErrHintUnknown = errors.New("the key id is unknown, and there are too many keys to try each")

// ErrOtherSigner is wrapped by [Signature.Check] when the signature is not by
// this anchor, which says nothing about whether it is good.
var ErrOtherSigner = errors.New("signed by another key")

// Claim is a proven statement: this anchor signed this much of this artifact.
type Claim struct {
	By Anchor
	// Signer is who signed: the road sets it, and signers are counted by it.
	Signer SignerID
	Format string
	Source string
	Covers Coverage
	// Comment is free text that the signature covers. Escape it when shown.
	Comment string
	// Fields are the named statements that the signature covers, in order:
	// "file", "version", "timestamp", "expires". They are the signer's word.
	Fields []Field
	// Role is the only role in which the signature speaks, as in [Hint.Role]; the
	// road sets it.
	Role Role
	// From is set when the signature says what the artifact was made from.
	From Ancestor
	// Of is set when the signature is on what the artifact was made from, and not
	// on the artifact: it counts only beside a claim that counts and has the same
	// ancestor as its From.
	Of Ancestor
	// Carry is the signature as a detached file of its format, for gates that hand
	// it on with what they make of the artifact. Nil where that would prove nothing
	// without the artifact's bytes.
	Carry []byte
}

// Field is one named statement that a signature covers.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Values are all values stated under a name, in order: a claim may state one
// name in several places, and then every one of them must hold.
func (c *Claim) Values(name string) []string {
	var out []string
	for _, f := range c.Fields {
		if f.Name == name {
			out = append(out, f.Value)
		}
	}
	return out
}

// Coverage is how much of an artifact a claim covers. The zero value is nothing.
type Coverage struct {
	// Whole: from the first byte that signatures can cover to the last.
	Whole bool
	// Prefix is the number of leading parts covered and Parts how many there
	// are, for formats that divide artifacts.
	Prefix, Parts int
	// End is the offset up to which the prefix reaches.
	End int64
	// Uncovered lists what lies behind End.
	Uncovered []Section
}

// Section is one section of a WebAssembly module or component.
type Section struct {
	ID     byte   `json:"id"`
	Name   string `json:"name"` // of a custom section; else what the id means
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"` // of the whole section, header included
}

// Broken is a signature that was found and cannot be read. It becomes a finding
// and is never checked.
type Broken struct {
	Format, Source string
	// Code is the finding's code: [CodeSignatureMalformed] unless set.
	Code   Code
	Reason error
}

var _ Signature = (*Broken)(nil)

// Hint says where the broken signature is.
func (b *Broken) Hint() Hint { return Hint{Format: b.Format, Source: b.Source} }

// Plan needs nothing.
func (b *Broken) Plan(*Artifact, []Anchor) {}

// Check fails with the reason.
func (b *Broken) Check(context.Context, *Artifact, Anchor) (Claim, error) {
	return Claim{}, b.Reason
}
