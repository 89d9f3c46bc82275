// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// numberedKey is the n-th of a row of keys that anybody can make again.
func numberedKey(n int) (key.Public, error) {
	var seed [ed25519.SeedSize]byte
	binary.BigEndian.PutUint64(seed[:], uint64(n))
	return key.NewEd25519(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
}

func testKey(t testing.TB, n int) key.Public {
	t.Helper()
	p, err := numberedKey(n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func patterns(t testing.TB, texts ...string) []Pattern {
	t.Helper()
	var out []Pattern
	for _, s := range texts {
		p, err := ParsePattern(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

var day = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// testPin is a pin of the n-th key.
func testPin(t testing.TB, name string, n int, texts ...string) Pin {
	t.Helper()
	return Pin{Name: name, Key: testKey(t, n), For: patterns(t, texts...), Role: sealwax.RoleRelease, Added: day}
}

// minisignHint and wasmsigHint are what signatures by the key say of themselves.
func minisignHint(k key.Public) sealwax.Hint {
	id := k.MinisignID()
	return sealwax.Hint{Format: "minisign", KeyID: id[:]}
}

func wasmsigHint(k key.Public) sealwax.Hint {
	return sealwax.Hint{Format: "wasmsig", KeyID: k.WasmsignID()}
}

// keysOf is a Keys of n keys, numbered from 0.
func keysOf(t testing.TB, n int) Keys {
	t.Helper()
	var k Keys
	for i := range n {
		k = append(k, sealwax.Anchor{Key: testKey(t, i), Name: fmt.Sprint(i), Role: sealwax.RoleRelease})
	}
	return k
}

// offered asks and returns the names of those who are offered.
func offered(t testing.TB, by sealwax.Trust, h sealwax.Hint) ([]string, error) {
	t.Helper()
	anchors, err := by.Anchors(t.Context(), h)
	var names []string
	for _, a := range anchors {
		names = append(names, a.Name)
	}
	return names, err
}

func checkOffered(t *testing.T, by sealwax.Trust, h sealwax.Hint, want ...string) {
	t.Helper()
	got, err := offered(t, by, h)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("offered %q, %v; want %q", got, err, want)
	}
}

func TestKeysFew(t *testing.T) {
	k := keysOf(t, 3)
	for _, tt := range []struct {
		name string
		hint sealwax.Hint
		want []string
	}{
		{"no hint", sealwax.Hint{}, []string{"0", "1", "2"}},
		{"minisign id", minisignHint(testKey(t, 2)), []string{"2", "0", "1"}},
		{"wasmsig id", wasmsigHint(testKey(t, 1)), []string{"1", "0", "2"}},
		{"a stranger's id", minisignHint(testKey(t, 99)), []string{"0", "1", "2"}},
		{"an id, whatever the format", sealwax.Hint{Format: "x", KeyID: testKey(t, 2).WasmsignID()}, []string{"2", "0", "1"}},
		{"a part of an id", sealwax.Hint{Format: "wasmsig", KeyID: testKey(t, 2).WasmsignID()[:8]}, []string{"0", "1", "2"}},
	} {
		t.Run(tt.name, func(t *testing.T) { checkOffered(t, k, tt.hint, tt.want...) })
	}
}

func TestKeysOwnID(t *testing.T) {
	k := keysOf(t, 2)
	k[1].Key = k[1].Key.WithID(key.ID{1, 2, 3, 4, 5, 6, 7, 8})
	checkOffered(t, k, sealwax.Hint{Format: "minisign", KeyID: []byte{1, 2, 3, 4, 5, 6, 7, 8}}, "1", "0")
}

func TestKeysMany(t *testing.T) {
	exactly, more := keysOf(t, sealwax.MaxTries), keysOf(t, sealwax.MaxTries+1)
	if got, err := offered(t, exactly, sealwax.Hint{}); len(got) != sealwax.MaxTries || err != nil {
		t.Errorf("%d offered, %v", len(got), err)
	}
	for _, h := range []sealwax.Hint{{}, {Format: "minisign"}, {Format: "wasmsig"}, minisignHint(testKey(t, 999)), wasmsigHint(testKey(t, 999))} {
		if got, err := offered(t, more, h); !isHintUnknown(err) || got != nil {
			t.Errorf("%q offered, %v; want ErrHintUnknown", got, err)
		}
	}
	checkOffered(t, more, minisignHint(testKey(t, 64)), "64")
	checkOffered(t, more, wasmsigHint(testKey(t, 7)), "7")
}

// TestKeysOneID: however many keys go by one id, no more than allowed are tried.
func TestKeysOneID(t *testing.T) {
	k := keysOf(t, 100)
	for i := range k {
		k[i].Key = k[i].Key.WithID(key.ID{})
	}
	h := sealwax.Hint{Format: "minisign", KeyID: bytes.Repeat([]byte{0}, 8)}
	if got, err := offered(t, k, h); len(got) != sealwax.MaxTries || err != nil {
		t.Errorf("%d offered, %v", len(got), err)
	}
}

func TestKeysNobody(t *testing.T) {
	checkOffered(t, Keys(nil), sealwax.Hint{})
	checkOffered(t, Keys{{}, {Name: "keyless"}}, sealwax.Hint{Format: "minisign"})
}
