// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
	"github.com/sealwax/sealwax/key"
)

const (
	modulePreamble    = "\x00asm\x01\x00\x00\x00"
	componentPreamble = "\x00asm\x0d\x00\x01\x00"
)

func custom(name, payload string) string {
	return string(wasmbin.AppendCustom(nil, name, []byte(payload)))
}

func wasm(sections ...string) []byte { return []byte(modulePreamble + strings.Join(sections, "")) }

// plain is a small module that engines take.
func plain(t testing.TB) []byte { return vector(t, "a.wasm") }

// signedWith puts a payload in front of a module's sections.
func signedWith(b, payload []byte) []byte {
	out := wasmbin.AppendCustom(bytes.Clone(b[:8]), signatureSection, payload)
	return append(out, b[8:]...)
}

func payloadOf(t testing.TB, b []byte) *Payload {
	t.Helper()
	m, err := open(artifact(t, b))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(m.payload)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPrefix: leading parts count only where a policy says so, and then only if
// what follows is custom, allowed by name and not on the deny list.
func TestPrefix(t *testing.T) {
	k := secret(t, 1)
	signed := embed(t, plain(t), k, sealwax.SignOptions{Extensible: true})
	allow := func(re string) *sealwax.Policy {
		p := anyOf(1)
		p.Prefix, p.AllowUncovered = true, regexp.MustCompile(re)
		return p
	}
	for _, tc := range []struct {
		name   string
		added  string
		policy *sealwax.Policy
		ok     bool
	}{
		{"nothing added, whole", "", anyOf(1), true},
		{"added, whole", custom("note", "x"), anyOf(1), false},
		{"added, prefix, not allowed by name", custom("note", "x"), &sealwax.Policy{Need: anyOf(1).Need, Prefix: true}, false},
		{"allowed by name", custom("note", "x"), allow("note"), true},
		{"allowed by half a name", custom("notebook", "x"), allow("note"), false},
		{"one of two not allowed", custom("note", "x") + custom("other", "x"), allow("note"), false},
		{"both allowed", custom("note", "x") + custom("other", "x"), allow("note|other"), true},
		{"deny list: target_features", custom("target_features", "x"), allow(".*"), false},
		{"deny list: a precompiled part", custom("precompiled_x", "x"), allow(".*"), false},
		{"deny list: metadata of ours", custom(MetaSection, "name=x\n"), allow(".*"), false},
		{"deny list: another signature's name", custom("signature_wasmsign", "x"), allow(".*"), false},
		{"a delimiter that is allowed", custom(delimiterSection, "x"), allow(".*"), true},
		{"a delimiter that is not", custom(delimiterSection, "x"), allow("more"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := verify(t, append(bytes.Clone(signed), tc.added...), tc.policy, nil, k.Public())
			if (err == nil) != tc.ok {
				t.Fatalf("%v, %+v", r.Verdict, r.Findings)
			}
			if !tc.ok && !r.Has(sealwax.CodeSignaturePartial) {
				t.Errorf("no finding of partial coverage: %+v", r.Findings)
			}
		})
	}
}

// TestPrefixStandardSection: code never stays uncovered.
func TestPrefixStandardSection(t *testing.T) {
	k := secret(t, 1)
	p := anyOf(1)
	p.Prefix, p.AllowUncovered = true, regexp.MustCompile(".*")
	signed := embed(t, wasm("\x01\x01\x00"), k, sealwax.SignOptions{Extensible: true})
	r, err := verify(t, append(signed, "\x0a\x01\x00"...), p, nil, k.Public())
	if err == nil || !r.Has(sealwax.CodeSignaturePartial) {
		t.Errorf("%v, %+v", err, r.Findings)
	}
}

// TestCoverage: the report says exactly what is covered and what is not.
func TestCoverage(t *testing.T) {
	k := secret(t, 1)
	signed := embed(t, plain(t), k, sealwax.SignOptions{Extensible: true})
	added := custom("note", "hello")
	r, _ := verify(t, append(bytes.Clone(signed), added...), anyOf(1), nil, k.Public())
	if len(r.Uncounted) != 1 {
		t.Fatalf("claims: %+v", r.Uncounted)
	}
	want := sealwax.Coverage{Prefix: 1, Parts: 2, End: int64(len(signed)), Uncovered: []sealwax.Section{
		{ID: 0, Name: "note", Offset: int64(len(signed)), Size: int64(len(added))},
	}}
	if d := cmp.Diff(want, r.Uncounted[0].Covers); d != "" {
		t.Error(d)
	}
	r, _ = verify(t, signed, anyOf(1), nil, k.Public())
	want = sealwax.Coverage{Whole: true, Prefix: 1, Parts: 1, End: int64(len(signed))}
	if d := cmp.Diff(want, r.Counted[0].Covers); d != "" {
		t.Error(d)
	}
}

// TestCovered is rule D4, case by case.
func TestCovered(t *testing.T) {
	h := func(n byte) Hash { return Hash{n} }
	three := &parts{count: 3, sums: []Hash{h(1), h(2), h(3)}, whole: h(3)}
	for _, tc := range []struct {
		name   string
		hashes []Hash
		want   int
	}{
		{"none", nil, 0},
		{"one for each part", []Hash{h(1), h(2), h(3)}, 3},
		{"one of the whole", []Hash{h(3)}, 3},
		{"one of the first part", []Hash{h(1)}, 1},
		{"one of the first two parts", []Hash{h(2)}, 2},
		{"the first two", []Hash{h(1), h(2)}, 2},
		{"one of something else", []Hash{h(9)}, 0},
		{"one too many", []Hash{h(1), h(2), h(3), h(4)}, 0},
		{"last wrong", []Hash{h(1), h(2), h(9)}, 0},
		{"first wrong", []Hash{h(9), h(2), h(3)}, 0},
		{"one left out", []Hash{h(1), h(3)}, 0},
		{"the last twice", []Hash{h(3), h(3)}, 0},
		{"out of order", []Hash{h(2), h(1), h(3)}, 0},
	} {
		if got := three.covered(tc.hashes); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
	many := &parts{count: 70, sums: make([]Hash, MaxHashes), whole: h(7)}
	if got := many.covered([]Hash{h(7)}); got != 70 {
		t.Errorf("one hash of a body of 70 parts: %d", got)
	}
	if got := many.covered(make([]Hash, 66)); got != 0 {
		t.Errorf("more hashes than are kept: %d", got)
	}
}

// TestKeyID: the id is a hint. A wrong one does not hide a good signature, and
// one that is the key's own says whose a bad one is.
func TestKeyID(t *testing.T) {
	k, other := secret(t, 1), secret(t, 2)
	p := payloadOf(t, embed(t, plain(t), k, sealwax.SignOptions{}))
	with := func(edit func(*Record)) []byte {
		q := Payload{Sets: []Set{{Hashes: p.Sets[0].Hashes, Records: []Record{p.Sets[0].Records[0]}}}}
		q.Sets[0].Records[0].Rest = bytes.Clone(q.Sets[0].Records[0].Rest)
		edit(&q.Sets[0].Records[0])
		b, err := q.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return signedWith(plain(t), b)
	}
	allows(t, with(func(r *Record) { r.KeyID = other.Public().WasmsignID() }), k.Public())
	allows(t, with(func(r *Record) { r.KeyID = nil }), other.Public(), k.Public())
	bad := func(r *Record) { r.Rest[40] ^= 1 }
	denies(t, with(bad), sealwax.CodeSignatureInvalid, k.Public())
	denies(t, with(bad), sealwax.CodeSignatureInvalid, other.Public(), k.Public())
	denies(t, with(func(r *Record) { bad(r); r.KeyID = nil }), sealwax.CodeSignerUnknown, k.Public())
	denies(t, with(func(*Record) {}), sealwax.CodeSignerUnknown, other.Public())
	h := newSignature(sealwax.Embedded, nil, &p.Sets[0], &p.Sets[0].Records[0]).Hint()
	want := sealwax.Hint{Format: "wasmsig", Source: "embedded", KeyID: k.Public().WasmsignID(), Label: hex.EncodeToString(k.Public().WasmsignID())}
	if d := cmp.Diff(want, h); d != "" {
		t.Error(d)
	}
}

// TestOneSignerCountsOnce: two records by one key are one signer.
func TestOneSignerCountsOnce(t *testing.T) {
	k := secret(t, 1)
	p := payloadOf(t, embed(t, plain(t), k, sealwax.SignOptions{}))
	again := p.Sets[0].Records[0]
	again.KeyID = []byte("another id")
	p.Sets[0].Records = append(p.Sets[0].Records, again)
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify(t, signedWith(plain(t), b), anyOf(2), nil, k.Public(), secret(t, 2).Public())
	if err == nil || r.Have != 1 {
		t.Errorf("%d signers, %v", r.Have, err)
	}
}

// TestOtherDomain: a signature is over "wasmsig", the head and the hashes, and
// over nothing else.
func TestOtherDomain(t *testing.T) {
	k := secret(t, 1)
	good := payloadOf(t, embed(t, plain(t), k, sealwax.SignOptions{}))
	hashes := good.Sets[0].Hashes
	for name, message := range map[string][]byte{
		"the hashes alone": hashes[0][:],
		"another domain":   append([]byte("elfsig\x01\x01\x01"), hashes[0][:]...),
		"no head":          append([]byte("wasmsig"), hashes[0][:]...),
		"twice the hash":   append([]byte("wasmsig\x01\x01\x01"), append(hashes[0][:], hashes[0][:]...)...),
	} {
		sig, err := k.Sign(context.Background(), key.SignRequest{Scheme: key.SchemeEd25519, Message: message})
		if err != nil {
			t.Fatal(err)
		}
		p := Payload{Sets: []Set{{Hashes: hashes, Records: []Record{newRecord(k.Public(), sig)}}}}
		b, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { denies(t, signedWith(plain(t), b), sealwax.CodeSignatureInvalid, k.Public()) })
	}
}

// TestPlacement: one signature section, in front, or none.
func TestPlacement(t *testing.T) {
	k := secret(t, 1)
	a := plain(t)
	signed := embed(t, a, k, sealwax.SignOptions{})
	section := string(signed[8 : len(signed)-len(a)+8])
	sig := detachedSig(t, a, k)
	for name, b := range map[string][]byte{
		"at the end":       append(bytes.Clone(a), section...),
		"second":           []byte(string(a[:8]) + custom("x", "y") + section + string(a[8:])),
		"twice":            []byte(string(a[:8]) + section + section + string(a[8:])),
		"front and end":    append(bytes.Clone(signed), section...),
		"empty one behind": append(bytes.Clone(signed), custom(signatureSection, "")...),
	} {
		t.Run(name, func(t *testing.T) {
			denies(t, b, sealwax.CodeSignatureMalformed, k.Public())
			r, err := verify(t, b, anyOf(1), beside1(sig), k.Public())
			if err == nil {
				t.Errorf("a detached signature saves it: %+v", r.Findings)
			}
		})
	}
	huge := signedWith(a, append([]byte(payloadHead), make([]byte, MaxPayload)...))
	denies(t, huge, sealwax.CodeSignatureMalformed, k.Public())
}

// TestPlacementAtCheck: what Find saw is not what decides. A section that is
// swapped or misplaced between the first look and the read is refused.
func TestPlacementAtCheck(t *testing.T) {
	k := secret(t, 1)
	a := plain(t)
	signed := embed(t, a, k, sealwax.SignOptions{})
	swapped := bytes.Clone(signed)
	swapped[bytes.Index(swapped, k.Public().WasmsignID())] ^= 1
	twice := append(bytes.Clone(signed), custom(signatureSection, "x")...)
	for name, tc := range map[string]struct {
		b    []byte
		code sealwax.Code
	}{
		"swapped": {swapped, ""},
		"twice":   {twice, sealwax.CodeSignatureMalformed},
		"cut":     {signed[:len(signed)-1], sealwax.CodeArtifactMalformed},
		"kind":    {append([]byte(componentPreamble), signed[8:]...), sealwax.CodeArtifactMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := Format{}.Find(context.Background(), artifact(t, signed))
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			second := artifact(t, tc.b)
			found[0].Plan(second, nil)
			if err := second.Read(context.Background()); err != nil {
				t.Fatal(err)
			}
			_, err = found[0].Check(context.Background(), second, sealwax.Anchor{Key: k.Public()})
			coded := (*sealwax.CodedError)(nil)
			if tc.code == "" && !errors.Is(err, errSwapped) || tc.code != "" && (!errors.As(err, &coded) || coded.Code != tc.code) {
				t.Errorf("got %v, want %s", err, tc.code)
			}
		})
	}
}

// TestCheckUnread: without its meter, nothing is proven.
func TestCheckUnread(t *testing.T) {
	k := secret(t, 1)
	a := artifact(t, embed(t, plain(t), k, sealwax.SignOptions{}))
	found, err := Format{}.Find(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := found[0].Check(context.Background(), a, sealwax.Anchor{Key: k.Public()}); !errors.Is(err, errNotRead) {
		t.Errorf("got %v", err)
	}
	if _, err := (Format{}).Examine(a)(); !errors.Is(err, errNotRead) {
		t.Errorf("Examine: %v", err)
	}
	if _, err := (Format{}).Digest(a)(); !errors.Is(err, errNotRead) {
		t.Errorf("Digest: %v", err)
	}
}

// TestZeroAnchor: nobody signs nothing.
func TestZeroAnchor(t *testing.T) {
	denies(t, embed(t, plain(t), secret(t, 1), sealwax.SignOptions{}), sealwax.CodeSignerUnknown, key.Public{})
}

// TestManyNames: the list of what is uncovered is whole, or nothing is proven.
func TestManyNames(t *testing.T) {
	k := secret(t, 1)
	b := wasm(strings.Repeat(custom(strings.Repeat("n", 60<<10), ""), 18))
	sig := detachedSig(t, plain(t), k)
	p, err := Parse(sig)
	if err != nil {
		t.Fatal(err)
	}
	s := newScan()
	_, _ = s.Write(b)
	s.finish()
	set := Set{Hashes: s.raw.sums}
	if err := set.sign(context.Background(), k); err != nil {
		t.Fatal(err)
	}
	p.Sets[0] = set
	payload, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	denies(t, signedWith(b, payload), sealwax.CodeArtifactMalformed, k.Public())
	if n := len(s.sections); n > 17 {
		t.Errorf("%d sections are kept", n)
	}
	if _, err := (Format{}).Make(context.Background(), artifact(t, b), k, sealwax.SignOptions{}); err == nil {
		t.Error("it was signed")
	}
}

// TestManyParts: one hash of the whole covers more parts than can be signed one
// by one.
func TestManyParts(t *testing.T) {
	k := secret(t, 1)
	b := wasm(strings.Repeat(custom(delimiterSection, "0123456789abcdef"), 70), custom("last", "x"))
	s := newScan()
	_, _ = s.Write(b)
	s.finish()
	set := Set{Hashes: []Hash{s.raw.whole}}
	if err := set.sign(context.Background(), k); err != nil {
		t.Fatal(err)
	}
	payload, err := (&Payload{Sets: []Set{set}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify(t, signedWith(b, payload), anyOf(1), nil, k.Public())
	if err != nil || r.Counted[0].Covers.Parts != 71 {
		t.Errorf("%v %+v", err, r.Findings)
	}
}

// TestBesideNoModule: a module signature beside anything else is a finding.
func TestBesideNoModule(t *testing.T) {
	r, err := verify(t, []byte("hello"), anyOf(1), beside1(vector(t, "d.sig")), public(t, "k1"))
	if err == nil || !r.Has(sealwax.CodeSignatureMalformed) {
		t.Errorf("%v, %+v", err, r.Findings)
	}
}
