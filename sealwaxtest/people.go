// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwaxtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// Key is the nth test key: the same in every run, and different for each n.
// It is no secret.
func Key(n int) *key.Secret {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("sealwax test key "), uint64(n)))
	s, err := key.NewSecret(seed[:])
	if err != nil {
		panic(err) // a seed of 32 bytes is a key
	}
	return s
}

// Anchor is a key trusted in a role under a name.
func Anchor(name string, k key.Public, role sealwax.Role) sealwax.Anchor {
	return sealwax.Anchor{Key: k, Name: name, Role: role, Origin: "test " + name}
}

// Trust is a list of people, all of whom it offers for every hint, in order.
// The nil Trust knows nobody.
type Trust []sealwax.Anchor

var _ sealwax.Trust = Trust(nil)

// Anchors offers everybody.
func (t Trust) Anchors(context.Context, sealwax.Hint) ([]sealwax.Anchor, error) {
	return t, nil
}

// Trusting is a Trust of nameless keys in one role.
func Trusting(role sealwax.Role, keys ...key.Public) Trust {
	var t Trust
	for i, k := range keys {
		t = append(t, Anchor(fmt.Sprintf("key %d", i+1), k, role))
	}
	return t
}

// Publisher is somebody who signs, in as many formats as they know.
type Publisher struct {
	Name    string
	Key     key.Signer
	Role    sealwax.Role
	Formats []sealwax.Format
}

// NewPublisher is a publisher with [Key] n in the role release.
func NewPublisher(name string, n int, formats ...sealwax.Format) *Publisher {
	return &Publisher{Name: name, Key: Key(n), Role: sealwax.RoleRelease, Formats: formats}
}

// Anchor is how somebody who trusts the publisher knows them.
func (p *Publisher) Anchor() sealwax.Anchor { return Anchor(p.Name, p.Key.Public(), p.Role) }

// Trust is the trust of somebody who knows this publisher and nobody else.
func (p *Publisher) Trust() Trust { return Trust{p.Anchor()} }

// Sign makes one detached signature in every format of the publisher that is a
// [sealwax.Maker]. The companions are called NAME.PUBLISHER.FORMAT. A format
// that cannot sign this artifact adds to the error, and the others' signatures
// are returned all the same.
func (p *Publisher) Sign(ctx context.Context, a *sealwax.Artifact, o sealwax.SignOptions) ([]sealwax.Companion, error) {
	var made []sealwax.Companion
	var failed []error
	for _, f := range p.Formats {
		m, ok := f.(sealwax.Maker)
		if !ok {
			continue
		}
		sig, err := p.make(ctx, m, a, o)
		if err != nil {
			failed = append(failed, fmt.Errorf("signing %s in the format %s: %w", a.Name(), f.Name(), err))
			continue
		}
		made = append(made, sealwax.Companion{Name: a.Name() + "." + p.Name + "." + f.Name(), Data: sig})
	}
	return made, errors.Join(failed...)
}

// make gives each format an artifact of its own: each plans its own read.
func (p *Publisher) make(ctx context.Context, m sealwax.Maker, a *sealwax.Artifact, o sealwax.SignOptions) ([]byte, error) {
	fresh, err := sealwax.NewArtifact(a.Name(), a.Content(), nil)
	if err != nil {
		return nil, err
	}
	return m.Make(ctx, fresh, p.Key, o)
}

// Embed writes one signature into the artifact in the first format of the
// publisher whose signatures can be inside it, and returns the new content.
func (p *Publisher) Embed(ctx context.Context, a *sealwax.Artifact, o sealwax.SignOptions) ([]byte, error) {
	for _, f := range p.Formats {
		e, ok := f.(sealwax.Embedder)
		if !ok || !e.Holds(a) {
			continue
		}
		var out bytes.Buffer
		err := e.Embed(ctx, a, &out, p.Key, o)
		return out.Bytes(), err
	}
	return nil, errors.New("no format of the publisher embeds signatures")
}
