// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package crosscheck

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// smallOrder are the points of small order in all their encodings, canonical
// and not: RFC 8032 decoding gives the first eight.
var smallOrder = []string{
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

func point(t testing.TB, h string) []byte {
	t.Helper()
	b, err := hex.DecodeString(h)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSmallOrderKeys(t *testing.T) {
	for _, h := range smallOrder {
		if _, err := key.NewEd25519(point(t, h)); !errors.Is(err, key.ErrWeakKey) {
			t.Errorf("%s: %v", h, err)
		}
	}
}

// agree is the rule: what we accept the standard library accepts. What it
// accepts we accept, save an R of small order.
func agree(t testing.TB, raw, message, sig []byte) {
	t.Helper()
	k, err := key.NewEd25519(raw)
	if err != nil {
		return
	}
	std := ed25519.Verify(raw, message, sig)
	we := k.Verify(message, sig) == nil
	stream := k.NewStream(sig)
	if _, err := stream.Write(message); err != nil {
		t.Fatal(err)
	}
	if (stream.Verify() == nil) != we {
		t.Errorf("streamed it is %v, in one piece %v", !we, we)
	}
	if we && !std {
		t.Errorf("we accept and the standard library refuses: key %x message %x sig %x", raw, message, sig)
	}
	if std && !we && !smallR(t, sig) {
		t.Errorf("the standard library accepts and we refuse: key %x message %x sig %x", raw, message, sig)
	}
}

func smallR(t testing.TB, sig []byte) bool {
	t.Helper()
	for _, h := range smallOrder {
		if bytes.Equal(sig[:32], point(t, h)) {
			return true
		}
	}
	return false
}

func FuzzEd25519(f *testing.F) {
	s := sealwaxtest.Key(1)
	raw := s.Public().Bytes()
	good := ed25519.Sign(ed25519.NewKeyFromSeed(s.Seed()), []byte("m"))
	f.Add(raw, []byte("m"), good)
	for _, h := range smallOrder {
		f.Add(raw, []byte("m"), append(point(f, h), good[32:]...))
		f.Add(point(f, h), []byte("m"), append(point(f, h), make([]byte, 32)...))
	}
	f.Fuzz(func(t *testing.T, raw, message, sig []byte) {
		if len(raw) != ed25519.PublicKeySize || len(sig) != ed25519.SignatureSize {
			return
		}
		agree(t, raw, message, sig)
	})
}

// FuzzEd25519Signed changes sound signatures by one byte.
func FuzzEd25519Signed(f *testing.F) {
	f.Add(1, []byte("m"), byte(0), byte(0))
	f.Add(2, []byte(nil), byte(63), byte(0x80))
	f.Fuzz(func(t *testing.T, n int, message []byte, at, with byte) {
		s := sealwaxtest.Key(n)
		sig := ed25519.Sign(ed25519.NewKeyFromSeed(s.Seed()), message)
		agree(t, s.Public().Bytes(), message, sig)
		sig[int(at)%len(sig)] ^= with
		agree(t, s.Public().Bytes(), message, sig)
	})
}
