// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/trust/publisher"
)

// The numbers of acme's keys.
const (
	acmeRoot = 900 + iota
	acmeRelease
	acmeSecond
	acmeNative
	acmeNext
	acmeAfter
	acmeOther
)

// maker makes the chain of a publisher, document by document, with keys that
// anybody can make again. What is wrong with it is a bug of a test.
type maker struct {
	doc   publisher.Document
	links []string
}

func mustKey(n int) key.Public {
	k, err := numberedKey(n)
	if err != nil {
		panic(err)
	}
	return k
}

func mustPattern(s string) Pattern {
	p, err := ParsePattern(s)
	if err != nil {
		panic(err)
	}
	return p
}

func prints(ns ...int) []key.Fingerprint {
	var out []key.Fingerprint
	for _, n := range ns {
		out = append(out, mustKey(n).Fingerprint())
	}
	slices.Sort(out)
	return out
}

// acme is a publisher with one root key, one release key and one native key.
func acme() *maker { return publisherOf("acme", acmeRoot, acmeRelease, acmeNative, acmeNext) }

func publisherOf(name string, root, release, native, next int) *maker {
	m := &maker{doc: publisher.Document{
		Name: name, Previous: "none", Change: publisher.Ordinary, Issued: day, Stale: day.AddDate(1, 0, 0), Spaces: []string{name},
		Roles: []publisher.Role{
			{Name: publisher.RoleRoot, Threshold: 1, Keys: prints(root)},
			{Name: sealwax.RoleNative, Threshold: 1, Keys: prints(native)},
			{Name: sealwax.RoleRelease, Threshold: 1, Keys: prints(release)},
		},
		Next: publisher.Commitment{Threshold: 1, Keys: prints(next)},
	}}
	m.list(root, release, native)
	return m.sign(root, release, native)
}

// list adds keys that are active.
func (m *maker) list(ns ...int) {
	for _, n := range ns {
		m.doc.Keys = append(m.doc.Keys, publisher.Key{Public: mustKey(n), Status: publisher.Active})
	}
	slices.SortFunc(m.doc.Keys, func(a, b publisher.Key) int {
		return cmp.Compare(a.Public.Fingerprint(), b.Public.Fingerprint())
	})
}

// role gives a role to keys.
func (m *maker) role(name sealwax.Role, threshold int, ns ...int) {
	i := slices.IndexFunc(m.doc.Roles, func(r publisher.Role) bool { return r.Name == name })
	m.doc.Roles[i] = publisher.Role{Name: name, Threshold: threshold, Keys: prints(ns...)}
}

// end makes a key end, and takes it out of every role.
func (m *maker) end(n int, status publisher.Status) {
	f := mustKey(n).Fingerprint()
	for i := range m.doc.Keys {
		if m.doc.Keys[i].Public.Fingerprint() == f {
			m.doc.Keys[i].Status, m.doc.Keys[i].Since = status, publisher.SinceTime(day)
		}
	}
	for i, r := range m.doc.Roles {
		m.doc.Roles[i].Keys = slices.DeleteFunc(slices.Clone(r.Keys), func(k key.Fingerprint) bool { return k == f })
	}
	m.doc.Roles = slices.DeleteFunc(m.doc.Roles, func(r publisher.Role) bool { return len(r.Keys) == 0 })
}

// then is the next document: change it, and sign it.
func (m *maker) then(change func(*maker), by ...int) *maker {
	next := &maker{links: slices.Clone(m.links), doc: m.doc}
	next.doc.Keys, next.doc.Roles = slices.Clone(m.doc.Keys), slices.Clone(m.doc.Roles)
	text, err := m.doc.Marshal()
	if err != nil {
		panic(err)
	}
	next.doc.Sequence++
	next.doc.Previous, next.doc.Change = publisher.Digest(text), publisher.Ordinary
	next.doc.Issued = m.doc.Issued.Add(time.Hour)
	next.doc.Revoked, next.doc.Endorsed = nil, nil
	change(next)
	return next.sign(by...)
}

// recover replaces the root key by the next one, alone.
func (m *maker) recover() *maker {
	return m.then(func(m *maker) {
		m.doc.Change = publisher.Recovery
		m.end(acmeRoot, publisher.Compromised)
		m.list(acmeNext)
		m.doc.Roles = slices.Insert(m.doc.Roles, 0, publisher.Role{Name: publisher.RoleRoot, Threshold: 1, Keys: prints(acmeNext)})
		m.doc.Next.Keys = prints(acmeAfter)
	}, acmeNext)
}

// renewed is another document that changes nothing but its date.
func (m *maker) renewed(days int) *maker {
	return m.then(func(m *maker) { m.doc.Stale = m.doc.Stale.AddDate(0, 0, days) }, acmeRoot)
}

func (m *maker) sign(by ...int) *maker {
	text, err := m.doc.Marshal()
	if err != nil {
		panic(err)
	}
	sum := blake2b.Sum512(text)
	comment := fmt.Sprintf("publisher/v1 %s %d %s", m.doc.Name, m.doc.Sequence, publisher.Digest(text))
	var lines []string
	for _, n := range by {
		var seed [ed25519.SeedSize]byte
		binary.BigEndian.PutUint64(seed[:], uint64(n))
		secret, id := ed25519.NewKeyFromSeed(seed[:]), mustKey(n).MinisignID()
		sig := ed25519.Sign(secret, sum[:])
		global := ed25519.Sign(secret, append(slices.Clone(sig), comment...))
		enc := base64.StdEncoding.EncodeToString
		lines = append(lines, fmt.Sprintf("signature: %s %s\n", enc(slices.Concat([]byte("ED"), id[:], sig)), enc(global)))
	}
	slices.Sort(lines)
	m.links = append(m.links, string(text)+"\n"+strings.Join(lines, ""))
	return m
}

func (m *maker) text() []byte { return []byte(strings.Join(m.links, "\n")) }

func (m *maker) chain() *publisher.Chain {
	c, err := publisher.ParseChain(m.text())
	if err != nil {
		panic(err)
	}
	return c
}

// acmePin is a pin of a publisher that AddPublisher completes.
func acmePin(role sealwax.Role, texts ...string) Pin {
	p := Pin{Name: "acme", Role: role, Added: day}
	for _, s := range texts {
		p.For = append(p.For, mustPattern(s))
	}
	return p
}

func pinning(m *maker) change {
	return func(ctx context.Context, s *Store) error {
		return s.AddPublisher(ctx, acmePin(sealwax.RoleRelease, "*"), m.chain())
	}
}

func advancing(m *maker) change {
	return func(ctx context.Context, s *Store) error {
		_, err := s.Advance(ctx, "acme", m.chain())
		return err
	}
}

// evidenced is an Advance that must fail as a fork, and writes evidence.
func evidenced(m *maker) change {
	return func(ctx context.Context, s *Store) error {
		_, err := s.Advance(ctx, "acme", m.chain())
		if codeOf(err) != sealwax.CodePublisherFork {
			return fmt.Errorf("no fork: %w", err)
		}
		return nil
	}
}

func publisherOperations() []operation {
	one := acme()
	two := one.renewed(1)
	remove := func(ctx context.Context, s *Store) error { return s.Remove(ctx, "acme") }
	return []operation{
		{"pin a publisher", []change{adding("other", 1)}, pinning(one), 12},
		{"remove a publisher", []change{pinning(one), advancing(two), recording}, remove, 9},
		{"pin again", []change{pinning(one), advancing(two), leftover}, pinning(one), 12},
		{"advance", []change{pinning(one)}, advancing(two), 6},
		{"advance again", []change{pinning(one), advancing(two)}, advancing(two.renewed(1)), 6},
		{"recover", []change{pinning(one), advancing(two)}, advancing(one.recover()), 6},
		{"fork", []change{pinning(one), advancing(two)}, evidenced(one.renewed(2)), 15},
	}
}

// leftover is a removal that was cut off behind its first step.
func leftover(_ context.Context, s *Store) error { return s.pins.remove("acme", pinExt) }

func operations() ([]operation, error) { return append(keyOperations(), publisherOperations()...), nil }
