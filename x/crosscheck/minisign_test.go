// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package crosscheck

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	aead "aead.dev/minisign"
	jedi "github.com/jedisct1/go-minisign"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// ours judges with legacy allowed, as the oracles do.
func ours(t testing.TB, k key.Public, data, sig []byte) *sealwax.Report {
	t.Helper()
	v := &sealwax.Verifier{Formats: []sealwax.Format{minisign.Format{}}, Trust: sealwaxtest.Trusting(sealwax.RoleRelease, k)}
	p := sealwax.AnyOf(1, sealwax.RoleRelease)
	p.AllowLegacy = true
	r, err := v.Verify(t.Context(), sealwaxtest.Bytes("file", data, sealwax.Companion{Name: "file.minisig", Data: sig}), p)
	if (err == nil) != (r.Verdict == sealwax.Allow) {
		t.Fatal(r.Verdict, err)
	}
	return r
}

// oracles are the other implementations, each as a question.
var oracles = map[string]func(t testing.TB, k key.Public, data, sig []byte) bool{
	"aead.dev/minisign": func(t testing.TB, k key.Public, data, sig []byte) bool {
		t.Helper()
		var pub aead.PublicKey
		if err := pub.UnmarshalText([]byte(k.MinisignLine())); err != nil {
			t.Fatal(err)
		}
		var parsed aead.Signature
		if parsed.UnmarshalText(sig) != nil {
			return false
		}
		if parsed.Algorithm == aead.EdDSA {
			return aead.Verify(pub, data, sig)
		}
		r := aead.NewReader(bytes.NewReader(data))
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatal(err)
		}
		return r.Verify(pub, sig)
	},
	"jedisct1/go-minisign": func(t testing.TB, k key.Public, data, sig []byte) bool {
		t.Helper()
		pub, err := jedi.NewPublicKey(k.MinisignLine())
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := jedi.DecodeSignature(string(sig))
		if err != nil {
			return false
		}
		ok, err := pub.Verify(data, parsed)
		return ok && err == nil
	},
}

// random is deterministic: a failure can be repeated.
func random(seed uint64) *rand.ChaCha8 {
	var s [32]byte
	s[0], s[1] = byte(seed), byte(seed>>8)
	return rand.NewChaCha8(s)
}

func randomBytes(t testing.TB, r *rand.ChaCha8, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := r.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

var sizes = []int{0, 1, 63, 64, 65, 127, 128, 129, 4096, 1 << 20, 1<<20 + 1}

// TestOracleAcceptsOurs: everything that we write, they accept.
func TestOracleAcceptsOurs(t *testing.T) {
	for i, size := range sizes {
		data := randomBytes(t, random(uint64(i)), size)
		for _, s := range []*key.Secret{sealwaxtest.Key(i), sealwaxtest.Key(i).WithID(key.ID{0, byte(i), 0xff})} {
			for _, o := range []sealwax.SignOptions{
				{}, {Comment: "free"}, {Now: time.Unix(1, 0), Comment: "grüße", Fields: []sealwax.Field{{Name: "version", Value: "1"}}},
			} {
				sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes("file", data), s, o)
				if err != nil {
					t.Fatal(err)
				}
				for name, accepts := range oracles {
					if !accepts(t, s.Public(), data, sig) {
						t.Errorf("%s refuses %q", name, sig)
					}
					if accepts(t, s.Public(), append(data, 1), sig) {
						t.Errorf("%s accepts other data: it is no oracle", name)
					}
				}
			}
		}
	}
}

// theirs is one of our keys in an oracle's hands.
func theirs(t testing.TB, s *key.Secret) (a aead.PrivateKey, j jedi.PrivateKey) {
	t.Helper()
	text, err := key.MarshalMinisignSecret(s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.UnmarshalText(text); err != nil {
		t.Fatal(err)
	}
	if j, err = jedi.DecodePrivateKey(string(text)); err != nil {
		t.Fatal(err)
	}
	return a, j
}

// TestWeAcceptOracles: everything sound that they write, we accept; a legacy
// signature of 64 bytes is the documented exception.
func TestWeAcceptOracles(t *testing.T) {
	for i, size := range sizes {
		s := sealwaxtest.Key(i)
		a, j := theirs(t, s)
		data := randomBytes(t, random(uint64(i)), size)
		r := aead.NewReader(bytes.NewReader(data))
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatal(err)
		}
		made := map[string][]byte{
			"aead hashed":   r.Sign(a),
			"aead comments": r.SignWithComments(a, "timestamp:1\tfilename:file", "any text"),
			"aead legacy":   aead.SignWithComments(a, data, "t", "u"),
		}
		for _, legacy := range []bool{false, true} {
			sig, err := j.Sign(data, jedi.SignOptions{Hashed: !legacy, TrustedComment: "timestamp:1\tfile:file"})
			if err != nil {
				t.Fatal(err)
			}
			made["jedisct1 legacy "+strconv.FormatBool(legacy)] = sig.Encode()
		}
		for name, sig := range made {
			want := sealwax.Allow
			if size == 64 && bytes.Contains(sig, []byte("\nRW")) {
				want = sealwax.Deny
			}
			if r := ours(t, s.Public(), data, sig); r.Verdict != want {
				t.Errorf("%s of %d bytes: %v, want %v: %v\n%s", name, size, r.Verdict, want, r.Findings, sig)
			}
		}
	}
}

// TestSameSignature: Ed25519 is deterministic, so two signers of one key and
// one comment write the same signatures.
func TestSameSignature(t *testing.T) {
	s, data := sealwaxtest.Key(1), []byte("data")
	a, _ := theirs(t, s)
	sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes("file", data), s, sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := minisign.Parse(sig)
	if err != nil {
		t.Fatal(err)
	}
	r := aead.NewReader(bytes.NewReader(data))
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	g, err := minisign.Parse(r.SignWithComments(a, f.Trusted, f.Untrusted))
	if err != nil || *f != *g {
		t.Errorf("%+v\n%+v\n%v", f, g, err)
	}
}

// compare is the differential rule. We accept: they accept. They both accept
// and we refuse: then for the form of the file, which we hold to one spelling,
// or for being a legacy signature of 64 bytes; never for the mathematics.
func compare(t testing.TB, k key.Public, data, sig []byte) {
	t.Helper()
	r := ours(t, k, data, sig)
	all := true
	for name, accepts := range oracles {
		ok := accepts(t, k, data, sig)
		if r.Verdict == sealwax.Allow && !ok && !laxerByChoice(sig) {
			t.Errorf("we accept, and %s refuses: %q", name, sig)
		}
		all = all && ok
	}
	if all && r.Verdict != sealwax.Allow && !r.Has(sealwax.CodeSignatureMalformed) && !r.Has(sealwax.CodeSignatureLegacy) && looksSigned(sig) {
		t.Errorf("both accept, and we refuse for %v: %q", r.Findings, sig)
	}
}

// laxerByChoice: blank lines at the end and a bare CR there are no text.
func laxerByChoice(sig []byte) bool {
	trimmed := bytes.TrimRight(sig, "\r\n")
	return len(sig)-len(trimmed) > 1 || bytes.HasSuffix(sig, []byte("\r"))
}

// looksSigned: one oracle does not look at the first line's prefix, and we do
// not take such a file for a signature at all unless it is called one.
func looksSigned(sig []byte) bool { return bytes.HasPrefix(sig, []byte("untrusted comment: ")) }

// vector reads one of the text vectors of format/minisign.
func vector(t testing.TB, file string) (pub, data, sig []byte) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	into := map[string]*[]byte{"key": &pub, "message": &data, "sig": &sig}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if into[name] == nil {
			continue
		}
		s, err := strconv.Unquote(value)
		if err != nil {
			t.Fatal(file, err)
		}
		*into[name] = append(*into[name], s...)
	}
	return pub, data, sig
}

func text(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func vectors(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../../format/minisign/testdata/vectors/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatal(len(files), err)
	}
	return files
}

func TestVectors(t *testing.T) {
	for _, file := range vectors(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			pub, data, sig := vector(t, file)
			list, err := key.ParsePublic(pub)
			if refused := strings.Contains(text(t, file), "\nexpect: key\n"); refused != (err != nil) {
				t.Fatalf("the key: %v, and it is to be refused: %v", err, refused)
			}
			if err != nil {
				return // there is no key to compare with
			}
			compare(t, list.Keys[0].Public, data, sig)
		})
	}
}

func FuzzMinisign(f *testing.F) {
	for _, file := range vectors(f) {
		pub, data, sig := vector(f, file)
		if list, err := key.ParsePublic(pub); err == nil {
			f.Add(list.Keys[0].Public.Bytes(), data, sig)
		}
	}
	f.Fuzz(func(t *testing.T, raw, data, sig []byte) {
		k, err := key.NewEd25519(raw)
		if err != nil {
			return
		}
		if parsed, err := minisign.Parse(sig); err == nil {
			k = k.WithID(parsed.KeyID) // else nearly all inputs fail on the id
		}
		compare(t, k, data, sig)
	})
}

// FuzzSigned changes sound files by one byte, so that most inputs get far.
func FuzzSigned(f *testing.F) {
	f.Add([]byte("data"), "t", uint16(3), byte(1), false)
	f.Add(make([]byte, 64), "file:x", uint16(20), byte(0), true)
	s := sealwaxtest.Key(1)
	a, _ := theirs(f, s)
	f.Fuzz(func(t *testing.T, data []byte, comment string, at uint16, with byte, legacy bool) {
		var sig []byte
		if legacy {
			sig = aead.SignWithComments(a, data, comment, "u")
		} else {
			r := aead.NewReader(bytes.NewReader(data))
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Fatal(err)
			}
			sig = r.SignWithComments(a, comment, "u")
		}
		compare(t, s.Public(), data, sig)
		sig[int(at)%len(sig)] ^= with
		compare(t, s.Public(), data, sig)
	})
}
