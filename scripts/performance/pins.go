// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

// pins: the same decision with one pin, and with many and many publishers.
func (b *bench) pins() error {
	for name, size := range map[string][2]int{"pins-few": {0, 0}, "pins-many": {b.size.pins, b.size.pins / 10}} {
		if err := b.people(name, size[0], size[1]); err != nil {
			return err
		}
	}
	pinned := func(store string) command {
		return command{"env", "SEALWAX_CONFIG_DIR=" + b.path(store), "SEALWAX_STATE_DIR=" + b.path(store+"-state"), b.sealwax, "verify", "small"}
	}
	if err := b.run(pinned("pins-many")[0], pinned("pins-many")[1:]...); err != nil { // which makes the index
		return err
	}
	what := fmt.Sprintf("verify a small file by one of %d pins and %d publishers", b.size.pins, b.size.pins/10)
	if err := b.compare(what, b.size.fast, pinned("pins-many"), pinned("pins-few"), "by the only pin", 0); err != nil {
		return err
	}
	last := b.rows[len(b.rows)-1]
	more := ms(last.a.wall) - ms(last.b.wall)
	b.notes = append(b.notes, fmt.Sprintf("%d pins and %d publishers cost %.2f ms more than one pin (budget 2 ms: %s)", b.size.pins, b.size.pins/10, more, verdict(more < 2)))
	return nil
}

// people makes a configuration: the pin of me.pub, and others.
func (b *bench) people(name string, keys, publishers int) error {
	dir := filepath.Join(b.path(name), "pins")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	data, err := os.ReadFile(b.path("me.pub"))
	if err != nil {
		return err
	}
	me, err := key.ParsePublic(data)
	if err != nil {
		return err
	}
	if err := writePin(dir, trust.Pin{Name: "me", Key: me.Keys[0].Public}, nil); err != nil {
		return err
	}
	for i := range keys {
		if err := writePin(dir, trust.Pin{Name: fmt.Sprintf("key-%d", i), Key: secret(i).Public()}, nil); err != nil {
			return err
		}
	}
	for i := range publishers {
		chain, err := newPublisher(1_000_000 + 10*i)
		if err != nil {
			return err
		}
		p := trust.Pin{Name: fmt.Sprintf("publisher-%d", i), Publisher: chain.ID(), Head: chain.HeadDigest()}
		if err := writePin(dir, p, chain.Marshal()); err != nil {
			return err
		}
	}
	return nil
}

// then is when all of it was decided.
func then() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func writePin(dir string, p trust.Pin, chain []byte) error {
	all, err := trust.ParsePattern("*")
	if err != nil {
		return err
	}
	p.For, p.Role, p.Added = []trust.Pattern{all}, sealwax.RoleRelease, then()
	text, err := p.Marshal()
	if err != nil {
		return err
	}
	if chain != nil {
		if err := os.WriteFile(filepath.Join(dir, p.Name+".publisher"), chain, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, p.Name+".pin"), text, 0o600)
}

// secret is the nth key of this program: anybody can make it.
func secret(n int) *key.Secret {
	seed := sha256.Sum256(fmt.Appendf(nil, "performance %d", n))
	s, err := key.NewSecret(seed[:])
	if err != nil {
		panic(err) // a seed is as long as a seed is
	}
	return s
}

// newPublisher has a root, a release and a next key.
func newPublisher(n int) (*publisher.Chain, error) {
	d := publisher.Begin(fmt.Sprintf("publisher-%d", n), then(), then().AddDate(10, 0, 0))
	d.AddKey(publisher.RoleRoot, secret(n).Public())
	d.AddKey(sealwax.RoleRelease, secret(n+1).Public())
	d.Commit(1, []key.Fingerprint{secret(n + 2).Public().Fingerprint()})
	for _, s := range []*key.Secret{secret(n), secret(n + 1)} {
		if err := d.Sign(context.Background(), s); err != nil {
			return nil, err
		}
	}
	return d.Finish()
}
