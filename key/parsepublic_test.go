// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	aLine = "RWQBAgMEBQYHCJpJuhbYKQlNj+AJOYGFjR0K1tFiqTUuoX7/V9pd0Wby"
	bLine = "RWRaWlpaWlpaWppJuhbYKQlNj+AJOYGFjR0K1tFiqTUuoX7/V9pd0Wby"
	aFile = "untrusted comment: k\n" + aLine + "\n"
	// A key line whose last character has bits that encode nothing cannot be
	// made of 42 bytes; this is 41 bytes and such a character.
	slackLine = "RWQBAgMEBQYHCJpJuhbYKQlNj+AJOYGFjR0K1tFiqTUuoX7/V9pd0Wb="
)

func TestParsePublicForms(t *testing.T) {
	spki := rfcKey(t).Public().SPKI()
	pem := string(MarshalPublicPEM(rfcKey(t).Public()))
	for _, c := range []struct {
		name, data, comment, carrier string
		line                         int
	}{
		{"pub", aFile, "k", CarrierMinisign, 2},
		{"crlf", "untrusted comment: k\r\n" + aLine + "\r\n", "k", CarrierMinisign, 2},
		{"no final line feed", "untrusted comment: k\n" + aLine, "k", CarrierMinisign, 2},
		{"blank comment", "\n" + aLine + "\n", "", CarrierMinisign, 2},
		{"any comment", "whatever\n" + aLine + "\n", "whatever", CarrierMinisign, 2},
		{"comment like DER", "0 comment\n" + aLine + "\n", "0 comment", CarrierMinisign, 2},
		{"blank lines at the end", aFile + "\n \t\r\n\n", "k", CarrierMinisign, 2},
		{"byte order mark", "\xef\xbb\xbf" + aFile, "k", CarrierMinisign, 2},
		{"longest comment", strings.Repeat("x", 1022) + "\n" + aLine, strings.Repeat("x", 1022), CarrierMinisign, 2},
		{"line", aLine, "", CarrierMinisignLine, 1},
		{"line and line feed", aLine + "\n", "", CarrierMinisignLine, 1},
		{"Tauri", base64.StdEncoding.EncodeToString([]byte(aFile)), "k", CarrierTauri, 1},
		{"raw", "Ed12345678" + string(spki[12:]), "", CarrierRaw, 0},
		{"wasmsign2", "\x01" + string(spki[12:]), "", CarrierWasmsign, 0},
		{"DER", string(spki), "", CarrierDER, 0},
		{"PEM", pem, "", CarrierPEM, 1},
		{"PEM, CRLF and blanks", "\n" + strings.ReplaceAll(pem, "\n", " \r\n") + "\n\n", "", CarrierPEM, 1},
		{"OpenSSH", rfcSSHLine + " me@here", "me@here", CarrierSSH, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := ParsePublic([]byte(c.data))
			if err != nil {
				t.Fatal(err)
			}
			want := ListedKey{Public: l.Keys[0].Public, Comment: c.comment, Line: c.line, Carrier: c.carrier}
			if len(l.Keys) != 1 || l.Keys[0] != want {
				t.Errorf("got %+v, want %+v", l.Keys, want)
			}
			if strings.Contains(c.data, aLine) && want.Public.MinisignLine() != aLine {
				t.Errorf("another key: %s", want.Public.MinisignLine())
			}
			if len(l.Publics()) != 1 || l.Publics()[0] != want.Public {
				t.Errorf("Publics = %v", l.Publics())
			}
		})
	}
}

func TestParsePublicRefusals(t *testing.T) {
	pub := rfcKey(t).Public()
	pem := string(MarshalPublicPEM(pub))
	for _, c := range []struct {
		name, data, says string
		is               error
	}{
		{"empty", "", "empty", nil},
		{"blank", "\n\n", "empty", nil},
		{"blank after the key", "c\n" + aLine + " \n", "blanks around", ErrNotKey},
		{"blank before the key", "c\n " + aLine + "\n", "blanks around", ErrNotKey},
		{"two CR", "c\n" + aLine + "\r\r\n", "blanks around", ErrNotKey},
		{"extra line", aFile + "more\n", "line 3", ErrNotKey},
		{"two keys", aFile + "untrusted comment: k2\n" + bLine + "\n", "line 3", ErrNotKey},
		{"two bare keys", aLine + "\n" + bLine + "\n", "two keys", ErrNotKey},
		{"three key lines", aLine + "\n" + bLine + "\n" + aLine, "line 3", ErrNotKey},
		{"ED", "c\nRU" + aLine[2:], "algorithm", ErrUnsupported},
		{"43 bytes", "c\n" + aLine + "AA==", "43 bytes", nil},
		{"45 bytes", "c\n" + aLine + "AAAA", "45 bytes", nil},
		{"base64 slack", "c\n" + slackLine, "canonical", ErrNotKey},
		{"URL alphabet", "c\n" + strings.NewReplacer("+", "-", "/", "_").Replace(aLine), "canonical", ErrNotKey},
		{"CR inside", "c\n" + aLine[:20] + "\r" + aLine[20:], "canonical", ErrNotKey},
		{"byte order mark on the key", "\xef\xbb\xbf" + aLine, "byte order mark", ErrNotKey},
		{"long comment", strings.Repeat("x", 1023) + "\n" + aLine, "1023 bytes", ErrNotKey},
		{"NUL in the comment", "a\x00b\n" + aLine, "NUL", ErrNotKey},
		{"garbage", "hello, world\n", "canonical", ErrNotKey},
		{"many lines", strings.Repeat("\n", 1001), "1000 lines", nil},
		{"much", strings.Repeat("x", 1<<20+1), "1048576 bytes", nil},
		{"PEM and garbage", pem + "x", "nothing after", nil},
		{"two PEM blocks", pem + pem, "without headers", nil},
		{"garbage and PEM", "x\n" + pem, "line 3", nil},
		{"PEM without dashes", strings.Replace(pem, "KEY-----", "KEY", 1), "first line", nil},
		{"PEM cut off", pem[:40], "cut off", nil},
		{"PEM header", strings.Replace(pem, "-\n", "-\nA: b\n\n", 1), "canonical", nil},
		{"PEM label", strings.ReplaceAll(pem, "PUBLIC", "ODD"), "want PUBLIC KEY", ErrUnsupported},
		{"PEM slack", strings.Replace(pem, "E=\n", "F=\n", 1), "canonical", nil},
		{"RSA in PEM", string(readTestdata(t, "pkcs8/rsa-public.pem")), "another algorithm", ErrUnsupported},
		{"DER and a byte", string(pub.SPKI()) + "x", "", ErrNotKey},
		{"DER cut off", string(pub.SPKI()[:43]), "", ErrNotKey},
		{"secret and public", aFile + string(readTestdata(t, "minisign/c-W.key")), "secret", ErrSecretGiven},
		{"small order in wasmsign2", "\x01" + strings.Repeat("\x00", 32), "", ErrWeakKey},
		{"small order in DER", spkiPrefix + strings.Repeat("\x00", 32), "", ErrWeakKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := ParsePublic([]byte(c.data))
			if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error = %v, want one that says %q and is %v", err, c.says, c.is)
			}
			if !cmp.Equal(l, List{}) {
				t.Errorf("keys beside an error: %v", l)
			}
		})
	}
}

func TestSecretGiven(t *testing.T) {
	names, err := filepath.Glob("testdata/*/*.key")
	if err != nil || len(names) < 20 {
		t.Fatalf("testdata: %v, %v", names, err)
	}
	names = append(names, "testdata/minisign/lucet-rust-minisign-0.7.0.raw", "testdata/wasmsig/k1.sk",
		"testdata/pkcs8/v1.pem", "testdata/pkcs8/v2.pem", "testdata/pkcs8/encrypted.pem", "testdata/pkcs8/rsa.pem")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(name, "hostile-short") || strings.Contains(name, "hostile-long") {
			continue // not a secret key, for its length
		}
		forms := [][]byte{data, []byte(strings.ReplaceAll(string(data), "\n", "\r\n"))}
		if strings.HasSuffix(name, ".pem") {
			_, der, err := decodePEM(data)
			if err != nil {
				t.Fatal(err)
			}
			forms = append(forms, der)
		}
		if strings.Contains(name, "minisign") && strings.HasSuffix(name, ".key") && !strings.Contains(name, "hostile") {
			forms = append(forms, []byte(base64.StdEncoding.EncodeToString(data)), []byte(textLines(data)[1]))
		}
		for i, form := range forms {
			if i == 1 && !strings.Contains(name, ".key") {
				continue // not text
			}
			if _, err := ParsePublic(form); !errors.Is(err, ErrSecretGiven) {
				t.Errorf("%s, form %d: %v", name, i, err)
			}
		}
	}
}

// TestHostilePublic holds to the verdict on every key file of the hostile set.
func TestHostilePublic(t *testing.T) {
	data, err := os.ReadFile("../../shared/vectors/minisign/hostile.json")
	if err != nil {
		t.Log("nothing outside the repository to compare with: ", err)
		return
	}
	var cases []struct {
		Name string
		Pub  []byte `json:"pubkey_file_b64"`
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	bad := map[string]bool{"pk-trail-space": true, "pk-extra-lines": true, "pk-two-keys": true, "pk-alg-ED": true, "pk-43bytes": true, "pk-45bytes": true, "pk-empty": true}
	for _, c := range cases {
		want := bad[c.Name] || strings.HasPrefix(c.Name, "small-order-pk")
		if _, err := ParsePublic(c.Pub); (err != nil) != want {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}
