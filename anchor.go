// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"fmt"
	"time"

	"github.com/sealwax/sealwax/key"
)

// Role is what a key is trusted for. A key in one role never serves another
// unless it is listed in both. The list is open.
type Role string

// The roles that artifacts are signed in.
const (
	RoleRelease Role = "release" // sources, files, modules, packages, images
	RoleNative  Role = "native"  // compiled code and programs
	// RoleRebuilt is nobody's key: a machine has made the artifact again from its
	// source, and got the same bytes.
	RoleRebuilt Role = "rebuilt"
)

// Anchor is somebody who is trusted, as far as Trust says. The zero Anchor is
// nobody: nothing checks against it.
type Anchor struct {
	Key    key.Public
	Name   string // what the user calls them; may be empty
	Role   Role   // what they are trusted for; empty is nothing
	Origin string // where the trust comes from, for people: "-k alice.pub", "pin alice"
	// ID is who signs where that is nobody's key: Key is then empty.
	ID SignerID
	// Party is on whose behalf the key signs. The zero Party is nobody else: the
	// key stands for itself.
	Party Party
	// Standing is what speaks against what the key signed. Zero is nothing.
	Standing Standing
}

// SignerID names a signer across all formats, so that each counts once: a key's
// fingerprint. Keyless signers will be an issuer and a subject.
type SignerID string

// Signer is the anchor's name across formats.
func (a Anchor) Signer() SignerID {
	if a.ID != "" {
		return a.ID
	}
	return SignerID(a.Key.Fingerprint())
}

// PartyID names a publisher: "publisher:" and the SHA-256 of its first document.
type PartyID string

// Party is somebody who signs with several keys, and is one signer: a publisher.
type Party struct {
	ID   PartyID // empty is no party
	Name string  // what the user calls it
	// Threshold is how many different keys of the party, in the anchor's role,
	// make the party one signer. Less than one never does.
	Threshold int
	// Stale is from when on what is known of the party is out of date, by its own
	// word. Zero is never.
	Stale time.Time
}

// Standing is what speaks against an anchor's signatures. The zero Standing is
// nothing.
type Standing struct {
	// Blocked is why the user wants nothing of the key or its party; nothing
	// lifts that. Empty is not blocked.
	Blocked string
	// Limited is why the party's own rules keep the key from this artifact.
	Limited string
	// Ended is what became of the key ("retired", "lost", "compromised since …").
	// What such a key signed counts only if something else places the signature
	// before that moment: see Endorsed.
	Ended string
	// Compromised says that the key ended in other people's hands.
	Compromised bool
	// Endorsed are the digests of artifacts (see [Verifier.Digest]) that the
	// party vouches for, whatever became of the key; each with where it says so.
	// It vouches for the artifact and for what that states itself: what the
	// signature states of it counts no more.
	Endorsed map[string]string
	// Revoked are the digests of artifacts that the party has taken back, each
	// with its reason.
	Revoked map[string]string
}

// asksDigest reports whether the standing speaks of single artifacts.
func (s Standing) asksDigest() bool { return s.Ended != "" || len(s.Revoked) > 0 }

// Trust knows people.
type Trust interface {
	// Anchors offers those whom the hint could mean, best first. Knowing nobody
	// is not an error; an error means that one could not look, and makes the
	// verdict undecided, except one that wraps [ErrHintUnknown].
	Anchors(ctx context.Context, h Hint) ([]Anchor, error)
}

// display is what people know the anchor by.
func (a Anchor) display() string {
	if a.Name != "" {
		return a.Name
	}
	if id := a.Signer(); id != "" {
		return string(id)
	}
	return "nobody"
}

// display is what people know the party by.
func (p Party) display() string {
	if p.Name != "" {
		return p.Name
	}
	return string(p.ID)
}

// publisher is whose key it is, as far as that is known.
func (a Anchor) publisher() string {
	if p := a.Party.display(); p != "" {
		return p
	}
	return "the publisher of " + a.display()
}

// isStale reports whether what is known of the party is out of date.
func (p Party) isStale(now time.Time) bool { return !p.Stale.IsZero() && !now.Before(p.Stale) }

func (p Party) staleWords() string {
	return fmt.Sprintf("what is known of publisher %s is out of date since %s, by its own word", p.display(), p.Stale.UTC().Format(time.RFC3339))
}

// objections are what the anchor's standing says against a claim by it.
func (a Anchor) objections(whole bool, digest string) []objection {
	s := a.Standing
	var out []objection
	if s.Blocked != "" {
		out = append(out, objection{CodeSignerBlocked, fmt.Sprintf("%s is blocked: %s", a.display(), s.Blocked), true})
	}
	if s.Limited != "" {
		out = append(out, objection{CodeSignerLimit, fmt.Sprintf("it is by %s, who may not sign this: %s", a.display(), s.Limited), false})
	}
	if why, revoked := s.Revoked[digest]; revoked && digest != "" {
		out = append(out, objection{CodeArtifactRevoked, fmt.Sprintf("%s has taken this artifact back: %s", a.publisher(), why), true})
	}
	// What lies behind the covered part changes the digest and not the signature,
	// so that anybody could make an artifact that is not on the list.
	if len(s.Revoked) > 0 && (!whole || digest == "") {
		out = append(out, objection{CodeSignaturePartial, fmt.Sprintf("%s has taken artifacts back, and only what is covered whole can be held against its list", a.publisher()), false})
	}
	if s.Ended == "" {
		return out
	}
	if _, placed := s.Endorsed[digest]; placed && digest != "" && whole {
		return out
	}
	if s.Compromised {
		out = append(out, objection{CodeSignerRevoked, fmt.Sprintf("the key of %s is %s", a.display(), s.Ended), true})
	}
	return append(out, objection{CodeSignatureUnplaced, fmt.Sprintf("the key of %s is %s, and nothing shows that the signature is from before", a.display(), s.Ended), false})
}
