// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwax/sealwax/internal/peers"
)

// TestMarshalSecret reads back what is written, in every form.
func TestMarshalSecret(t *testing.T) {
	plainKey := rfcKey(t)
	s := plainKey.WithID(ID{1, 2, 3, 4, 5, 6, 7, 8})
	plain, err := MarshalMinisignSecret(s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := MarshalMinisignSecret(s, []byte("pw"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		data   []byte
		pass   PassphraseFunc
		want   *Secret
		header string
	}{
		{"minisign", plain, noPassword(t), s, "untrusted comment: minisign unencrypted secret key\nRWQAAEIyAAAAAAAAAAAAAAAA"},
		{"minisign, password", encrypted, password("pw"), s, "untrusted comment: minisign encrypted secret key\nRWRTY0Iy"},
		{"wasmsign2", MarshalWasmsignSecret(s), noPassword(t), plainKey, "\x81"},
		{"PEM", MarshalSecretPEM(s), noPassword(t), plainKey, string(readTestdata(t, "pkcs8/v1.pem"))},
	} {
		got, err := ParseSecret(t.Context(), c.data, c.pass)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !bytes.Equal(got.Seed(), c.want.Seed()) || got.Public() != c.want.Public() {
			t.Errorf("%s: another key", c.name)
		}
		if !strings.HasPrefix(string(c.data), c.header) {
			t.Errorf("%s: begins %.80q, want %q", c.name, c.data, c.header)
		}
	}
	if _, err := ParseSecret(t.Context(), encrypted, password("px")); !errors.Is(err, ErrWrongPassword) {
		t.Errorf("wrong password: %v", err)
	}
}

// TestMarshalClean holds to the form of keys without a password that every tool
// reads: no password header at all, and a checksum.
func TestMarshalClean(t *testing.T) {
	raw, err := rawSecret(rfcKey(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw[:boxStart], append([]byte("Ed\x00\x00B2"), make([]byte, 48)...)) || !checksumValid(raw[boxStart:]) {
		t.Errorf("header %x, checksum valid %v", raw[:boxStart], checksumValid(raw[boxStart:]))
	}
}

func TestMarshalPublic(t *testing.T) {
	plain := rfcKey(t).Public()
	p := plain.WithID(ID{1, 2, 3, 4, 5, 6, 7, 8})
	pub, err := MarshalMinisignPublic(p, "")
	if err != nil {
		t.Fatal(err)
	}
	commented, err := MarshalMinisignPublic(p, "für dich")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		data []byte
		want ListedKey
	}{
		{pub, ListedKey{p, "minisign public key 0807060504030201", 2, CarrierMinisign}},
		{commented, ListedKey{p, "für dich", 2, CarrierMinisign}},
		{[]byte(p.MinisignLine()), ListedKey{p, "", 1, CarrierMinisignLine}},
		{MarshalWasmsignPublic(p), ListedKey{plain, "", 0, CarrierWasmsign}},
		{MarshalPublicPEM(p), ListedKey{plain, "", 1, CarrierPEM}},
		{MarshalSSHPublic(p), ListedKey{p, "minisign key 0807060504030201", 1, CarrierSSH}},
	} {
		got, err := ParsePublic(c.data)
		if err != nil || len(got.Keys) != 1 || got.Keys[0] != c.want {
			t.Errorf("%s: %v, %v", c.want.Carrier, got, err)
		}
	}
	if got := MarshalPublicPEM(p); !bytes.Equal(got, readTestdata(t, "pkcs8/public.pem")) {
		t.Errorf("PEM = %s", got)
	}
	if got := string(MarshalSSHPublic(plain)); got != rfcSSHLine+" minisign key "+rfcMinisignID+"\n" {
		t.Errorf("OpenSSH = %s", got)
	}
}

func TestMarshalRefusals(t *testing.T) {
	p := rfcKey(t).Public()
	for _, comment := range []string{"a\nb", "a\rb", "a\x00b", "\x1b[1m", "\xff", "\u202e", strings.Repeat("x", 1004)} {
		if _, err := MarshalMinisignPublic(p, comment); err == nil {
			t.Errorf("comment %.20q: written", comment)
		}
	}
	if _, err := MarshalMinisignPublic(p, strings.Repeat("x", 1003)); err != nil {
		t.Error(err)
	}
	if _, err := MarshalMinisignPublic(Public{}, ""); err == nil {
		t.Error("the zero key is written")
	}
	for _, pw := range []string{"a\nb", "a\r", "\x00", strings.Repeat("x", 1024)} {
		if b, err := MarshalMinisignSecret(rfcKey(t), []byte(pw), rand.Reader); err == nil || b != nil {
			t.Errorf("password %.20q: written", pw)
		}
	}
	if _, err := MarshalMinisignSecret(rfcKey(t), []byte("pw"), strings.NewReader("short")); err == nil {
		t.Error("written without salt")
	}
	for _, s := range []*Secret{nil, {}} {
		if _, err := MarshalMinisignSecret(s, nil, nil); err == nil {
			t.Error("the zero key is written")
		}
	}
}

// peer returns the path of a tool of somebody else, see [peers.Look].
func peer(t *testing.T, name string) string {
	t.Helper()
	return peers.Look(t, name)
}

func runPeer(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", filepath.Base(name), args, err, out)
	}
	return string(out)
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMinisignReads has minisign sign with what is written here, and recreate the
// public half.
func TestMinisignReads(t *testing.T) {
	minisign := peer(t, "minisign")
	s, err := Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := MarshalMinisignPublic(s.Public(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, pw := range []string{"", "pässword 1"} {
		secret, err := MarshalMinisignSecret(s, []byte(pw), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		sk, pk, m := writeFile(t, "k.key", secret), writeFile(t, "k.pub", pub), writeFile(t, "m", []byte("m"))
		runPeer(t, pw+"\n", minisign, "-S", "-s", sk, "-m", m)
		runPeer(t, "", minisign, "-V", "-p", pk, "-m", m)
		again := filepath.Join(t.TempDir(), "again.pub")
		runPeer(t, pw+"\n", minisign, "-R", "-s", sk, "-p", again)
		got, err := os.ReadFile(again)
		if err != nil || keyLine(got) != s.Public().MinisignLine() {
			t.Errorf("minisign writes %q, %v; want %q", got, err, pub)
		}
	}
}

// TestMinisignWrites reads a key that minisign writes without a password.
func TestMinisignWrites(t *testing.T) {
	minisign := peer(t, "minisign")
	dir := t.TempDir()
	sk, pk := filepath.Join(dir, "k.key"), filepath.Join(dir, "k.pub")
	runPeer(t, "", minisign, "-G", "-W", "-s", sk, "-p", pk)
	secret, err := os.ReadFile(sk)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := os.ReadFile(pk)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSecret(t.Context(), secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Public().MinisignLine(); got != keyLine(pub) {
		t.Errorf("public half %s, and minisign wrote %s", got, pub)
	}
}

// keyLine is the second line: minisign's first may write the id without its
// leading zeros.
func keyLine(file []byte) string { return strings.Split(string(file)+"\n", "\n")[1] }

func TestOpenSSLReads(t *testing.T) {
	openssl := peer(t, "openssl")
	s := rfcKey(t)
	sk := writeFile(t, "k.pem", MarshalSecretPEM(s))
	if got := runPeer(t, "", openssl, "pkey", "-in", sk, "-pubout"); got != string(MarshalPublicPEM(s.Public())) {
		t.Errorf("openssl derives %s", got)
	}
}

func TestSSHKeygenReads(t *testing.T) {
	keygen := peer(t, "ssh-keygen")
	p := rfcKey(t).Public()
	got := runPeer(t, "", keygen, "-l", "-f", writeFile(t, "k.pub", MarshalSSHPublic(p)))
	if want := "256 " + p.SSHFingerprint() + " minisign key " + rfcMinisignID + " (ED25519)\n"; got != want {
		t.Errorf("ssh-keygen prints %q, want %q", got, want)
	}
}
