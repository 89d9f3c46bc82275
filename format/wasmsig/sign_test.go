// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
	"github.com/sealwax/sealwax/key"
)

// edit runs one of the methods that write a whole artifact.
func edit(do func(io.Writer) error) ([]byte, error) {
	var out bytes.Buffer
	err := do(&out)
	return out.Bytes(), err
}

func attach(t testing.TB, b, sig []byte) ([]byte, error) {
	return edit(func(w io.Writer) error { return Format{}.Attach(context.Background(), artifact(t, b), w, sig) })
}

func detach(t testing.TB, b []byte) (rest, sig []byte, err error) {
	rest, err = edit(func(w io.Writer) (err error) {
		sig, err = Format{}.Detach(context.Background(), artifact(t, b), w)
		return err
	})
	return rest, sig, err
}

func strip(t testing.TB, b []byte) ([]byte, error) {
	return edit(func(w io.Writer) error { return Format{}.Strip(context.Background(), artifact(t, b), w) })
}

func split(t testing.TB, b []byte, re *regexp.Regexp) ([]byte, error) {
	return edit(func(w io.Writer) error { return Format{}.Split(context.Background(), artifact(t, b), w, re) })
}

func tryEmbed(t testing.TB, b []byte, by key.Signer, o sealwax.SignOptions) ([]byte, error) {
	return edit(func(w io.Writer) error { return Format{}.Embed(context.Background(), artifact(t, b), w, by, o) })
}

func digest(t testing.TB, b []byte) ([]byte, error) {
	t.Helper()
	a := artifact(t, b)
	sum := Format{}.Digest(a)
	if sum == nil {
		t.Fatal("unknown to the format")
	}
	if err := a.Read(context.Background()); err != nil {
		t.Fatal(err)
	}
	return sum()
}

func fails(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestSameAsReference: the reference tool is deterministic, and so are we.
func TestSameAsReference(t *testing.T) {
	k1, err := key.NewSecret(vector(t, "k1.sk")[1:33])
	if err != nil {
		t.Fatal(err)
	}
	k2, err := key.NewSecret(vector(t, "k2.sk")[1:33])
	if err != nil {
		t.Fatal(err)
	}
	s1 := embed(t, vector(t, "a.wasm"), k1, sealwax.SignOptions{})
	for name, got := range map[string][]byte{
		"s1.wasm":      s1,
		"s12.wasm":     embed(t, s1, k2, sealwax.SignOptions{}),
		"b_ss.wasm":    embed(t, vector(t, "b_s.wasm"), k1, sealwax.SignOptions{}),
		"comp0_s.wasm": embed(t, vector(t, "comp0.wasm"), k1, sealwax.SignOptions{}),
		"d.sig":        detachedSig(t, vector(t, "a.wasm"), k1),
	} {
		if !bytes.Equal(got, vector(t, name)) {
			t.Errorf("%s differs:\n%x\n%x", name, got, vector(t, name))
		}
	}
}

// TestEmbedPreserves: all bytes behind the signature section are as they were,
// padded sizes too, and every way of taking the signature off gives them back.
func TestEmbedPreserves(t *testing.T) {
	k := secret(t, 1)
	for _, name := range []string{"a", "b", "pad", "b_s", "comp0"} {
		b := vector(t, name+".wasm")
		signed := embed(t, b, k, sealwax.SignOptions{})
		allows(t, signed, k.Public())
		if !bytes.HasPrefix(signed, b[:8]) || !bytes.HasSuffix(signed, b[8:]) {
			t.Errorf("%s: bytes changed", name)
		}
		rest, sig, err := detach(t, signed)
		if err != nil || !bytes.Equal(rest, b) {
			t.Errorf("%s: detached: %v", name, err)
		}
		if !bytes.Equal(sig, detachedSig(t, b, k)) || !bytes.Equal(sig, detachedSig(t, signed, k)) {
			t.Errorf("%s: the detached signature differs", name)
		}
		if again, err := attach(t, rest, sig); err != nil || !bytes.Equal(again, signed) {
			t.Errorf("%s: attached: %v", name, err)
		}
		if bare, err := strip(t, signed); err != nil || !bytes.Equal(bare, b) {
			t.Errorf("%s: stripped: %v", name, err)
		}
		if bare, err := strip(t, b); err != nil || !bytes.Equal(bare, b) {
			t.Errorf("%s: stripped unsigned: %v", name, err)
		}
		want := sha256.Sum256(b)
		for _, of := range [][]byte{b, signed} {
			if got, err := digest(t, of); err != nil || !bytes.Equal(got, want[:]) {
				t.Errorf("%s: digest %x, %v", name, got, err)
			}
		}
	}
}

func TestEmbedSeveralSigners(t *testing.T) {
	k1, k2, k3 := secret(t, 1), secret(t, 2), secret(t, 3)
	b := embed(t, embed(t, plain(t), k1, sealwax.SignOptions{}), k2, sealwax.SignOptions{})
	p := payloadOf(t, b)
	if len(p.Sets) != 1 || len(p.Sets[0].Records) != 2 {
		t.Fatalf("%+v", p)
	}
	if r, err := verify(t, b, anyOf(2), nil, k1.Public(), k2.Public(), k3.Public()); err != nil {
		t.Errorf("%v %+v", err, r.Findings)
	}
	if _, err := verify(t, b, anyOf(3), nil, k1.Public(), k2.Public(), k3.Public()); err == nil {
		t.Error("two are three")
	}
	_, err := tryEmbed(t, b, k1, sealwax.SignOptions{})
	if !errors.Is(err, ErrAlreadySigned) {
		t.Errorf("again by the same key: %v", err)
	}
	// Under another key id it is still the same key.
	p.Sets[0].Records[0].KeyID = []byte("other")
	payload, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tryEmbed(t, signedWith(plain(t), payload), k1, sealwax.SignOptions{}); !errors.Is(err, ErrAlreadySigned) {
		t.Errorf("again under another id: %v", err)
	}
}

// TestEmbedKeepsRecords: what is not understood is kept byte for byte.
func TestEmbedKeepsRecords(t *testing.T) {
	k := secret(t, 1)
	for _, name := range []string{"v_unknownalg_first", "v_badlen_first", "v_wrongkid", "e2", "v_64sets"} {
		before := payloadOf(t, vector(t, name+".wasm"))
		signed := embed(t, vector(t, name+".wasm"), k, sealwax.SignOptions{})
		after := payloadOf(t, signed)
		allows(t, signed, k.Public())
		for i, set := range before.Sets {
			if d := cmp.Diff(set.Records, after.Sets[i].Records[:len(set.Records)]); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
	certified := payloadOf(t, embed(t, plain(t), k, sealwax.SignOptions{}))
	rec := &certified.Sets[0].Records[0]
	rec.Rest = append(rec.Rest, "\x01\x03der"...)
	payload, err := certified.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	b := signedWith(plain(t), payload)
	allows(t, b, k.Public())
	if got := payloadOf(t, embed(t, b, secret(t, 2), sealwax.SignOptions{})); !bytes.Equal(got.Sets[0].Records[0].Rest, rec.Rest) {
		t.Error("a certificate was lost")
	}
}

// TestEmbedExtended: sign, add, sign again: two sets, and each covers its own.
func TestEmbedExtended(t *testing.T) {
	k1, k2 := secret(t, 1), secret(t, 2)
	b := embed(t, plain(t), k1, sealwax.SignOptions{Extensible: true})
	allows(t, b, k1.Public())
	b = append(b, custom("note", "added")...)
	b = embed(t, b, k2, sealwax.SignOptions{Extensible: true})
	allows(t, b, k2.Public())
	denies(t, b, sealwax.CodeSignaturePartial, k1.Public())
	p := payloadOf(t, b)
	if len(p.Sets) != 2 || len(p.Sets[0].Hashes) != 1 || len(p.Sets[1].Hashes) != 2 {
		t.Errorf("%d sets", len(p.Sets))
	}
	b = embed(t, b, k1, sealwax.SignOptions{})
	if r, err := verify(t, b, anyOf(2), nil, k1.Public(), k2.Public()); err != nil {
		t.Errorf("%v, %+v", err, r.Findings)
	}
}

// TestEmbedRefusesToBreak: what a signer asks for never breaks what is there.
func TestEmbedRefusesToBreak(t *testing.T) {
	k1, k2 := secret(t, 1), secret(t, 2)
	b := embed(t, plain(t), k1, sealwax.SignOptions{})
	meta := sealwax.SignOptions{Fields: []sealwax.Field{{Name: "version", Value: "1"}}}
	_, err := tryEmbed(t, b, k2, sealwax.SignOptions{Extensible: true})
	fails(t, err, "would break the signatures")
	_, err = tryEmbed(t, b, k2, meta)
	fails(t, err, "would break the signatures")

	b = embed(t, plain(t), k1, sealwax.SignOptions{Extensible: true})
	if got := embed(t, b, k2, sealwax.SignOptions{Extensible: true}); len(payloadOf(t, got).Sets) != 1 {
		t.Error("a second delimiter")
	}
	b = embed(t, b, k2, meta) // extensible: a part of its own
	allows(t, b, k2.Public())
	denies(t, b, sealwax.CodeSignaturePartial, k1.Public())
}

// TestMetadata: what the section states binds those whose hashes cover it.
func TestMetadata(t *testing.T) {
	k := secret(t, 1)
	fields := []sealwax.Field{{Name: "version", Value: "1.2.3"}, {Name: "expires", Value: "2027-01-01T00:00:00Z"}}
	b := embed(t, plain(t), k, sealwax.SignOptions{Fields: fields, Extensible: true})
	m, err := open(artifact(t, b))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.sections); !m.sections[n-1].Custom(delimiterSection) || !m.sections[n-2].Custom(MetaSection) {
		t.Error("the metadata is not last before the delimiter")
	}
	p := anyOf(1)
	p.Require = []sealwax.Requirement{{Name: "version", Value: "1.2.3"}, {Name: "expires", Any: true}}
	if r, err := verify(t, b, p, nil, k.Public()); err != nil {
		t.Errorf("%v %+v", err, r.Findings)
	}
	p.Require[0].Value = "1.2.4"
	if r, err := verify(t, b, p, nil, k.Public()); err == nil || !r.Has(sealwax.CodeMetadataUnmet) {
		t.Error("a demand that is not met")
	}
	fields[1].Value = "2026-11-24T12:00:00Z"
	denies(t, embed(t, plain(t), k, sealwax.SignOptions{Fields: fields}), sealwax.CodeSignatureExpired, k.Public())
}

// TestMetadataDelimited: in a module that ends with a delimiter, and is not yet
// signed, the metadata joins the last part, and no second delimiter is added.
func TestMetadataDelimited(t *testing.T) {
	k := secret(t, 1)
	b, err := split(t, wasm("\x01\x01\x00"), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := sealwax.SignOptions{Fields: []sealwax.Field{{Name: "version", Value: "1"}}, Extensible: true}
	signed := embed(t, b, k, o)
	if got := shape(t, signed); got != "s sealwax.meta |" {
		t.Errorf("got %q", got)
	}
	allows(t, signed, k.Public())
	if got := shape(t, embed(t, signed, secret(t, 2), sealwax.SignOptions{Fields: []sealwax.Field{{Name: "version", Value: "1"}}})); got != "s sealwax.meta |" {
		t.Errorf("the same statements by a second signer: %q", got)
	}
	if got := shape(t, embed(t, wasm("\x01\x01\x00"), k, o)); got != "s sealwax.meta |" {
		t.Errorf("without a delimiter before: %q", got)
	}
}

// TestMetadataBehind: metadata behind the part that somebody signed binds only
// those who signed it as well.
func TestMetadataBehind(t *testing.T) {
	k1, k2 := secret(t, 1), secret(t, 2)
	b := embed(t, plain(t), k1, sealwax.SignOptions{Extensible: true})
	b = embed(t, b, k2, sealwax.SignOptions{Fields: []sealwax.Field{{Name: "version", Value: "2"}}})
	r, err := verify(t, b, anyOf(1), nil, k1.Public(), k2.Public())
	if err != nil || len(r.Counted) != 1 || len(r.Uncounted) != 1 {
		t.Fatalf("%v %+v", err, r)
	}
	if r.Counted[0].Values("version") == nil || r.Uncounted[0].Values("version") != nil {
		t.Errorf("%+v %+v", r.Counted[0].Fields, r.Uncounted[0].Fields)
	}
}

func TestMetadataRefused(t *testing.T) {
	k := secret(t, 1)
	version := func(v string) sealwax.SignOptions {
		return sealwax.SignOptions{Fields: []sealwax.Field{{Name: "version", Value: v}}}
	}
	b := embed(t, plain(t), k, version("1"))
	bare, err := strip(t, b)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tryEmbed(t, bare, k, version("2"))
	fails(t, err, "states other metadata")
	again := embed(t, bare, k, version("1"))
	if !bytes.Equal(again, b) || !bytes.Equal(embed(t, bare, k, sealwax.SignOptions{}), b) {
		t.Error("the same statements were added once more")
	}
	_, err = tryEmbed(t, plain(t), k, version("two\nlines"))
	fails(t, err, "not printable")

	twice := append(bytes.Clone(plain(t)), custom(MetaSection, "version=1\n")+custom(MetaSection, "version=1\n")...)
	_, err = tryEmbed(t, twice, k, sealwax.SignOptions{})
	fails(t, err, "more than one")
	garbled := append(bytes.Clone(plain(t)), custom(MetaSection, "version")...)
	_, err = tryEmbed(t, garbled, k, sealwax.SignOptions{})
	fails(t, err, "metadata")
	long := append(bytes.Clone(plain(t)), custom(MetaSection, strings.Repeat("v", MaxMeta+1))...)
	_, err = tryEmbed(t, long, k, sealwax.SignOptions{})
	fails(t, err, "too long")
	// Signed all the same, by another tool: refused whoever signed.
	for name, b := range map[string][]byte{"twice": twice, "garbled": garbled, "long": long} {
		t.Run(name, func(t *testing.T) {
			r, err := verify(t, b, anyOf(1), beside1(detachedSig(t, b, k)), k.Public())
			if err == nil || !r.Has(sealwax.CodeMetadataInvalid) {
				t.Errorf("%v %+v", err, r.Findings)
			}
		})
	}
}

// TestExamine: form is a matter of its own, whatever signed the file.
func TestExamine(t *testing.T) {
	for _, tc := range []struct {
		name string
		b    []byte
		code sealwax.Code // "" is well formed, "plain" an error without a code
	}{
		{"module", plain(t), ""},
		{"component", vector(t, "comp0.wasm"), ""},
		{"metadata", wasm(custom(MetaSection, "a=b\n")), ""},
		{"trailing", append(bytes.Clone(plain(t)), 0), "plain"},
		{"misfit", append([]byte(componentPreamble), plain(t)[8:]...), "plain"},
		{"trailing, and metadata", append(wasm(custom(MetaSection, "a=b\n")), 0), sealwax.CodeArtifactMalformed},
		{"misfit, and metadata", wasm(custom(MetaSection, "a=b\n"), "\x0e\x00"), sealwax.CodeArtifactMalformed},
		{"garbled metadata", wasm(custom(MetaSection, "a")), sealwax.CodeMetadataInvalid},
	} {
		a := artifact(t, tc.b)
		form := Format{}.Examine(a)
		if err := a.Read(context.Background()); err != nil {
			t.Fatal(err)
		}
		stated, err := form()
		coded := (*sealwax.CodedError)(nil)
		switch {
		case tc.code == "":
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
		case tc.code == "plain":
			if err == nil || errors.As(err, &coded) {
				t.Errorf("%s: %v", tc.name, err)
			}
		case !errors.As(err, &coded) || coded.Code != tc.code:
			t.Errorf("%s: %v", tc.name, err)
		}
		if tc.name == "metadata" && (len(stated.Fields) != 1 || stated.End != int64(len(tc.b))) {
			t.Errorf("stated %+v", stated)
		}
	}
	if (Format{}).Examine(artifact(t, []byte("text"))) != nil || (Format{}).Digest(artifact(t, []byte("text"))) != nil {
		t.Error("a file is no binary")
	}
}

func TestMakeRefuses(t *testing.T) {
	k := secret(t, 1)
	try := func(b []byte, o sealwax.SignOptions) error {
		_, err := Format{}.Make(context.Background(), artifact(t, b), k, o)
		return err
	}
	fails(t, try([]byte("text"), sealwax.SignOptions{}), "no WebAssembly")
	fails(t, try(plain(t), sealwax.SignOptions{Comment: "c"}), "no room for a comment")
	fails(t, try(plain(t), sealwax.SignOptions{Fields: []sealwax.Field{{Name: "a", Value: "b"}}}), "embed the signature")
	fails(t, try(plain(t), sealwax.SignOptions{Extensible: true}), "embed the signature")
	fails(t, try(append(bytes.Clone(plain(t)), 0), sealwax.SignOptions{}), "malformed")
	fails(t, try(append([]byte(componentPreamble), plain(t)[8:]...), sealwax.SignOptions{}), "malformed")
	fails(t, try(append(bytes.Clone(plain(t)), custom(signatureSection, "x")...), sealwax.SignOptions{}), "not the first section")
}

func TestEmbedRefuses(t *testing.T) {
	k := secret(t, 1)
	try := func(b []byte, o sealwax.SignOptions) error {
		_, err := tryEmbed(t, b, k, o)
		return err
	}
	fails(t, try([]byte("text"), sealwax.SignOptions{}), "no WebAssembly")
	fails(t, try(plain(t), sealwax.SignOptions{Comment: "c"}), "no room for a comment")
	fails(t, try(append(bytes.Clone(plain(t)), 0), sealwax.SignOptions{}), "malformed")
	fails(t, try(append([]byte(componentPreamble), plain(t)[8:]...), sealwax.SignOptions{}), "malformed")
	fails(t, try(vector(t, "t_dupsig.wasm"), sealwax.SignOptions{}), "second signature section")
	fails(t, try(vector(t, "t_nonmin_sig.wasm"), sealwax.SignOptions{}), "longer than it needs")
	fails(t, try(vector(t, "t_sigtrail.wasm"), sealwax.SignOptions{}), "follow the last set")
	fails(t, try(signedWith(plain(t), []byte("\x02\x02keyless")), sealwax.SignOptions{}), "sigil")
	fails(t, try(wasm(custom(signatureSection, wasmECC)), sealwax.SignOptions{}), "wasm-sign")
	fails(t, try(vector(t, "v_speclayout.wasm"), sealwax.SignOptions{}), "strip that first")
}

// TestLimitsWhenSigning: what could not be read is not written.
func TestLimitsWhenSigning(t *testing.T) {
	k := secret(t, 1)
	parts := func(n int) []byte {
		var out []string
		for range n {
			out = append(out, custom("part", "x"), custom(delimiterSection, strings.Repeat("d", 16)))
		}
		return wasm(out...)
	}
	allows(t, embed(t, parts(64), k, sealwax.SignOptions{}), k.Public())
	_, err := tryEmbed(t, parts(65), k, sealwax.SignOptions{})
	fails(t, err, "65 parts")
	_, err = Format{}.Make(context.Background(), artifact(t, parts(65)), k, sealwax.SignOptions{})
	fails(t, err, "65 parts")
	_, err = split(t, parts(65), nil)
	fails(t, err, "65 parts")

	p := &Payload{}
	s := newScan()
	_, _ = s.Write(plain(t))
	s.finish()
	set := Set{Hashes: s.raw.sums, Records: slicesRepeat(Record{Alg: AlgEd25519, Rest: []byte(block(sig64))}, MaxSignatures)}
	p.Sets = []Set{set}
	payload, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	_, err = tryEmbed(t, signedWith(plain(t), payload), k, sealwax.SignOptions{})
	fails(t, err, "257 signatures")
	other := Set{Hashes: []Hash{{1}}, Records: set.Records[:1]}
	payload, err = (&Payload{Sets: slicesRepeat(other, MaxSets)}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	_, err = tryEmbed(t, signedWith(plain(t), payload), k, sealwax.SignOptions{})
	fails(t, err, "65 sets")
}

// liar is a signer whose signatures are bad.
type liar struct{ *key.Secret }

func (l liar) Sign(ctx context.Context, r key.SignRequest) ([]byte, error) {
	sig, err := l.Secret.Sign(ctx, r)
	if err == nil {
		sig[3] ^= 1
	}
	return sig, err
}

func TestBadSigner(t *testing.T) {
	_, err := tryEmbed(t, plain(t), liar{secret(t, 1)}, sealwax.SignOptions{})
	if !errors.Is(err, key.ErrBadSignature) {
		t.Errorf("got %v", err)
	}
	for _, by := range []key.Signer{liar{secret(t, 1)}, mute{secret(t, 1)}} {
		if sig, err := (Format{}).Make(context.Background(), artifact(t, plain(t)), by, sealwax.SignOptions{}); err == nil {
			t.Errorf("%T made %x", by, sig)
		}
	}
	if _, err := tryEmbed(t, plain(t), mute{secret(t, 1)}, sealwax.SignOptions{}); !errors.Is(err, errMute) {
		t.Errorf("got %v", err)
	}
}

// mute is a signer that does not sign.
type mute struct{ *key.Secret }

var errMute = errors.New("no")

func (mute) Sign(context.Context, key.SignRequest) ([]byte, error) { return nil, errMute }

func TestAttachRefuses(t *testing.T) {
	try := func(module, sig string) error {
		_, err := attach(t, vector(t, module+".wasm"), vector(t, sig))
		return err
	}
	fails(t, try("s1", "d.sig"), "holds a signature section already")
	fails(t, try("b", "d.sig"), "changed after it was signed")
	fails(t, try("pad", "pad.sig"), "shorter section sizes")
	fails(t, try("a", "k1.pk"), "the signature to attach")
	if err := try("a", "d2.sig"); err != nil {
		t.Error(err)
	}
	if _, err := attach(t, []byte("text"), vector(t, "d.sig")); err == nil {
		t.Error("attached to text")
	}
}

func TestDetachRefuses(t *testing.T) {
	_, _, err := detach(t, plain(t))
	fails(t, err, "no signature to detach")
	_, _, err = detach(t, vector(t, "t_sigtrail.wasm"))
	fails(t, err, "follow the last set")
	_, _, err = detach(t, vector(t, "t_dupsig.wasm"))
	fails(t, err, "second signature section")
}

func TestStripAll(t *testing.T) {
	a := plain(t)
	sig := custom(signatureSection, "whatever")
	b := []byte(string(a[:8]) + sig + string(a[8:]) + sig + sig)
	if got, err := strip(t, b); err != nil || !bytes.Equal(got, a) {
		t.Errorf("%v %x", err, got)
	}
	if got, err := strip(t, []byte("text")); err != nil || string(got) != "text" {
		t.Errorf("%v %q", err, got)
	}
	if _, err := strip(t, append(bytes.Clone(a), 0)); !errors.Is(err, wasmbin.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func TestDigestRefuses(t *testing.T) {
	_, err := digest(t, append(bytes.Clone(plain(t)), 0))
	fails(t, err, "malformed")
	_, err = digest(t, vector(t, "t_dupsig.wasm"))
	fails(t, err, "second signature section")
	_, err = digest(t, append(bytes.Clone(plain(t)), custom(signatureSection, "x")...))
	fails(t, err, "not the first section")
}

// shape spells a module's sections: s standard, d delimiter, else the name.
func shape(t testing.TB, b []byte) string {
	m, err := open(artifact(t, b))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range m.sections {
		switch {
		case s.ID != 0:
			out = append(out, "s")
		case s.Name == delimiterSection:
			out = append(out, "|")
			if s.End-s.Payload != delimiterSize {
				t.Errorf("a delimiter of %d bytes", s.End-s.Payload)
			}
		default:
			out = append(out, s.Name)
		}
	}
	return strings.Join(out, " ")
}

func TestSplit(t *testing.T) {
	const typ, imp = "\x01\x01\x00", "\x02\x01\x00"
	delimiter := custom(delimiterSection, strings.Repeat("d", 16))
	for _, tc := range []struct {
		b    []byte
		re   string
		want string
	}{
		{wasm(), "", "|"},
		{wasm(typ, imp), "", "s s |"},
		{wasm(typ, custom("a", ""), imp), "", "s a s |"},
		{wasm(typ, custom("a", ""), custom("b", "")), "a", "s a | b |"},
		{wasm(typ, custom("a", ""), imp), "^$", "s | a | s |"},
		{wasm(custom("x", ""), typ), "^$", "x | s |"},
		{wasm(typ, delimiter, custom("x", "")), "^$", "s | x |"},
		{wasm(typ, delimiter), "", "s |"},
		{wasm(typ, delimiter, custom("x", ""), imp), "^$", "s | x | s |"},
	} {
		var re *regexp.Regexp
		if tc.re != "" {
			re = regexp.MustCompile(tc.re)
		}
		got, err := split(t, tc.b, re)
		if err != nil {
			t.Errorf("%s: %v", tc.want, err)
		} else if s := shape(t, got); s != tc.want {
			t.Errorf("got %q, want %q", s, tc.want)
		}
	}
	_, err := split(t, vector(t, "s1.wasm"), nil)
	fails(t, err, "it is signed")
	one, _ := split(t, plain(t), nil)
	two, _ := split(t, plain(t), nil)
	if bytes.Equal(one, two) {
		t.Error("delimiters are not random")
	}
}

// TestSplitSign: every part of a split module is signed, and each counts.
func TestSplitSign(t *testing.T) {
	k := secret(t, 1)
	b, err := split(t, vector(t, "b.wasm"), regexp.MustCompile("^$"))
	if err != nil {
		t.Fatal(err)
	}
	signed := embed(t, b, k, sealwax.SignOptions{})
	allows(t, signed, k.Public())
	p := payloadOf(t, signed)
	if n := len(p.Sets[0].Hashes); n < 2 {
		t.Fatalf("%d hashes", n)
	}
	m, err := open(artifact(t, signed))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range m.sections {
		if s.End < int64(len(signed)) {
			denies(t, signed[:s.End], sealwax.CodeSignatureInvalid, k.Public())
		}
	}
}
