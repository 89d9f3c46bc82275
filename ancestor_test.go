// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// native is what an engine made of a module, as far as its first bytes say.
const native = "\x7fELF\x02\x01\x01\xc8 native code"

var (
	app       = sealwax.Ancestor{Name: "app.wasm", Digest: "sha256:aa", Sums: "blake2b-512:01,sha256:aa"}
	elsewhere = sealwax.Ancestor{Name: "app.wasm", Digest: "sha256:aa", Sums: "blake2b-512:02,sha256:aa"}
)

// built is a signature by the nth key that says what native was made from.
func built(n int, from sealwax.Ancestor, change ...func(*ink)) *ink {
	s := signed(n, change...)
	s.hint.Role, s.from, s.sum = sealwax.RoleNative, from, sha256.Sum256([]byte(native))
	return s
}

// carriedBy is a signature by the nth key on an ancestor.
func carriedBy(n int, of sealwax.Ancestor, change ...func(*ink)) *ink {
	s := signed(n, change...)
	s.hint.Role, s.of = sealwax.RoleRelease, of
	return s
}

// both asks for a signer of the source and one of the native code.
func both(change ...func(*sealwax.Policy)) *sealwax.Policy {
	p := &sealwax.Policy{Need: sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{
		{Need: 1, Role: sealwax.RoleRelease}, {Need: 1, Role: sealwax.RoleNative},
	}}}
	for _, c := range change {
		c(p)
	}
	return p
}

// roles knows the first test key in the role release and the second in native;
// the third in both.
func roles() sealwaxtest.Trust {
	return append(sealwaxtest.Trusting(sealwax.RoleRelease, sealwaxtest.Key(1).Public(), sealwaxtest.Key(3).Public()),
		sealwaxtest.Trusting(sealwax.RoleNative, sealwaxtest.Key(2).Public(), sealwaxtest.Key(3).Public())...)
}

// TestCompiled: compiled code needs both, each in its own role, bound to each other.
func TestCompiled(t *testing.T) {
	old := func(s *ink) { s.fields = append(s.fields, sealwax.Field{Name: "engine-version", Value: "43.0.0"}) }
	engine := func(op, v string) func(*sealwax.Policy) {
		return func(p *sealwax.Policy) {
			p.Require = []sealwax.Requirement{{Name: "engine-version", Op: op, Value: v, Role: sealwax.RoleNative}}
		}
	}
	for _, tc := range []struct {
		name string
		sigs []*ink
		p    *sealwax.Policy
		void map[string]string
		want sealwax.Verdict
		code sealwax.Code
	}{
		{"both", []*ink{built(2, app), carriedBy(1, app)}, both(), nil, sealwax.Allow, ""},
		{"one key that is listed in both roles", []*ink{built(3, app), carriedBy(3, app)}, both(), nil, sealwax.Allow, ""},
		{"no signer of the source", []*ink{built(2, app)}, both(), nil, sealwax.Deny, sealwax.CodeSourceUnsigned},
		{"a policy that forgets the source", []*ink{built(2, app)}, sealwax.AnyOf(1, sealwax.RoleNative), nil, sealwax.Deny, sealwax.CodeSourceUnsigned},
		{"a self-check", []*ink{built(2, app)}, &sealwax.Policy{Need: sealwax.Quorum{Need: 1, Role: sealwax.RoleNative}, AnySource: true}, nil, sealwax.Allow, ""},
		{"no compiler", []*ink{carriedBy(1, app)}, both(), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"a policy that forgets the compiler", []*ink{built(2, app), carriedBy(1, app)}, sealwax.AnyOf(1, sealwax.RoleRelease), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"a signature on something else", []*ink{built(2, app), carriedBy(1, elsewhere)}, both(), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"an ancestor without digests", []*ink{built(2, sealwax.Ancestor{Name: "x"}), carriedBy(1, sealwax.Ancestor{Name: "x"})}, both(), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"the publisher compiles", []*ink{built(1, app), carriedBy(1, app)}, both(), nil, sealwax.Deny, sealwax.CodeSignerRole},
		{"the compiler publishes", []*ink{built(2, app), carriedBy(2, app)}, both(), nil, sealwax.Deny, sealwax.CodeSignerRole},
		{"a stranger compiles", []*ink{built(4, app), carriedBy(1, app)}, both(), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"a file's signature beside it", []*ink{signed(1, func(s *ink) { s.sum = sha256.Sum256([]byte(native)) })}, sealwax.AnyOf(1, sealwax.RoleRelease), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"which does not make up the source's threshold", []*ink{built(2, app), carriedBy(1, app), signed(3, func(s *ink) { s.sum = sha256.Sum256([]byte(native)) })}, both(func(p *sealwax.Policy) { p.Need.Of[0].Need = 2 }), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"two who say different things", []*ink{built(2, app), built(3, elsewhere), carriedBy(1, app)}, both(), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"one of whom nobody asked for", []*ink{built(2, app), built(1, elsewhere), carriedBy(1, app)}, both(), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"two who say the same", []*ink{built(2, app), built(3, app), carriedBy(1, app)}, both(), nil, sealwax.Allow, ""},
		{"a source that is blocked by its file's digest", []*ink{built(2, sealwax.Ancestor{Name: "a", Digest: "sha256:bb", Sums: "sha256:aa"}), carriedBy(1, app)}, both(), map[string]string{"sha256:aa": "no"}, sealwax.Deny, sealwax.CodeArtifactBlocked},
		{"a version that is not wanted in another spelling", []*ink{built(2, app, states("engine-version", "43.0.0+x")), carriedBy(1, app)}, both(engine("!=", "43.0.0")), nil, sealwax.Deny, sealwax.CodeMetadataUnmet},
		{"and in one that is none", []*ink{built(2, app, states("engine-version", "v43")), carriedBy(1, app)}, both(engine("!=", "43.0.0")), nil, sealwax.Deny, sealwax.CodeMetadataUnmet},
		{"a word that is not wanted", []*ink{built(2, app, states("engine-version", "next")), carriedBy(1, app)}, both(engine("!=", "last")), nil, sealwax.Allow, ""},
		{"a blocked source", []*ink{built(2, app), carriedBy(1, app)}, both(), map[string]string{"sha256:aa": "no"}, sealwax.Deny, sealwax.CodeArtifactBlocked},
		{"an engine that is asked for", []*ink{built(2, app, old), carriedBy(1, app)}, both(engine("", "43.0.0")), nil, sealwax.Allow, ""},
		{"an engine that is too old", []*ink{built(2, app, old), carriedBy(1, app)}, both(engine(">=", "44.0.0")), nil, sealwax.Deny, sealwax.CodeMetadataUnmet},
		{"an engine that is not wanted", []*ink{built(2, app, old), carriedBy(1, app)}, both(engine("!=", "43.0.0")), nil, sealwax.Deny, sealwax.CodeMetadataUnmet},
		{"another than is not wanted", []*ink{built(2, app, old), carriedBy(1, app)}, both(engine("!=", "42.0.0")), nil, sealwax.Allow, ""},
		{"what is asked of the source only", []*ink{built(2, app), carriedBy(1, app, states("version", "1"))}, both(func(p *sealwax.Policy) {
			p.Require = []sealwax.Requirement{{Name: "version", Value: "1"}}
		}), nil, sealwax.Allow, ""},
		{"and what the source does not state", []*ink{built(2, app, states("version", "1")), carriedBy(1, app)}, both(func(p *sealwax.Policy) {
			p.Require = []sealwax.Requirement{{Name: "version", Value: "1"}}
		}), nil, sealwax.Deny, sealwax.CodeMetadataUnmet},
		{"the source's own name", []*ink{built(2, app), carriedBy(1, app, states("file", "app.wasm"))}, both(func(p *sealwax.Policy) { p.NamesAgree = true }), nil, sealwax.Allow, ""},
		{"the native code's name", []*ink{built(2, app), carriedBy(1, app, states("file", "app.cwasm"))}, both(func(p *sealwax.Policy) { p.NamesAgree = true }), nil, sealwax.Deny, sealwax.CodeNameMismatch},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(tc.sigs...)}, Trust: roles(), Void: tc.void}
			r, _ := verdict(t, v, sealwaxtest.Bytes("dir/app.cwasm", []byte(native)), tc.p)
			if r.Verdict != tc.want || tc.code != "" && !r.Has(tc.code) {
				t.Errorf("%v: %s", r.Verdict, codes(r))
			}
		})
	}
}

// TestRevokedSource: what a publisher has taken back is not run as native code
// either, and what it endorses is placed by the source's digest.
func TestRevokedSource(t *testing.T) {
	for name, tc := range map[string]struct {
		standing sealwax.Standing
		want     sealwax.Verdict
		code     sealwax.Code
	}{
		"revoked":            {sealwax.Standing{Revoked: map[string]string{"sha256:aa": "a mistake"}}, sealwax.Deny, sealwax.CodeArtifactRevoked},
		"others are revoked": {sealwax.Standing{Revoked: map[string]string{"sha256:bb": "a mistake"}}, sealwax.Allow, ""},
		"retired":            {sealwax.Standing{Ended: "retired"}, sealwax.Deny, sealwax.CodeSignatureUnplaced},
		"and endorsed":       {sealwax.Standing{Ended: "retired", Endorsed: map[string]string{"sha256:aa": "document 2"}}, sealwax.Allow, ""},
	} {
		t.Run(name, func(t *testing.T) {
			trusted := roles()
			trusted[0].Standing = tc.standing
			v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(built(2, app), carriedBy(1, app))}, Trust: trusted}
			r, _ := verdict(t, v, sealwaxtest.Bytes("app.cwasm", []byte(native)), both())
			if r.Verdict != tc.want || tc.code != "" && !r.Has(tc.code) {
				t.Errorf("%v: %s", r.Verdict, codes(r))
			}
		})
	}
}

// TestEndedCompiler: what a publisher endorses is the native code; what an ended key
// states of it, its source included, may be anybody's.
func TestEndedCompiler(t *testing.T) {
	sum := sha256.Sum256([]byte(native))
	trusted := roles()
	trusted[2].Standing = sealwax.Standing{Ended: "lost", Endorsed: map[string]string{"sha256:" + hex.EncodeToString(sum[:]): "document 2"}}
	v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(built(2, app), carriedBy(1, app))}, Trust: trusted}
	r, _ := verdict(t, v, sealwaxtest.Bytes("app.cwasm", []byte(native)), both())
	if r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSourceUnbound) || r.Has(sealwax.CodeSignatureUnplaced) {
		t.Errorf("%v: %s", r.Verdict, codes(r))
	}
}

// TestAnchorWithoutKey: a signer that is nobody's key has a name of its own.
func TestAnchorWithoutKey(t *testing.T) {
	by := sealwax.Anchor{ID: "rebuilt:here", Role: sealwax.RoleRebuilt}
	if by.Signer() != "rebuilt:here" || (sealwax.Anchor{}).Signer() != "" {
		t.Errorf("%q, and nobody is %q", by.Signer(), (sealwax.Anchor{}).Signer())
	}
}

// TestKinds: kinds are told from the first bytes.
func TestKinds(t *testing.T) {
	for head, want := range map[string]sealwax.Kind{
		"\x7fELF\x02\x01\x01\xc8":          sealwax.KindCompiled,
		"\x7fELF\x02\x01\x01\x00":          sealwax.KindProgram,
		"\x7fELF\x01\x01\x01\x03":          sealwax.KindProgram,
		"MZ\x90\x00\x03\x00\x00\x00":       sealwax.KindProgram,
		"\xcf\xfa\xed\xfe\x07\x00\x00\x01": sealwax.KindProgram,
		"\xfe\xed\xfa\xce\x00\x00\x00\x07": sealwax.KindProgram,
		"\xca\xfe\xba\xbe\x00\x00\x00\x02": sealwax.KindFile,
		"#!/bin/sh\n":                      sealwax.KindFile,
		"\x7fELG\x02\x01\x01\xc8":          sealwax.KindFile,
		"\x7fELF":                          sealwax.KindFile, // shorter than any object
	} {
		if got := sealwaxtest.Bytes("x", []byte(head)).Kind(); got != want {
			t.Errorf("%q is a %s, want %s", head, got, want)
		}
	}
}

// TestRemembered: signatures that were good on an artifact are good on what is
// remembered of it, and on nothing else.
func TestRemembered(t *testing.T) {
	formats := []sealwax.Format{minisign.Format{}, wasmsig.Format{}}
	module := []byte("\x00asm\x01\x00\x00\x00\x00\x06\x04namez")
	maker := sealwaxtest.NewPublisher("maker", 1, formats...)
	sigs, err := maker.Sign(t.Context(), sealwaxtest.Bytes("a.wasm", module), sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v := &sealwax.Verifier{Formats: formats, Trust: maker.Trust()}
	a := sealwaxtest.Bytes("dir/a.wasm", module, sigs...)
	remember := v.Remember(a)
	r, err := v.Verify(t.Context(), a, anyOne)
	if err != nil || len(r.Counted) != 2 {
		t.Fatal(err, codes(r))
	}
	known, err := remember()
	if err != nil || known.Name != "a.wasm" || known.Digest == "" {
		t.Fatal(known, err)
	}
	sums, err := sealwax.ParseSums(known.Sums)
	if err != nil || len(sums) != 3 {
		t.Fatal(known.Sums, err)
	}
	for i, c := range r.Counted {
		if c.Carry == nil {
			t.Fatalf("%s cannot be carried", c.Format)
		}
		for name := range sums {
			changed := sealwax.Remembered{}
			for n, sum := range sums {
				changed[n] = append([]byte(nil), sum...)
			}
			changed[name][3] ^= 1
			b := recall(changed, c)
			claims, err := checked(t, formats[i], b, maker.Anchor())
			uses := map[string]string{"blake2b-512": "minisign", "wasmsig": "wasmsig"}[name] == c.Format
			if (err != nil) != uses || err == nil && !claims.Covers.Whole {
				t.Errorf("%s with another %s: %v", c.Format, name, err)
			}
		}
		if _, err := checked(t, formats[i], recall(sums, c), sealwaxtest.NewPublisher("x", 2).Anchor()); !errors.Is(err, sealwax.ErrOtherSigner) {
			t.Errorf("%s by another: %v", c.Format, err)
		}
	}
	if _, err := recall(sums, r.Counted[0]).ReadAt(make([]byte, 1), 0); !errors.Is(err, sealwax.ErrGone) {
		t.Error("bytes that are gone were read:", err)
	}
}

func recall(sums sealwax.Remembered, c *sealwax.Claim) *sealwax.Artifact {
	return sealwax.NewRemembered("a.wasm", sealwax.KindModule, sums, func(context.Context) ([]sealwax.Companion, error) {
		return []sealwax.Companion{{Name: "a." + c.Format, Data: c.Carry}}, nil
	})
}

func checked(t *testing.T, f sealwax.Format, a *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	t.Helper()
	found, err := f.Find(t.Context(), a)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	found[0].Plan(a, []sealwax.Anchor{by})
	return found[0].Check(t.Context(), a, by)
}

// TestSums: there is one text for one set of digests.
func TestSums(t *testing.T) {
	good := "a:00,b-1:ff"
	sums, err := sealwax.ParseSums(good)
	if err != nil || sealwax.FormatSums(sums) != good {
		t.Error(sums, err)
	}
	for _, bad := range []string{"", "a", "a:", ":00", "a:0", "a:zz", "a:AB", "b:00,a:00", "a:00,a:00", "a:00,", ",a:00", "a b:00", "A:00"} {
		if sums, err := sealwax.ParseSums(bad); err == nil {
			t.Errorf("%q is %v", bad, sums)
		}
	}
}
