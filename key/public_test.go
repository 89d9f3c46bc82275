// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"filippo.io/edwards25519"
)

// The key of RFC 8410 section 10, and the names that openssl, ssh-keygen, b2sum
// and an HMAC tool give it.
const (
	rfcSeed        = "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842"
	rfcPublic      = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
	rfcFingerprint = "key:a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f"
	rfcSSH         = "SHA256:ebCT4wkJOqO5AIlHG03cHvn3Cr3ZZEEh8m81duHhR3Q"
	rfcSSHLine     = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlphM3+hUG6wWfcO5bIUIaqMLa2ywxcOK1wMWbh"
	rfcMinisignID  = "13568E3CE4E7CC87" // bytes 87cce7e43c8e5613
	rfcWasmsignID  = "b8ac503d6b5deb5e315fbcdb"
)

// unhex decodes a constant of a test.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rfcKey(t testing.TB) *Secret {
	t.Helper()
	s, err := NewSecret(unhex(t, rfcSeed))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNames(t *testing.T) {
	s := rfcKey(t)
	p := s.Public()
	for _, c := range []struct{ what, got, want string }{
		{"public", hex.EncodeToString(p.Bytes()), rfcPublic},
		{"fingerprint", string(p.Fingerprint()), rfcFingerprint},
		{"OpenSSH fingerprint", p.SSHFingerprint(), rfcSSH},
		{"minisign id", p.MinisignID().String(), rfcMinisignID},
		{"wasmsign id", hex.EncodeToString(p.WasmsignID()), rfcWasmsignID},
		{"algorithm", string(p.Algorithm()), "ed25519"},
		{"string", p.String(), rfcFingerprint},
		{"secret string", s.String(), rfcFingerprint},
	} {
		if c.got != c.want {
			t.Errorf("%s = %s, want %s", c.what, c.got, c.want)
		}
	}
}

func TestNamedBy(t *testing.T) {
	p := rfcKey(t).Public()
	for name, want := range map[string]bool{
		rfcFingerprint:                  true,
		rfcSSH:                          true,
		rfcSSH + "=":                    false,
		strings.ToUpper(rfcFingerprint): false,
		rfcMinisignID:                   false,
		"":                              false,
	} {
		if p.NamedBy(name) != want {
			t.Errorf("NamedBy(%q) = %v", name, !want)
		}
	}
	if (Public{}).NamedBy("") {
		t.Error("the zero key is named by nothing")
	}
}

func TestZeroPublic(t *testing.T) {
	var p Public
	if !p.IsZero() || p.Equal(p) || p.Fingerprint() != "" {
		t.Error("the zero key passes for a key")
	}
	if err := p.Verify(nil, make([]byte, 64)); !errors.Is(err, ErrBadSignature) {
		t.Errorf("Verify = %v", err)
	}
	if err := p.NewStream(make([]byte, 64)).Verify(); !errors.Is(err, ErrBadSignature) {
		t.Errorf("Stream.Verify = %v", err)
	}
	if _, err := new(Secret).Sign(t.Context(), SignRequest{Scheme: SchemeEd25519}); err == nil {
		t.Error("the zero secret signs")
	}
}

func TestNoSecretOfTooFewBytes(t *testing.T) {
	if _, err := Generate(strings.NewReader("thirty-one bytes are too few...")); err == nil {
		t.Error("a key is made of 31 bytes")
	}
	for _, n := range []int{0, 31, 33, 64} {
		if _, err := NewSecret(make([]byte, n)); err == nil {
			t.Errorf("a key is made of a seed of %d bytes", n)
		}
	}
}

func TestParseID(t *testing.T) {
	id, err := ParseID("0102030405060708")
	if err != nil || id != (ID{8, 7, 6, 5, 4, 3, 2, 1}) || id.String() != "0102030405060708" {
		t.Errorf("ParseID = %v, %v", id, err)
	}
	for _, s := range []string{"", "102030405060708", "0x02030405060708", "01020304050607080", "010203040506070g"} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("ParseID(%q) succeeds", s)
		}
	}
}

func TestParseFingerprint(t *testing.T) {
	if f, err := ParseFingerprint(rfcFingerprint); err != nil || f != rfcKey(t).Public().Fingerprint() {
		t.Errorf("ParseFingerprint = %v, %v", f, err)
	}
	for _, s := range []string{"", rfcSSH, rfcFingerprint[4:], strings.ToUpper(rfcFingerprint), rfcFingerprint + "0", "key:" + strings.Repeat("g", 64)} {
		if _, err := ParseFingerprint(s); err == nil {
			t.Errorf("ParseFingerprint(%q) succeeds", s)
		}
	}
}

// smallOrderPoints are all encodings, canonical and not, of the eight points of
// small order.
var smallOrderPoints = []string{
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
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

func TestWeakKeys(t *testing.T) {
	for _, h := range smallOrderPoints {
		raw := unhex(t, h)
		if _, err := NewEd25519(raw); !errors.Is(err, ErrWeakKey) {
			t.Errorf("NewEd25519(%s) = %v", h, err)
		}
		line := base64.StdEncoding.EncodeToString(append([]byte("Ed12345678"), raw...))
		if _, err := ParsePublic([]byte(line)); !errors.Is(err, ErrWeakKey) {
			t.Errorf("ParsePublic(%s) = %v", line, err)
		}
	}
	for _, n := range []int{0, 31, 33} {
		if _, err := NewEd25519(make([]byte, n)); !errors.Is(err, ErrWeakKey) {
			t.Errorf("NewEd25519 of %d bytes = %v", n, err)
		}
	}
	offCurve := make([]byte, 32)
	offCurve[0] = 2
	if _, err := NewEd25519(offCurve); !errors.Is(err, ErrWeakKey) {
		t.Errorf("NewEd25519 off the curve = %v", err)
	}
}

// TestNonCanonicalKeys takes the encodings y+p of y < 19: among them are points of
// large order, which only the check of the encoding refuses.
func TestNonCanonicalKeys(t *testing.T) {
	large := 0
	for y := range 19 {
		raw := unhex(t, "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")
		raw[0] += byte(y)
		if _, err := NewEd25519(raw); !errors.Is(err, ErrWeakKey) {
			t.Errorf("NewEd25519(%x) = %v", raw, err)
		}
		if p, err := new(edwards25519.Point).SetBytes(raw); err == nil && !smallOrder(p) {
			large++
		}
	}
	if large == 0 {
		t.Error("no such point of large order: this test shows nothing")
	}
}
