// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/key"
)

// Draft is a document in the making, after the documents of a chain, with the
// signatures that it has so far. Change it first, then sign it: a change after a
// signature is refused. One goroutine uses it.
type Draft struct {
	chain *Chain // nil before the first document
	doc   *Document
	link  *link // nil until it is signed or read: then the text is fixed
	err   error // the first change that could not be made
}

// ErrSigned says that a draft has signatures: changing it would make them bad.
var ErrSigned = errors.New("it is signed already: begin it anew")

// Begin drafts the first document of a publisher, which owns the name space of
// its name if it can be one.
func Begin(name string, issued, stale time.Time) *Draft {
	d := &Document{Name: name, Previous: previousNone, Change: Ordinary, Issued: second(issued), Stale: second(stale)}
	if CheckSpace(name) == nil {
		d.Spaces = []string{name}
	}
	return &Draft{doc: d}
}

func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// Draft is the next document: as the newest one, without what is said once
// (endorsed and taken back). It is issued no earlier than the newest.
func (c *Chain) Draft(issued, stale time.Time) *Draft {
	head := c.headLink()
	d := head.doc.clone()
	d.Sequence++
	d.Previous, d.Change = head.digest, Ordinary
	d.Issued, d.Stale = second(issued), second(stale)
	if d.Issued.Before(head.doc.Issued) {
		d.Issued = head.doc.Issued // a clock that is behind
	}
	d.Revoked, d.Endorsed = nil, nil
	return &Draft{chain: c, doc: d}
}

// Document is a copy of the draft's document as it is.
func (d *Draft) Document() *Document { return d.doc.clone() }

// change makes one change, unless one before it failed.
func (d *Draft) change(do func() error) {
	switch {
	case d.err != nil:
	case d.link != nil:
		d.err = ErrSigned
	default:
		d.err = do()
	}
}

// AddKey lists a key, and gives it a role. A key that is listed and active gets
// the role beside those it has. The keys of root are added in the first document
// only.
func (d *Draft) AddKey(role sealwax.Role, k key.Public) {
	d.change(func() error {
		if role == RoleRoot && d.chain != nil {
			return &RuleError{CodeNextRoot, d.doc.Sequence, errors.New("root keys change only by rotating to the committed keys")}
		}
		f := k.Fingerprint()
		if old, listed := d.doc.Key(f); listed && old.Status != Active {
			return fmt.Errorf("key %s is %s, and a key never gets better: make a new one", f, old.Status)
		} else if !listed {
			d.list(k)
		}
		d.give(role, f)
		return nil
	})
}

// list adds an active key in its place.
func (d *Draft) list(k key.Public) {
	at, _ := d.doc.keyIndex(k.Fingerprint())
	d.doc.Keys = slices.Insert(d.doc.Keys, at, Key{Public: k, Status: Active})
}

// give adds a key to a role, which it makes if need be: first root, the others in
// order.
func (d *Draft) give(role sealwax.Role, f key.Fingerprint) {
	i := slices.IndexFunc(d.doc.Roles, func(r Role) bool { return r.Name == role })
	if i < 0 {
		d.doc.Roles = append(d.doc.Roles, Role{Name: role, Threshold: 1})
		slices.SortFunc(d.doc.Roles, func(a, b Role) int { return strings.Compare(rolePlace(a.Name), rolePlace(b.Name)) })
		i = slices.IndexFunc(d.doc.Roles, func(r Role) bool { return r.Name == role })
	}
	r := &d.doc.Roles[i]
	if !slices.Contains(r.Keys, f) {
		r.Keys = append(r.Keys, f)
		slices.Sort(r.Keys)
	}
}

// rolePlace sorts root before every other role.
func rolePlace(role sealwax.Role) string {
	if role == RoleRoot {
		return ""
	}
	return string(role)
}

// Threshold says how many keys of a role make one signature.
func (d *Draft) Threshold(role sealwax.Role, n int) {
	d.change(func() error {
		for i := range d.doc.Roles {
			if d.doc.Roles[i].Name == role {
				d.doc.Roles[i].Threshold = n
				return nil
			}
		}
		return fmt.Errorf("there is no role %s", sealwax.Printable(string(role)))
	})
}

// End says what became of a key, and takes it out of its roles. A role without
// keys is no more.
func (d *Draft) End(k key.Public, status Status, since Since) {
	d.change(func() error {
		f := k.Fingerprint()
		i, listed := d.doc.keyIndex(f)
		if !listed {
			return fmt.Errorf("key %s is none of the publisher's", f)
		}
		d.doc.Keys[i].Status, d.doc.Keys[i].Since = status, since
		return d.unseat(f)
	})
}

// unseat takes a key out of every role.
func (d *Draft) unseat(f key.Fingerprint) error {
	var roles []Role
	for _, r := range d.doc.Roles {
		r.Keys = slices.DeleteFunc(r.Keys, func(g key.Fingerprint) bool { return g == f })
		switch {
		case len(r.Keys) == 0 && r.Name == RoleRoot:
			return errors.New("it is the last root key: rotate or recover to the next ones, which ends it too")
		case len(r.Keys) == 0:
			d.doc.Limits = slices.DeleteFunc(d.doc.Limits, func(l Limit) bool { return l.Role == r.Name })
			continue
		case len(r.Keys) < r.Threshold && r.Name == RoleRoot:
			return fmt.Errorf("%d root keys would be left, and it takes %d: rotate or recover to the next ones", len(r.Keys), r.Threshold)
		case len(r.Keys) < r.Threshold:
			return fmt.Errorf("%d %s keys would be left, and it takes %d: add a key or lower the threshold in the same change", len(r.Keys), r.Name, r.Threshold)
		}
		roles = append(roles, r)
	}
	d.doc.Roles = roles
	return nil
}

// Rotate puts the committed keys in the place of root, and commits to the next
// ones. The old root keys are retired as of the document. Of the committed keys
// those are given that are at hand, at least as many as their threshold.
func (d *Draft) Rotate(root []key.Public, threshold int, next []key.Fingerprint) {
	d.change(func() error { return d.rotate(root, Retired, SinceTime(d.doc.Issued), threshold, next) })
}

// Recover is Rotate without the old root: status and since say what became of it.
func (d *Draft) Recover(root []key.Public, status Status, since Since, threshold int, next []key.Fingerprint) {
	d.change(func() error {
		if d.chain == nil {
			return errors.New("there is nothing to recover from yet")
		}
		d.doc.Change = Recovery
		return d.rotate(root, status, since, threshold, next)
	})
}

func (d *Draft) rotate(root []key.Public, status Status, since Since, threshold int, next []key.Fingerprint) error {
	if d.chain == nil {
		return errors.New("there is nothing to rotate from yet")
	}
	was := d.doc.root()
	for _, f := range was.Keys {
		i, _ := d.doc.keyIndex(f)
		d.doc.Keys[i].Status, d.doc.Keys[i].Since = status, since
	}
	d.doc.Roles[0] = Role{Name: RoleRoot, Threshold: d.doc.Next.Threshold}
	for _, k := range root {
		if _, listed := d.doc.Key(k.Fingerprint()); !listed {
			d.list(k)
		}
		d.give(RoleRoot, k.Fingerprint())
	}
	return d.commit(threshold, next)
}

// Commit names the next root keys of a first document by their fingerprints.
func (d *Draft) Commit(threshold int, next []key.Fingerprint) {
	d.change(func() error { return d.commit(threshold, next) })
}

func (d *Draft) commit(threshold int, next []key.Fingerprint) error {
	if len(next) == 0 {
		return errors.New("no next root keys to commit to")
	}
	d.doc.Next = Commitment{threshold, slices.Sorted(slices.Values(next))}
	return nil
}

// Endorse vouches for artifacts by their digests.
func (d *Draft) Endorse(digests ...string) {
	d.change(func() error {
		d.doc.Endorsed = slices.Compact(slices.Sorted(slices.Values(append(d.doc.Endorsed, digests...))))
		return nil
	})
}

// Revoke takes an artifact back.
func (d *Draft) Revoke(digest, reason string) {
	d.change(func() error {
		d.doc.Revoked = slices.DeleteFunc(d.doc.Revoked, func(r Revocation) bool { return r.Digest == digest })
		d.doc.Revoked = append(d.doc.Revoked, Revocation{digest, reason})
		slices.SortFunc(d.doc.Revoked, func(a, b Revocation) int { return strings.Compare(a.Digest, b.Digest) })
		return nil
	})
}

// Limit adds a limit to a role.
func (d *Draft) Limit(role sealwax.Role, p pattern.Pattern) {
	d.change(func() error {
		l := Limit{role, p}
		if !slices.Contains(d.doc.Limits, l) {
			d.doc.Limits = append(d.doc.Limits, l)
		}
		slices.SortFunc(d.doc.Limits, compareLimits)
		return nil
	})
}

// Own adds a name space.
func (d *Draft) Own(space string) {
	d.change(func() error {
		d.doc.Spaces = slices.Compact(slices.Sorted(slices.Values(append(d.doc.Spaces, space))))
		return nil
	})
}

// fix gives the draft its text. What breaks a rule is found here, before anybody
// signs.
func (d *Draft) fix() (*link, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.link != nil {
		return d.link, nil
	}
	if err := d.doc.check(); err != nil {
		return nil, broken(d.doc.Sequence, err)
	}
	data, err := d.doc.Marshal()
	if err != nil {
		return nil, broken(d.doc.Sequence, err)
	}
	if err := checkSuccession(d.chain.headLink(), d.doc); err != nil {
		return nil, broken(d.doc.Sequence, err)
	}
	d.link = newLink(d.doc, data)
	return d.link, nil
}

// Sign adds a signature. Signing twice with one key, and a key whose signature the
// document has no use for, are errors that wrap a [*RuleError].
func (d *Draft) Sign(ctx context.Context, by key.Signer) error {
	l, err := d.fix()
	if err != nil {
		return err
	}
	if !needed(d.chain.head(), l.doc)[by.Public().Fingerprint()] { // before a device or a person is asked
		return &RuleError{CodeRole, l.doc.Sequence, fmt.Errorf("%s has no part in it: only root keys and new keys sign documents", by.Public())}
	}
	s := signature{id: by.Public().MinisignID()}
	if k, ok := l.doc.Key(by.Public().Fingerprint()); ok {
		s.id = k.Public.MinisignID() // as the document lists it
	}
	if s.sig, err = key.SignEd25519(ctx, by, l.message()); err != nil {
		return err
	}
	if s.global, err = key.SignEd25519(ctx, by, l.globalMessage(s)); err != nil {
		return err
	}
	return d.add(s)
}

// AddSignature adds a signature that any minisign tool made of the document's
// text, with the trusted comment of [Draft.Comment].
func (d *Draft) AddSignature(minisig []byte) error {
	l, err := d.fix()
	if err != nil {
		return err
	}
	f, err := minisign.Parse(minisig)
	if err != nil {
		return err
	}
	if f.Legacy {
		return errors.New("a legacy signature: sign it hashed (minisign -S -H)")
	}
	if f.Trusted != l.comment() {
		return fmt.Errorf("its trusted comment is %q, and has to be %q", f.Trusted, l.comment())
	}
	return d.add(signature{id: f.KeyID, sig: f.Signature, global: f.Global})
}

// add takes a signature that proves itself.
func (d *Draft) add(s signature) error {
	l := newLink(d.link.doc, d.link.data)
	l.signatures = append(slices.Clone(d.link.signatures), s)
	slices.SortFunc(l.signatures, func(a, b signature) int { return strings.Compare(a.line(), b.line()) })
	if _, err := verifySignatures(d.chain.head(), l); err != nil {
		return broken(l.doc.Sequence, err)
	}
	d.link = l
	return nil
}

// Text is the document's text, for those who sign it with other tools, and
// Comment the trusted comment that they have to give it.
func (d *Draft) Text() ([]byte, error) {
	l, err := d.fix()
	if err != nil {
		return nil, err
	}
	return slices.Clone(l.data), nil
}

// Comment is the trusted comment of every signature of the draft.
func (d *Draft) Comment() (string, error) {
	l, err := d.fix()
	if err != nil {
		return "", err
	}
	return l.comment(), nil
}

// Missing says who still has to sign; nobody if it is complete.
func (d *Draft) Missing() ([]Need, error) {
	l, err := d.fix()
	if err != nil {
		return nil, err
	}
	signed, err := verifySignatures(d.chain.head(), l)
	if err != nil {
		return nil, err
	}
	return missing(d.chain.head(), l.doc, signed), nil
}

// Finish is the chain with the document. It fails as [ParseChain] would.
func (d *Draft) Finish() (*Chain, error) {
	l, err := d.fix()
	if err != nil {
		return nil, err
	}
	if d.chain == nil {
		return (&Chain{}).extend(l)
	}
	return d.chain.extend(l)
}
