// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

// Kind is how one chain relates to another. The zero Kind is none.
type Kind string

// The kinds, as seen from a chain that is stored.
const (
	Same       Kind = "same"
	Behind     Kind = "behind"     // the other is the stored one's beginning: it yields
	Ahead      Kind = "ahead"      // the other goes on where the stored one ends
	Recovers   Kind = "recovers"   // the other replaces the stored one's branch
	Superseded Kind = "superseded" // the stored one has replaced the other's branch
	Fork       Kind = "fork"       // two histories, and neither replaces the other
	Stranger   Kind = "stranger"   // another publisher
)

// Relation is how an offered chain relates to the stored one.
type Relation struct {
	Kind Kind
	// Sequence is that of the first document in which they differ, where both
	// have one.
	Sequence int
}

// Compare says how an offered chain relates to c. The same documents under other
// signatures are the same.
func (c *Chain) Compare(offered *Chain) Relation {
	if c.ID() != offered.ID() {
		return Relation{Kind: Stranger}
	}
	n := 0
	for n < min(len(c.links), len(offered.links)) && c.links[n].digest == offered.links[n].digest {
		n++
	}
	switch {
	case n == len(c.links) && n == len(offered.links):
		return Relation{Same, n}
	case n == len(offered.links):
		return Relation{Behind, n}
	case n == len(c.links):
		return Relation{Ahead, n}
	}
	return Relation{c.branch(offered, n), n}
}

// branch compares two chains that differ from document n on: "A recovery replaces
// any branch from the same document that does not begin with one", however long,
// "unless the branch has used the same commitment": then whoever holds those keys
// has spoken for both, and which one is true nobody can tell.
func (c *Chain) branch(offered *Chain, n int) Kind {
	mine, theirs := c.links[n].doc.Change == Recovery, offered.links[n].doc.Change == Recovery
	switch {
	case theirs && !mine && !c.usedSince(n):
		return Recovers
	case mine && !theirs && !offered.usedSince(n):
		return Superseded
	}
	return Fork
}

// usedSince reports whether a document from n on used the commitment that held
// before it: a commitment changes where it is used and nowhere else.
func (c *Chain) usedSince(n int) bool {
	before := c.links[n-1].doc
	for _, l := range c.links[n:] {
		if spends(before, l.doc) {
			return true
		}
	}
	return false
}
