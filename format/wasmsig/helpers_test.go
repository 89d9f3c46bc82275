// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// memory is content in memory.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func artifact(t testing.TB, b []byte, companions ...sealwax.Companion) *sealwax.Artifact {
	t.Helper()
	list := func(context.Context) ([]sealwax.Companion, error) { return companions, nil }
	a, err := sealwax.NewArtifact("m.wasm", memory{bytes.NewReader(b)}, list)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// trusted is a Trust that offers all its keys for every hint.
type trusted []key.Public

func (tr trusted) Anchors(context.Context, sealwax.Hint) ([]sealwax.Anchor, error) {
	var out []sealwax.Anchor
	for _, k := range tr {
		out = append(out, sealwax.Anchor{Key: k, Role: sealwax.RoleRelease, Origin: "test"})
	}
	return out, nil
}

var testNow = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// verify sends b through the one road.
func verify(t testing.TB, b []byte, p *sealwax.Policy, companions []sealwax.Companion, keys ...key.Public) (*sealwax.Report, error) {
	t.Helper()
	v := &sealwax.Verifier{Formats: []sealwax.Format{Format{}}, Trust: trusted(keys), Now: func() time.Time { return testNow }}
	r, err := v.Verify(context.Background(), artifact(t, b, companions...), p)
	if denied := (*sealwax.DeniedError)(nil); err != nil && !errors.As(err, &denied) {
		t.Fatalf("undecided: %v", err)
	}
	return r, err
}

func anyOf(n int) *sealwax.Policy { return sealwax.AnyOf(n, sealwax.RoleRelease) }

func allows(t testing.TB, b []byte, keys ...key.Public) {
	t.Helper()
	if r, err := verify(t, b, anyOf(1), nil, keys...); err != nil {
		t.Errorf("refused: %v\n%+v", err, r.Findings)
	}
}

func denies(t testing.TB, b []byte, code sealwax.Code, keys ...key.Public) {
	t.Helper()
	r, err := verify(t, b, anyOf(1), nil, keys...)
	if err == nil {
		t.Error("allowed")
	} else if !r.Has(code) {
		t.Errorf("no finding %s: %+v", code, r.Findings)
	}
}

func beside1(sig []byte) []sealwax.Companion {
	return []sealwax.Companion{{Name: "m.wasm.wasmsig", Data: sig}}
}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// public is a vector's public key: one byte, and the key.
func public(t testing.TB, name string) key.Public {
	t.Helper()
	k, err := key.NewEd25519(vector(t, name+".pk")[1:])
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// secret is a key made from a seed, so that tests are the same each time.
func secret(t testing.TB, seed byte) *key.Secret {
	t.Helper()
	s, err := key.NewSecret(bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func embed(t testing.TB, b []byte, by key.Signer, o sealwax.SignOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := (Format{}).Embed(context.Background(), artifact(t, b), &out, by, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func detachedSig(t testing.TB, b []byte, by key.Signer) []byte {
	t.Helper()
	sig, err := Format{}.Make(context.Background(), artifact(t, b), by, sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return sig
}
