// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sealwax/sealwax/key"
)

// checkSuccession holds a document to what came before it; nil is nothing. The
// sentences are those of docs/formats/publisher.md.
func checkSuccession(before *link, d *Document) error {
	if before == nil {
		return checkFirst(d)
	}
	prev := before.doc
	switch {
	// "Every document of a chain has the same name."
	case d.Name != prev.Name:
		return &RuleError{CodeChain, d.Sequence, fmt.Errorf("its name is %s, and that of the one before %s", d.Name, prev.Name)}
	// "Its sequence is one more than that of the document before."
	case d.Sequence != prev.Sequence+1:
		return &RuleError{CodeChain, d.Sequence, fmt.Errorf("its sequence is %d, and %d follows", d.Sequence, prev.Sequence+1)}
	// "previous is the digest of the document before."
	case d.Previous != before.digest:
		return &RuleError{CodeChain, d.Sequence, fmt.Errorf("it follows %s, and the document before it is %s", d.Previous, before.digest)}
	// "It is not issued before the document before."
	case d.Issued.Before(prev.Issued):
		return &RuleError{CodeChain, d.Sequence, fmt.Errorf("issued %s, before the document that it follows", formatTime(d.Issued))}
	}
	for _, check := range []func(prev, d *Document) error{checkKept, checkNew, checkRoot} {
		if err := check(prev, d); err != nil {
			return err
		}
	}
	return nil
}

func checkFirst(d *Document) error {
	// "The first document has sequence 0."
	if d.Sequence != 0 {
		return &RuleError{CodeChain, d.Sequence, fmt.Errorf("it is the first here, and its sequence is %d: the documents before it are missing", d.Sequence)}
	}
	return checkNew(&Document{}, d)
}

// checkKept: "A key that was listed stays listed, with its key id. What ended
// does not begin again: a status only gets worse, and its moment only earlier."
func checkKept(prev, d *Document) error {
	for _, old := range prev.Keys {
		f := old.Public.Fingerprint()
		k, ok := d.Key(f)
		switch {
		case !ok:
			return fmt.Errorf("key %s is no longer listed: say that it is retired, lost or compromised", f)
		case k.Public.MinisignLine() != old.Public.MinisignLine():
			return fmt.Errorf("key %s has another key id than before", f)
		case k.Status.rank() < old.Status.rank():
			return fmt.Errorf("key %s was %s, and is %s: a key never gets better", f, old.Status, k.Status)
		case old.Status != Active && !k.Since.notAfter(old.Since):
			return fmt.Errorf("key %s ended %s, and now %s: the moment can only be earlier", f, old.Since.Text(), k.Since.Text())
		}
	}
	return nil
}

// checkNew: "A key is active in the first document that lists it": it signs that
// document.
func checkNew(prev, d *Document) error {
	for _, k := range newKeys(prev, d) {
		if k.Status != Active {
			return fmt.Errorf("key %s is new, and %s", k.Public.Fingerprint(), k.Status)
		}
	}
	return nil
}

// newKeys are the keys that d lists first.
func newKeys(prev, d *Document) []Key {
	var out []Key
	for _, k := range d.Keys {
		if prev != nil {
			if _, old := prev.Key(k.Public.Fingerprint()); old {
				continue
			}
		}
		out = append(out, k)
	}
	return out
}

// rotates reports whether d puts the keys in place that prev committed to: "A
// rotation gives the role root to keys of the commitment and to no others, as
// many as its threshold at least, with that threshold."
func rotates(prev, d *Document) bool {
	root := d.root()
	return root.Threshold == prev.Next.Threshold && subset(root.Keys, prev.Next.Keys)
}

// spends reports whether d has another commitment than prev: the old one is used.
func spends(prev, d *Document) bool {
	return d.Next.Threshold != prev.Next.Threshold || !slices.Equal(d.Next.Keys, prev.Next.Keys)
}

// subset reports whether all of a sorted list are in another.
func subset(some, all []key.Fingerprint) bool {
	for _, f := range some {
		if _, in := slices.BinarySearch(all, f); !in {
			return false
		}
	}
	return true
}

func nextRoot(d *Document, why string) error {
	return &RuleError{CodeNextRoot, d.Sequence, errors.New(why)}
}

// checkRoot: "The keys and the threshold of root change only by a rotation, or by
// dropping keys. The commitment changes in a rotation and nowhere else."
func checkRoot(prev, d *Document) error {
	was, is := prev.root(), d.root()
	rotated := rotates(prev, d)
	switch {
	case d.Change == Recovery && !rotated:
		return nextRoot(d, "a recovery puts the committed next root keys in place, and these are others")
	case rotated && !spends(prev, d):
		return nextRoot(d, "the committed keys are the root now: it has to commit to new ones")
	case !rotated && spends(prev, d):
		return nextRoot(d, "the commitment changes, and the root is not rotated to what it committed to")
	case !rotated && (was.Threshold != is.Threshold || !subset(is.Keys, was.Keys)):
		return nextRoot(d, "the root keys change to others than those that were committed to")
	}
	return checkDropped(was, d)
}

// checkDropped: "A key that leaves the role root is at its end": it knew too much
// to sign anything else.
func checkDropped(was Role, d *Document) error {
	now := d.root()
	for _, f := range was.Keys {
		k, _ := d.Key(f)
		if !slices.Contains(now.Keys, f) && k.Status == Active {
			return &RuleError{CodeRole, d.Sequence, fmt.Errorf("%s was a root key and is none now: it has to be retired, lost or compromised", f)}
		}
	}
	return nil
}
