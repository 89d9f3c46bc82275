// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"fmt"
	"slices"

	"github.com/sealwax/sealwax/key"
)

// needed are the keys whose signatures a document is held to: "the root keys of
// the document before it, unless it is a recovery; its own root keys; the keys
// that it lists first."
func needed(prev, d *Document) map[key.Fingerprint]bool {
	out := map[key.Fingerprint]bool{}
	if prev != nil && d.Change != Recovery {
		for _, f := range prev.root().Keys {
			out[f] = true
		}
	}
	for _, f := range d.root().Keys {
		out[f] = true
	}
	for _, k := range newKeys(prev, d) {
		out[k.Public.Fingerprint()] = true
	}
	return out
}

// verifySignatures proves every signature of a document, and says who made them.
func verifySignatures(prev *Document, l *link) (map[key.Fingerprint]bool, error) {
	wanted := needed(prev, l.doc)
	signed := map[key.Fingerprint]bool{}
	message := l.message()
	for _, s := range l.signatures {
		i := slices.IndexFunc(l.doc.Keys, func(k Key) bool { return k.Public.MinisignID() == s.id })
		if i < 0 {
			return nil, fmt.Errorf("a signature by key id %s, which the document does not list", s.id)
		}
		by := l.doc.Keys[i].Public
		f := by.Fingerprint()
		switch {
		// "Nobody signs a document but those who have to": a release key says
		// nothing of who may sign.
		case !wanted[f]:
			return nil, &RuleError{CodeRole, l.doc.Sequence, fmt.Errorf("signed by %s, which has no part in it: only root keys and new keys sign documents", f)}
		// "Each key signs once": one key twice is one.
		case signed[f]:
			return nil, &RuleError{CodeUnsigned, l.doc.Sequence, fmt.Errorf("signed twice by %s", f)}
		}
		if err := l.verify(s, message, by); err != nil {
			return nil, err
		}
		signed[f] = true
	}
	return signed, nil
}

// Need is somebody whose signature a document still wants.
type Need struct {
	// Keys are those of whom More have to sign.
	Keys []key.Fingerprint
	More int
	// Why is the rule, for people.
	Why  string
	rule error
}

// missing are the signatures that a document still wants; none means that it is
// complete.
func missing(prev, d *Document, signed map[key.Fingerprint]bool) []Need {
	var out []Need
	of := func(r Role, least int, why string) {
		if n := needOf(r.Keys, least, why, signed); n.More > 0 {
			n.rule = &RuleError{CodeUnsigned, d.Sequence, fmt.Errorf("%s: %d more of %d have to sign", why, n.More, len(r.Keys))}
			out = append(out, n)
		}
	}
	root := d.root()
	switch {
	// "The first document is signed by all its root keys."
	case prev == nil:
		of(root, len(root.Keys), "root")
	// "A recovery is signed by the threshold of the next root alone."
	case d.Change == Recovery:
		of(root, root.Threshold, "the committed next root")
	// "Every other document is signed by the root threshold of the document
	// before it, and by that of its own."
	default:
		of(prev.root(), prev.root().Threshold, "root of the document before")
		of(root, root.Threshold, "root of this document")
	}
	// "Every key signs the first document that lists it."
	for _, k := range newKeys(prev, d) {
		f := k.Public.Fingerprint()
		if n := needOf([]key.Fingerprint{f}, 1, "a new key", signed); n.More > 0 {
			n.rule = &RuleError{CodeStranger, d.Sequence, fmt.Errorf("key %s is listed, and has not signed: nobody lists somebody else's key", f)}
			out = append(out, n)
		}
	}
	return out
}

func needOf(keys []key.Fingerprint, least int, why string, signed map[key.Fingerprint]bool) Need {
	n := Need{More: least, Why: why}
	for _, f := range keys {
		if signed[f] {
			n.More--
		} else {
			n.Keys = append(n.Keys, f)
		}
	}
	n.More = max(n.More, 0)
	return n
}

// checkSigners: all who have to have signed.
func checkSigners(prev, d *Document, signed map[key.Fingerprint]bool) error {
	if needs := missing(prev, d, signed); len(needs) > 0 {
		return needs[0].rule
	}
	return nil
}
