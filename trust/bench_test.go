// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealwax/sealwax"
)

// peopled is a configuration with many pins: of keys, numbered from 0, and of
// publishers, whose release keys are numbered from 1,000,000 in tens. Its index is
// made if it is one that gets an index.
func peopled(b *testing.B, keys, publishers int) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "config")
	pins := filepath.Join(dir, "pins")
	if err := os.MkdirAll(pins, 0o700); err != nil {
		b.Fatal(err)
	}
	write := func(p Pin, chain []byte) {
		text, err := p.Marshal()
		if err == nil {
			err = os.WriteFile(filepath.Join(pins, p.Name+pinExt), text, 0o600)
		}
		if err == nil && chain != nil {
			err = os.WriteFile(filepath.Join(pins, p.Name+chainExt), chain, 0o600)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	for i := range keys {
		write(testPin(b, fmt.Sprintf("key%d", i), i, "*"), nil)
	}
	for i := range publishers {
		n := 1_000_000 + 10*i
		m := publisherOf(fmt.Sprintf("publisher%d", i), n+1, n, n+2, n+3)
		p := acmePin(sealwax.RoleRelease, "*")
		p.Name, p.Publisher, p.Head = m.doc.Name, m.chain().ID(), m.chain().HeadDigest()
		write(p, m.text())
	}
	if _, err := openStore(dir).NamesOf(b.Context(), string(mustKey(0).Fingerprint())); err != nil {
		b.Fatal(err)
	}
	_, _ = openStore(dir).For("x", sealwax.RoleRelease).Anchors(b.Context(), sealwax.Hint{})
	return dir
}

// BenchmarkGuard is what a decision about a key that was given asks the store.
func BenchmarkGuard(b *testing.B) {
	for _, keys := range []int{1, 10_000} {
		dir := peopled(b, keys, max(1, keys/10))
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			given := Keys{{Key: testKey(b, 5_000_000), Role: sealwax.RoleRelease}}
			for b.Loop() {
				if got, err := openStore(dir).Guard(given).Anchors(b.Context(), sealwax.Hint{}); err != nil || len(got) != 1 {
					b.Fatal(got, err)
				}
			}
		})
	}
}

// BenchmarkDecision is what a decision asks the store, in a new process each time:
// whom a signature could be by, and which artifacts are blocked.
func BenchmarkDecision(b *testing.B) {
	const stranger = 5_000_000
	for _, size := range []struct {
		name             string
		keys, publishers int
	}{{"1", 1, 1}, {"10000+1000", 10_000, 1_000}} {
		dir := peopled(b, size.keys, size.publishers)
		for _, ask := range []struct {
			name string
			n    int
		}{{"key", 0}, {"publisher", 1_000_000}, {"wrong", stranger}} {
			hint := wasmsigHint(testKey(b, ask.n))
			b.Run(size.name+"/"+ask.name, func(b *testing.B) {
				for b.Loop() {
					s := openStore(dir)
					_, voidErr := s.Void(b.Context())
					got, err := s.For("x", sealwax.RoleRelease).Anchors(b.Context(), hint)
					switch {
					case ask.n == stranger && size.keys > MaxTried:
						if !errors.Is(err, sealwax.ErrHintUnknown) {
							b.Fatal(got, err)
						}
					case err != nil || voidErr != nil || len(got) == 0 || got[0].Key.GoesBy(hint.KeyID) != (ask.n != stranger):
						b.Fatal(got, err, voidErr)
					}
				}
			})
		}
	}
}
