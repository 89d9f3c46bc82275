// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// Keys is a fixed list of anchors: the keys on a command line. No file is read
// on its behalf. The zero value knows nobody.
type Keys []sealwax.Anchor

var _ sealwax.Trust = Keys(nil)

// Anchors offers all keys when they are at most [sealwax.MaxTries], those that
// the hint names first. Of more it offers those that the hint names, and if it
// names none, fails with an error that wraps [sealwax.ErrHintUnknown].
func (k Keys) Anchors(_ context.Context, h sealwax.Hint) ([]sealwax.Anchor, error) {
	k = k.distinct()
	named, others := divide(k, h)
	if len(k) <= sealwax.MaxTries {
		return append(named, others...), nil
	}
	if len(named) == 0 {
		return nil, sealwax.ErrHintUnknown
	}
	return named[:min(len(named), sealwax.MaxTries)], nil
}

// distinct drops repetitions: the same key, id, role and party once more.
func (k Keys) distinct() Keys {
	type who struct {
		key   key.Public
		role  sealwax.Role
		party sealwax.PartyID
	}
	seen := map[who]bool{}
	out := make(Keys, 0, len(k))
	for _, a := range k {
		if id := (who{a.Key, a.Role, a.Party.ID}); !seen[id] {
			seen[id] = true
			out = append(out, a)
		}
	}
	return out
}

// divide keeps the order of the anchors on both sides.
func divide(anchors []sealwax.Anchor, h sealwax.Hint) (named, others []sealwax.Anchor) {
	for _, a := range anchors {
		switch {
		case a.Key.IsZero(): // the zero Anchor is nobody
		case a.Key.GoesBy(h.KeyID):
			named = append(named, a)
		default:
			others = append(others, a)
		}
	}
	return named, others
}
