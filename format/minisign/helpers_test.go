// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign_test

import (
	"crypto/sha512"
	"io"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"golang.org/x/crypto/blake2b"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

var (
	strict = sealwax.AnyOf(1, sealwax.RoleRelease)
	lax    = &sealwax.Policy{Need: strict.Need, AllowLegacy: true}
)

func sign(t testing.TB, s key.Signer, message []byte) [key.SignatureSize]byte {
	t.Helper()
	sig, err := s.Sign(t.Context(), key.SignRequest{Scheme: key.SchemeEd25519, Message: message})
	if err != nil {
		t.Fatal(err)
	}
	return [key.SignatureSize]byte(sig)
}

// file signs data as it is told, by hand: what Make does not do is done here.
func file(t testing.TB, s *key.Secret, data []byte, trusted string, legacy bool) *minisign.File {
	t.Helper()
	f := &minisign.File{Untrusted: "x", Legacy: legacy, KeyID: s.Public().MinisignID(), Trusted: trusted}
	message := data
	if !legacy {
		sum := blake2b.Sum512(data)
		message = sum[:]
	}
	f.Signature = sign(t, s, message)
	seal(t, s, f)
	return f
}

// seal signs the trusted comment anew.
func seal(t testing.TB, s *key.Secret, f *minisign.File) {
	t.Helper()
	f.Global = sign(t, s, append(f.Signature[:], f.Trusted...))
}

// streamSign makes a legacy signature without holding the message: R is of any
// scalar r, and S = r + k*a, as RFC 8032 section 5.1.6 has it.
func streamSign(t testing.TB, s *key.Secret, c sealwax.Content) (sig [key.SignatureSize]byte) {
	t.Helper()
	h := sha512.Sum512(s.Seed())
	a, err := edwards25519.NewScalar().SetBytesWithClamping(h[:32])
	if err != nil {
		t.Fatal(err)
	}
	r, err := edwards25519.NewScalar().SetUniformBytes(h[:])
	if err != nil {
		t.Fatal(err)
	}
	copy(sig[:], new(edwards25519.Point).ScalarBaseMult(r).Bytes())
	k := sha512.New()
	k.Write(sig[:32])
	k.Write(s.Public().Bytes())
	if _, err := io.CopyBuffer(k, io.NewSectionReader(c, 0, c.Size()), make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	scalar, err := edwards25519.NewScalar().SetUniformBytes(k.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	copy(sig[32:], scalar.MultiplyAdd(scalar, a, r).Bytes())
	return sig
}

func beside(sig []byte) sealwax.Companion {
	return sealwax.Companion{Name: "file.minisig", Data: sig}
}

// judge verifies data with one signature beside it by one trusted key.
func judge(t testing.TB, k key.Public, data, sig []byte, p *sealwax.Policy) *sealwax.Report {
	t.Helper()
	v := &sealwax.Verifier{Formats: []sealwax.Format{minisign.Format{}}, Trust: sealwaxtest.Trusting(sealwax.RoleRelease, k)}
	r, err := v.Verify(t.Context(), sealwaxtest.Bytes("file", data, beside(sig)), p)
	if (err == nil) != (r.Verdict == sealwax.Allow) || r.Verdict == sealwax.Undecided {
		t.Fatal(r.Verdict, err)
	}
	return r
}

// outcome is one of the words of testdata/hostile.txt.
func outcome(t testing.TB, pub, sig, message []byte) string {
	t.Helper()
	list, err := key.ParsePublic(pub)
	if err != nil {
		return "key"
	}
	r := judge(t, list.Keys[0].Public, message, sig, strict)
	switch {
	case r.Verdict == sealwax.Allow:
		return "allow"
	case r.Has(sealwax.CodeSignatureMalformed):
		return "malformed"
	case r.Has(sealwax.CodeSignatureInvalid):
		return "invalid"
	case r.Has(sealwax.CodeSignerUnknown):
		return "stranger"
	case r.Has(sealwax.CodeSignatureLegacy):
		if judge(t, list.Keys[0].Public, message, sig, lax).Verdict == sealwax.Allow {
			return "legacy"
		}
		return "never"
	}
	return "findings: " + messages(r)
}

func messages(r *sealwax.Report) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Message)
	}
	return strings.Join(out, "; ")
}
