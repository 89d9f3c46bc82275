// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// addTestdata seeds a fuzz target with every key file.
func addTestdata(f *testing.F) {
	names, err := filepath.Glob("testdata/[mpsw]*/*")
	if err != nil || len(names) == 0 {
		f.Fatal("no testdata: ", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		if strings.HasSuffix(name, ".pem") {
			_, der, _ := decodePEM(data)
			f.Add(der)
		}
	}
	p := rfcKey(f).Public()
	f.Add([]byte(`from="x y",no-pty ` + rfcSSHLine + " minisign key 0123456789ABCDEF\n# c\n" + rfcSSHLine))
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(aFile))))
	f.Add([]byte(aLine))
	f.Add(p.SPKI())
	f.Add(MarshalWasmsignPublic(p))
}

// FuzzParsePublic holds to what every list promises.
func FuzzParsePublic(f *testing.F) {
	addTestdata(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParsePublic(data)
		if (err == nil) != (len(l.Keys) > 0) || len(l.Keys) > MaxPublicLines+1 {
			t.Fatalf("%d keys, %v", len(l.Keys), err)
		}
		for _, k := range l.Keys {
			if _, err := NewEd25519(k.Public.Bytes()); err != nil {
				t.Fatal(err)
			}
			if _, err := ParseSecret(t.Context(), data, nil); !errors.Is(err, ErrPublicGiven) {
				t.Fatalf("as a secret key: %v", err)
			}
		}
	})
}

// FuzzMalleability holds to one encoding for each key: what was read is found in
// the file as it would be written.
func FuzzMalleability(f *testing.F) {
	addTestdata(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParsePublic(data)
		if err != nil {
			return
		}
		for _, k := range l.Keys {
			if !encodes(k, data) {
				t.Fatalf("%q reads as %s %s, which is written otherwise", data, k.Carrier, k.Public.MinisignLine())
			}
		}
	})
}

func encodes(k ListedKey, data []byte) bool {
	line := ""
	if k.Line > 0 && k.Carrier != CarrierPEM {
		line = strings.Split(string(data), "\n")[k.Line-1]
	}
	switch k.Carrier {
	case CarrierMinisign, CarrierMinisignLine:
		return strings.TrimSuffix(line, "\r") == k.Public.MinisignLine()
	case CarrierTauri:
		inner, ok := decode64(strings.TrimSuffix(line, "\r"))
		return ok && bytes.Contains(inner, []byte(k.Public.MinisignLine()))
	case CarrierRaw:
		return base64.StdEncoding.EncodeToString(data) == k.Public.MinisignLine()
	case CarrierWasmsign:
		return bytes.Equal(data, MarshalWasmsignPublic(k.Public))
	case CarrierDER:
		return bytes.Equal(data, k.Public.SPKI())
	case CarrierPEM:
		return strings.Join(strings.Fields(string(data)), "") == strings.Join(strings.Fields(string(MarshalPublicPEM(k.Public))), "")
	case CarrierSSH:
		return strings.Contains(line, base64.StdEncoding.EncodeToString(k.Public.sshBlob()))
	}
	return false
}

// FuzzParseSecret never asks for a password, so no key is stretched.
func FuzzParseSecret(f *testing.F) {
	addTestdata(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		s, err := ParseSecret(t.Context(), data, nil)
		if !bytes.Equal(before, data) {
			t.Fatal("the file's bytes were changed")
		}
		info, infoErr := InspectSecret(data)
		if err == nil && (infoErr != nil || info.Encrypted) || errors.Is(err, ErrPasswordNeeded) && !info.Encrypted {
			t.Fatalf("ParseSecret: %v; InspectSecret: %+v, %v", err, info, infoErr)
		}
		if err != nil {
			return
		}
		again, err := NewSecret(s.Seed())
		if err != nil || !again.Public().Equal(s.Public()) {
			t.Fatalf("its halves differ: %v", err)
		}
		if info.Carrier == CarrierWasmsign && !bytes.Equal(data, MarshalWasmsignSecret(s)) {
			t.Fatal("wasmsign2 key in another encoding")
		}
		if _, err := ParsePublic(data); !errors.Is(err, ErrSecretGiven) {
			t.Fatalf("as a public key: %v", err)
		}
	})
}
