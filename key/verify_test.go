// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"filippo.io/edwards25519"
)

// bothVerify asks Verify and Stream, which must agree with one another, and with
// the standard library on every signature whose R is not of small order.
func bothVerify(t testing.TB, p Public, message, sig []byte) error {
	t.Helper()
	err := p.Verify(message, sig)
	s := p.NewStream(sig)
	for chunk := range slices.Chunk(message, 7) {
		if n, err := s.Write(chunk); n != len(chunk) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	streamErr := s.Verify()
	if (err == nil) != (streamErr == nil) {
		t.Fatalf("Verify says %v, Stream says %v", err, streamErr)
	}
	if want := len(sig) == SignatureSize && ed25519.Verify(p.Bytes(), message, sig) && !smallR(sig); want != (err == nil) {
		t.Fatalf("Verify says %v, the standard library and the rule on R say %v", err, want)
	}
	for _, e := range []error{err, streamErr} {
		if e != nil && !errors.Is(e, ErrBadSignature) {
			t.Fatalf("%v does not wrap ErrBadSignature", e)
		}
	}
	return err
}

// smallR compares R with the list, which has every encoding.
func smallR(sig []byte) bool {
	return slices.Contains(smallOrderPoints, fmt.Sprintf("%x", sig[:32]))
}

func sign(t testing.TB, s Signer, message []byte) []byte {
	t.Helper()
	sig, err := s.Sign(t.Context(), SignRequest{Scheme: SchemeEd25519, Message: message})
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func TestVerify(t *testing.T) {
	s := rfcKey(t)
	for _, n := range []int{0, 1, 64, 1000} {
		message := bytes.Repeat([]byte{'m'}, n)
		sig := sign(t, s, message)
		if err := bothVerify(t, s.Public(), message, sig); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		if err := bothVerify(t, s.Public(), append(message, 0), sig); err == nil {
			t.Errorf("%d bytes: a longer message passes", n)
		}
	}
}

func TestVerifyEveryBit(t *testing.T) {
	s := rfcKey(t)
	message := []byte("message")
	sig := sign(t, s, message)
	for i := range 8 * len(sig) {
		bad := bytes.Clone(sig)
		bad[i/8] ^= 1 << (i % 8)
		if bothVerify(t, s.Public(), message, bad) == nil {
			t.Errorf("bit %d flipped: passes", i)
		}
	}
	for _, n := range []int{0, 63} {
		if bothVerify(t, s.Public(), message, sig[:n]) == nil {
			t.Errorf("%d bytes pass", n)
		}
	}
	if bothVerify(t, s.Public(), message, append(sig, 0)) == nil {
		t.Error("65 bytes pass")
	}
}

// TestVerifyCanonicalS adds the group's order to S: the equation still holds.
func TestVerifyCanonicalS(t *testing.T) {
	s := rfcKey(t)
	message := []byte("message")
	sig := sign(t, s, message)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	le := bytes.Clone(sig[32:])
	slices.Reverse(le)
	sum := new(big.Int).Add(new(big.Int).SetBytes(le), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	if bothVerify(t, s.Public(), message, slices.Concat(sig[:32], sum)) == nil {
		t.Error("S + L passes")
	}
}

// TestVerifySmallOrderR makes the signatures that a signer with a broken nonce of
// zero would make: the standard library takes them.
func TestVerifySmallOrderR(t *testing.T) {
	s := rfcKey(t)
	message := []byte("message")
	h := sha512.Sum512(s.Seed())
	a, err := edwards25519.NewScalar().SetBytesWithClamping(h[:32])
	if err != nil {
		t.Fatal(err)
	}
	r := unhex(t, smallOrderPoints[0])
	d := sha512.Sum512(slices.Concat(r, s.Public().Bytes(), message))
	k, err := edwards25519.NewScalar().SetUniformBytes(d[:])
	if err != nil {
		t.Fatal(err)
	}
	sig := append(r, edwards25519.NewScalar().Multiply(k, a).Bytes()...)
	if !ed25519.Verify(s.Public().Bytes(), message, sig) {
		t.Fatal("the standard library refuses it: this test shows nothing")
	}
	if bothVerify(t, s.Public(), message, sig) == nil {
		t.Error("R of small order passes")
	}
}

func TestSchemes(t *testing.T) {
	s := rfcKey(t)
	for _, r := range []SignRequest{
		{Message: []byte("m")},
		{Scheme: "ed25519ph", Message: []byte("m")},
		{Scheme: SchemeEd25519, Digest: []byte("d")},
	} {
		if _, err := s.Sign(t.Context(), r); !errors.Is(err, ErrScheme) {
			t.Errorf("Sign(%+v) = %v", r, err)
		}
	}
}

func TestSecretNeverPrints(t *testing.T) {
	s := rfcKey(t)
	for _, f := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for _, v := range []any{s, *s, []*Secret{s}} {
			if got := fmt.Sprintf(f, v); bytes.Contains([]byte(got), []byte(rfcSeed[:16])) || bytes.Contains([]byte(got), []byte("212 238 114")) {
				t.Errorf("%s of %T shows the secret: %s", f, v, got)
			}
		}
	}
}

func FuzzStreamAgrees(f *testing.F) {
	s, err := NewSecret(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(nil), []byte("m"), []byte(s.pub.raw), ed25519.Sign(s.priv, []byte("m")))
	for _, h := range smallOrderPoints {
		p := unhex(f, h)
		f.Add(p, []byte("m"), []byte(s.pub.raw), append(p, make([]byte, 32)...))
	}
	f.Fuzz(func(t *testing.T, seed, message, raw, sig []byte) {
		p, err := NewEd25519(raw)
		if err == nil {
			_ = bothVerify(t, p, message, sig)
		}
		if len(seed) != 32 {
			return
		}
		s, err := NewSecret(seed)
		if err != nil {
			t.Fatal(err)
		}
		if err := bothVerify(t, s.Public(), message, sign(t, s, message)); err != nil {
			t.Fatal(err)
		}
	})
}
