// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// noPassword fails the test when it is asked.
func noPassword(t testing.TB) PassphraseFunc {
	return func(_ context.Context, what string) ([]byte, error) {
		t.Errorf("asked for the password of %s", what)
		return nil, errors.New("no")
	}
}

func password(s string) PassphraseFunc {
	return func(context.Context, string) ([]byte, error) { return []byte(s), nil }
}

// publicOf reads the one key of a public key file in testdata.
func publicOf(t testing.TB, name string) Public {
	t.Helper()
	l, err := ParsePublic(readTestdata(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return l.Keys[0].Public
}

// TestSecretFiles reads a key of every kind that tools write, and compares it
// with the public half that the same tool wrote.
func TestSecretFiles(t *testing.T) {
	for _, c := range []struct {
		secret, public, carrier string
		password                string // "-": there is none
		costly                  bool
	}{
		{"minisign/c-W.key", "minisign/c-W.pub", CarrierMinisign, "-", false},
		{"minisign/c-C-W.key", "minisign/c-C-W.pub", CarrierMinisign, "-", false},
		{"minisign/aead-W.key", "minisign/aead-W.pub", CarrierMinisign, "-", false},
		{"minisign/rsign-unencrypted.key", "minisign/rsign-unencrypted.pub", CarrierMinisign, "-", false},
		{"minisign/rust-0.7.5-0.8.0-emptypw-plaintext-Sc.key", "minisign/rust-0.7.5-0.8.0-emptypw-plaintext-Sc.pub", CarrierMinisign, "-", false},
		{"minisign/lucet-rust-minisign-0.7.0.raw", "minisign/lucet-rust-minisign-0.7.0.pub", CarrierRaw, "-", false},
		{"minisign/rust-minisign-0.9.1.raw", "minisign/rust-minisign-0.9.1.pub", CarrierRaw, "-", false},
		{"minisign/rsign-emptypassword.key", "minisign/rsign-emptypassword.pub", CarrierMinisign, "", false},
		{"minisign/rsign-password-pw1.key", "minisign/rsign-password-pw1.pub", CarrierMinisign, "pw1", false},
		{"minisign/c-password-pw1.key", "minisign/c-password-pw1.pub", CarrierMinisign, "pw1", true},
		{"minisign/aead-password-pw1.key", "minisign/aead-password-pw1.pub", CarrierMinisign, "pw1", true},
		{"wasmsig/k1.sk", "wasmsig/k1.pk", CarrierWasmsign, "-", false},
		{"pkcs8/v1.pem", "pkcs8/public.pem", CarrierPEM, "-", false},
		{"pkcs8/v2.pem", "pkcs8/public.pem", CarrierPEM, "-", false},
		{"ssh/plain.key", "ssh/plain.pub", CarrierSSH, "-", false},
		{"ssh/pw1.key", "ssh/pw1.pub", CarrierSSH, "pw1", false},
		{"ssh/pw1-cbc.key", "ssh/pw1.pub", CarrierSSH, "pw1", false},
	} {
		t.Run(c.secret, func(t *testing.T) {
			if c.costly && (raceEnabled || testing.Short()) {
				t.Skip("takes 1 GiB of memory")
			}
			data := readTestdata(t, c.secret)
			pass := password(c.password)
			if c.password == "-" {
				pass = noPassword(t)
			}
			s, err := ParseSecret(t.Context(), data, pass)
			if err != nil {
				t.Fatal(err)
			}
			if want := publicOf(t, c.public); s.Public() != want {
				t.Errorf("public half %v (id %v), want %v (id %v)", s.Public(), s.Public().MinisignID(), want, want.MinisignID())
			}
			info, err := InspectSecret(data)
			if err != nil || info.Carrier != c.carrier || info.Encrypted != (c.password != "-") {
				t.Errorf("InspectSecret = %+v, %v", info, err)
			}
			checkNeedsPassword(t, data, info.Encrypted)
		})
	}
}

// checkNeedsPassword holds to what happens when nobody can be asked.
func checkNeedsPassword(t *testing.T, data []byte, encrypted bool) {
	t.Helper()
	_, err := ParseSecret(t.Context(), data, nil)
	if encrypted != errors.Is(err, ErrPasswordNeeded) || !encrypted && err != nil {
		t.Errorf("without a PassphraseFunc: %v", err)
	}
}

func TestSecretOtherForms(t *testing.T) {
	file := readTestdata(t, "minisign/c-W.key")
	line := strings.Split(string(file), "\n")[1]
	want := publicOf(t, "minisign/c-W.pub")
	for name, data := range map[string]string{
		"CRLF":                   strings.ReplaceAll(string(file), "\n", "\r\n"),
		"key line only":          line,
		"empty first line":       "\n" + line,
		"byte order mark":        "\xef\xbb\xbf" + string(file),
		"Tauri":                  base64.StdEncoding.EncodeToString(file),
		"blank lines at the end": string(file) + "\n\n",
	} {
		s, err := ParseSecret(t.Context(), []byte(data), noPassword(t))
		if err != nil || s.Public() != want {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	tauri := base64.StdEncoding.EncodeToString(file)
	if info, err := InspectSecret([]byte(tauri)); err != nil || info != (SecretInfo{Carrier: CarrierTauri, Public: want}) {
		t.Errorf("Tauri: %+v, %v", info, err)
	}
	_, der, err := decodePEM(readTestdata(t, "pkcs8/v2.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := ParseSecret(t.Context(), der, noPassword(t)); err != nil || !s.Public().Equal(rfcKey(t).Public()) {
		t.Errorf("DER: %v, %v", s, err)
	}
}

// TestSecretZeroID is a home-made key: no comment, no key id, no checksum.
func TestSecretZeroID(t *testing.T) {
	raw, err := rawSecret(rfcKey(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw[boxStart : boxStart+8])
	clear(raw[boxStart+boxChecksum:])
	s, err := ParseSecret(t.Context(), []byte("\n"+base64.StdEncoding.EncodeToString(raw)), noPassword(t))
	if err != nil || s.Public().MinisignID() != (ID{}) || !s.Public().HasOwnID() {
		t.Errorf("%v, %v", s, err)
	}
}

func TestWrongPassword(t *testing.T) {
	for _, name := range []string{"minisign/rsign-password-pw1.key", "ssh/pw1.key", "ssh/pw1-cbc.key"} {
		for _, pw := range []string{"pw2", "", "pw1 "} {
			if _, err := ParseSecret(t.Context(), readTestdata(t, name), password(pw)); !errors.Is(err, ErrWrongPassword) {
				t.Errorf("%s, password %q: %v", name, pw, err)
			}
		}
	}
}

func TestPassphraseFunc(t *testing.T) {
	data := readTestdata(t, "ssh/pw1.key")
	given, calls := []byte("pw1"), 0
	_, err := ParseSecret(t.Context(), data, func(_ context.Context, what string) ([]byte, error) {
		calls++
		if want := "OpenSSH " + publicOf(t, "ssh/pw1.pub").SSHFingerprint(); what != want {
			t.Errorf("asked for %q, want %q", what, want)
		}
		return given, nil
	})
	if err != nil || calls != 1 || !bytes.Equal(given, make([]byte, 3)) {
		t.Errorf("%v after %d calls, password now %q", err, calls, given)
	}
	_, _ = ParseSecret(t.Context(), readTestdata(t, "minisign/rsign-password-pw1.key"), func(_ context.Context, what string) ([]byte, error) {
		if what != CarrierMinisign {
			t.Errorf("asked for %q", what)
		}
		return nil, errors.New("no")
	})
	refused := errors.New("no terminal")
	_, err = ParseSecret(t.Context(), data, func(context.Context, string) ([]byte, error) { return nil, refused })
	if !errors.Is(err, refused) {
		t.Errorf("the function's error is lost: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ParseSecret(ctx, data, noPassword(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}

// TestHostileSecrets refuses every hostile file at once and without asking.
func TestHostileSecrets(t *testing.T) {
	want := map[string]error{
		"4g": ErrCostly, "cpu": ErrCostly, "mem0": ErrCostly, "mem16t": ErrCostly,
		"alg": ErrUnsupported, "chk": ErrUnsupported, "kdf": ErrUnsupported,
		"chkbad": ErrDamaged, "pubhalf": ErrDamaged, "seed": ErrDamaged,
		"long": nil, "short": nil,
	}
	names, err := filepath.Glob("testdata/minisign/hostile-*.key")
	if err != nil || len(names) != len(want) {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		is, known := want[strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "hostile-"), ".key")]
		_, err = ParseSecret(t.Context(), data, noPassword(t))
		if err == nil || !known || is != nil && !errors.Is(err, is) {
			t.Errorf("%s: %v, want %v", name, err, is)
		}
		if _, err := InspectSecret(data); err == nil {
			t.Errorf("%s: InspectSecret takes it", name)
		}
	}
}

func TestSecretRefusals(t *testing.T) {
	raw := readTestdata(t, "minisign/lucet-rust-minisign-0.7.0.raw")
	wasm := readTestdata(t, "wasmsig/k1.sk")
	v1, v2 := pemBody(t, "pkcs8/v1.pem"), pemBody(t, "pkcs8/v2.pem")
	for _, c := range []struct {
		name string
		data []byte
		says string
		is   error
	}{
		{"empty", nil, "empty", nil},
		{"much", make([]byte, 1<<16+1), "65536 bytes", nil},
		{"garbage", []byte("hello"), "canonical", ErrNotKey},
		{"public file", readTestdata(t, "minisign/c-W.pub"), "public key", ErrPublicGiven},
		{"public line", []byte(aLine), "public key", ErrPublicGiven},
		{"public wasmsign2", readTestdata(t, "wasmsig/k1.pk"), "", ErrPublicGiven},
		{"public PEM", readTestdata(t, "pkcs8/public.pem"), "", ErrPublicGiven},
		{"public OpenSSH", []byte(rfcSSHLine), "", ErrPublicGiven},
		{"raw and a byte", append(bytes.Clone(raw), 0), "exactly 158", ErrNotKey},
		{"raw, seed", flip(raw, boxStart+boxSeed), "asks", nil},
		{"wasmsign2, seed", flip(wasm, 1), "public half", ErrDamaged},
		{"wasmsign2, public", flip(wasm, 64), "public half", ErrDamaged},
		{"encrypted PKCS #8", readTestdata(t, "pkcs8/encrypted.pem"), "openssl pkey", ErrUnsupported},
		{"encrypted PKCS #8 in DER", pemBody(t, "pkcs8/encrypted.pem"), "openssl pkey", ErrUnsupported},
		{"RSA", readTestdata(t, "pkcs8/rsa.pem"), "another algorithm", ErrUnsupported},
		{"PEM of another kind", []byte("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"), "EC PRIVATE KEY", ErrUnsupported},
		{"PKCS #8, public half", flip(v2, len(v2)-1), "public half", ErrDamaged},
		{"PKCS #8, seed", flip(v2, 20), "public half", ErrDamaged},
		{"PKCS #8, version 1 with a public key", flip(v2, 4), "version", ErrDamaged},
		{"PKCS #8, version 2 without one", flip(v1, 4), "version", ErrDamaged},
		{"PKCS #8, unused bits", replaceByte(v2, len(v2)-33, 1), "PKCS #8", ErrDamaged},
		{"PKCS #8, parameters", append([]byte("\x30\x30\x02\x01\x00\x30\x07\x06\x03\x2b\x65\x70\x05\x00"), v1[12:]...), "another algorithm", ErrUnsupported},
		{"PKCS #8, 31 bytes", append([]byte("\x30\x2d\x02\x01\x00"+oidEd25519+"\x04\x21\x04\x1f"), v1[17:]...), "PKCS #8", ErrDamaged},
		{"PEM cut off", readTestdata(t, "pkcs8/v1.pem")[:60], "cut off", nil},
		{"PEM without its end", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\nAAAA\n"), "not the end", nil},
		{"PKCS #8, bytes after it in PEM", bytes.Replace(readTestdata(t, "pkcs8/v1.pem"), []byte("hC\n"), []byte("hCAA==\n"), 1), "PKCS #8", ErrDamaged},
		{"PKCS #8, version 3", replaceByte(v1, 4, 2), "PKCS #8", ErrDamaged},
		{"PKCS #8, version -1", replaceByte(v1, 4, 255), "PKCS #8", ErrDamaged},
		{"PKCS #8, trailing", append([]byte("\x30\x30"), append(bytes.Clone(v1[2:]), 5, 0)...), "PKCS #8", ErrDamaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseSecret(t.Context(), c.data, nil)
			if c.says == "asks" {
				c.says, c.is = "password", ErrPasswordNeeded
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error = %v, want one that says %q and is %v", err, c.says, c.is)
			}
		})
	}
}

func pemBody(t testing.TB, name string) []byte {
	t.Helper()
	_, body, err := decodePEM(readTestdata(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func flip(b []byte, i int) []byte { return replaceByte(b, i, b[i]^1) }

func replaceByte(b []byte, i int, v byte) []byte {
	b = bytes.Clone(b)
	b[i] = v
	return b
}

func TestParseRaw(t *testing.T) {
	raw := readTestdata(t, "minisign/lucet-rust-minisign-0.7.0.raw")
	want := publicOf(t, "minisign/lucet-rust-minisign-0.7.0.pub")
	s, err := ParseRawSecret(t.Context(), raw, noPassword(t))
	if err != nil || s.Public() != want {
		t.Errorf("%v, %v", s, err)
	}
	for _, data := range [][]byte{nil, raw[:157], append(bytes.Clone(raw), 0)} {
		if _, err := ParseRawSecret(t.Context(), data, noPassword(t)); err == nil {
			t.Errorf("%d bytes: taken", len(data))
		}
	}
	for i := range 6 {
		if _, err := ParseRawSecret(t.Context(), flip(raw, i), noPassword(t)); !errors.Is(err, ErrUnsupported) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	blob, _ := decode64(want.MinisignLine())
	if p, err := ParseRawPublic(blob); err != nil || p != want {
		t.Errorf("%v, %v", p, err)
	}
	for _, data := range [][]byte{nil, blob[:41], append(bytes.Clone(blob), 0), flip(blob, 0), flip(blob, 1)} {
		if _, err := ParseRawPublic(data); err == nil {
			t.Errorf("%x: taken", data)
		}
	}
}

// TestEncryptedBox rebuilds an encrypted key around a box that contradicts itself:
// its password is right, and still it must not open.
func TestEncryptedBox(t *testing.T) {
	raw, err := rawSecret(rfcKey(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(edit func(box []byte)) []byte {
		b := bytes.Clone(raw)
		copy(b[2:], kdfScrypt)
		edit(b[boxStart:])
		binary.LittleEndian.PutUint64(b[38:], 32768)
		binary.LittleEndian.PutUint64(b[46:], 1<<20)
		if err := xorScrypt(b[boxStart:], []byte("pw"), b[6:38], 32768, 1<<20); err != nil {
			t.Fatal(err)
		}
		return b
	}
	check := func(box []byte) {
		sum := boxChecksumOf(box)
		copy(box[boxChecksum:], sum[:])
	}
	for _, c := range []struct {
		name string
		edit func(box []byte)
		is   error
	}{
		{"sound", func([]byte) {}, nil},
		{"no checksum", func(box []byte) { clear(box[boxChecksum:]) }, ErrWrongPassword},
		{"key id", func(box []byte) { box[0] ^= 1 }, ErrWrongPassword},
		{"another seed, checksum right", func(box []byte) { box[boxSeed] ^= 1; check(box) }, ErrDamaged},
		{"another public half, checksum right", func(box []byte) { box[boxPublic] ^= 1; check(box) }, ErrDamaged},
	} {
		if _, err := ParseRawSecret(t.Context(), seal(c.edit), password("pw")); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", c.name, err, c.is)
		}
	}
}

// TestXorScryptBound asks for twice the work, of which there is little.
func TestXorScryptBound(t *testing.T) {
	box := []byte("box")
	if err := xorScrypt(box, nil, nil, 65536, 1<<20); !errors.Is(err, ErrCostly) || string(box) != "box" {
		t.Errorf("xorScrypt = %v", err)
	}
}

func TestScryptCost(t *testing.T) {
	for _, c := range []struct {
		ops, mem uint64
		want     scryptCost
		ok       bool
	}{
		{33554432, 1073741824, scryptCost{20, 1}, true},           // minisign
		{33554432 >> 6, 1073741824 >> 6, scryptCost{14, 1}, true}, // minisign, short of memory
		{1048576, 33554432, scryptCost{15, 1}, true},              // rsign2
		{524288, 16777216, scryptCost{14, 1}, true},               // minizign
		{newOpsLimit, newMemLimit, scryptCost{17, 1}, true},
		{33554432, 1 << 40, scryptCost{20, 1}, true}, // limited by operations
		{1 << 26, 1 << 31, scryptCost{21, 1}, false},
		{1 << 27, 1 << 32, scryptCost{22, 1}, false},
		{1 << 26, 1 << 30, scryptCost{20, 2}, false},
		{33554432, 0, scryptCost{1, 524288}, false},
		{1 << 63, 1 << 30, scryptCost{20, 0x3fffffff / 8}, false},
		{^uint64(0), ^uint64(0), scryptCost{53, 63}, false},
		{0, 1 << 20, scryptCost{10, 1}, true},
	} {
		got := scryptCostOf(c.ops, c.mem)
		if err := got.check(); got.logN != c.want.logN || c.ok && got != c.want || (err == nil) != c.ok || err != nil && !errors.Is(err, ErrCostly) {
			t.Errorf("ops %d, mem %d: %+v, %v; want %+v", c.ops, c.mem, got, err, c.want)
		}
	}
}
