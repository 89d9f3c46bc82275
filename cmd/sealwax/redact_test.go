// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/sealwax/sealwax/key"
)

func TestRedact(t *testing.T) {
	s, err := key.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file, err := key.MarshalMinisignSecret(s, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Split(string(file), "\n")[1]
	raw := key.MarshalWasmsignSecret(s)
	body := strings.Split(string(key.MarshalSecretPEM(s)), "\n")[1]
	for _, secret := range []string{
		line, line[1:], strings.TrimRight(line, "="), line[:150], body,
		base64.StdEncoding.EncodeToString(raw), hex.EncodeToString(raw), string(key.MarshalSecretPEM(s)),
	} {
		for _, message := range []string{"open " + secret + ": no such file", "raw:" + secret, `"` + secret + `"`, "./" + secret} {
			if got := redact(message); strings.Contains(got, secret[len(secret)/3:len(secret)/3+20]) {
				t.Errorf("%q shows a secret", got)
			}
		}
	}
	for _, plain := range []string{
		"a file: no such file", string(s.Public().Fingerprint()), s.Public().MinisignLine(), "grüße",
		"open /home/somebody/projects/things/with/a/long/path/below/the/working/folder/of/mine: no such file",
	} {
		if got := redact(plain); got != plain {
			t.Errorf("%q became %q", plain, got)
		}
	}
}

// TestRedactJSON: a digest in a report stays, and what only looks like one does not.
func TestRedactJSON(t *testing.T) {
	digest := strings.Repeat("0123456789abcdef", 8)
	for line, want := range map[string]string{
		`{"digests":{"blake2b-512":"` + digest + `"},"x":1}`:           `{"digests":{"blake2b-512":"` + digest + `"},"x":1}`,
		`{"error":"reading ` + digest + `"}`:                           `{"error":"reading (not shown)"}`,
		`{"blake2b-512":"` + digest + `","error":"` + digest + `"}`:    `{"blake2b-512":"` + digest + `","error":"(not shown)"}`,
		`{"blake2b-512":"` + digest[:127] + `","blake2b-512":"short"}`: `{"blake2b-512":"(not shown)","blake2b-512":"short"}`,
		`{"blake2b-512":"`: `{"blake2b-512":"`,
	} {
		if got := redactJSON(line); got != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", line, got, want)
		}
	}
}
