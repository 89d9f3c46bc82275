// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

func sum256(s string) [sha256.Size]byte { return sha256.Sum256([]byte(s)) }

func id(n int) sealwax.SignerID { return sealwax.SignerID(sealwaxtest.Key(n).Public().Fingerprint()) }

func TestQuorum(t *testing.T) {
	named := func(need int, of ...int) sealwax.Quorum {
		q := sealwax.Quorum{Need: need}
		for _, n := range of {
			q.Members = append(q.Members, sealwax.Member{Signer: id(n)})
		}
		return q
	}
	groups := func(need int, of ...sealwax.Quorum) sealwax.Quorum { return sealwax.Quorum{Need: need, Of: of} }
	const release, native = sealwax.RoleRelease, sealwax.RoleNative
	for _, tc := range []struct {
		name   string
		signed []int
		q      sealwax.Quorum
		have   int
		ok     bool
	}{
		{"one of role", []int{1}, sealwax.Quorum{Need: 1, Role: release}, 1, true},
		{"one signer twice is one", []int{1, 1}, sealwax.Quorum{Need: 2, Role: release}, 1, false},
		{"two of role", []int{1, 2}, sealwax.Quorum{Need: 2, Role: release}, 2, true},
		{"wrong role", []int{1, 2}, sealwax.Quorum{Need: 1, Role: native}, 0, false},
		{"no role", []int{1}, sealwax.Quorum{Need: 1}, 0, false},
		{"named", []int{2}, named(1, 2), 1, true},
		{"another is named", []int{1}, named(1, 2), 0, false},
		{"named twice", []int{1}, named(2, 1, 1), 1, false},
		{"named and in the role", []int{1}, sealwax.Quorum{Need: 2, Role: release, Members: []sealwax.Member{{Signer: id(1)}}}, 1, false},
		{"named or in another role", []int{1, 2}, sealwax.Quorum{Need: 2, Role: native, Members: []sealwax.Member{{Signer: id(1)}}}, 1, false},
		{"nested", []int{1, 3}, groups(2, named(1, 1, 2), named(1, 3)), 2, true},
		{"nested, one group twice over", []int{1, 2}, groups(2, named(1, 1, 2), named(1, 3)), 1, false},
		{"nested, k of", []int{1}, groups(1, named(2, 1, 2)), 0, false},
		{"nested deep", []int{1, 2}, groups(1, groups(1, named(2, 1, 2))), 1, true},
		{"nested empty is never met", []int{1}, groups(1, named(0), groups(0)), 0, false},
		{"signer and group", []int{1, 2}, sealwax.Quorum{Need: 2, Members: []sealwax.Member{{Signer: id(1)}}, Of: []sealwax.Quorum{named(1, 2)}}, 2, true},
		{"zero need", []int{1}, sealwax.Quorum{Role: release}, 1, false},
		{"negative need", []int{1}, sealwax.Quorum{Need: -5, Role: release}, 1, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var sigs []*ink
			for _, n := range tc.signed {
				sigs = append(sigs, signed(n))
			}
			r, _ := verdict(t, verifier(sigs...), artifact(), &sealwax.Policy{Need: tc.q})
			if (r.Verdict == sealwax.Allow) != tc.ok || r.Have != tc.have || r.Need != tc.q.Need {
				t.Errorf("%v, %d of %d, want %v, %d", r.Verdict, r.Have, r.Need, tc.ok, tc.have)
			}
		})
	}
}

// TestOneSignerAcrossFormats: signatures in two formats, and under two key ids,
// are one signer's.
func TestOneSignerAcrossFormats(t *testing.T) {
	twin := sealwaxtest.Anchor("twin", sealwaxtest.Key(1).Public().WithID([8]byte{1}), sealwax.RoleRelease)
	v := &sealwax.Verifier{
		Formats: []sealwax.Format{onPaper(signed(1)), &paper{name: "parchment", sigs: []sealwax.Signature{
			signed(1, func(s *ink) { s.hint.Format = "parchment" }),
		}}},
		Trust: sealwaxtest.Trust{twin, people(1)[0]},
	}
	r, _ := verdict(t, v, artifact(), sealwax.AnyOf(2, sealwax.RoleRelease))
	if r.Verdict != sealwax.Deny || r.Have != 1 || len(r.Counted) != 2 {
		t.Errorf("%v, %d signers in %d claims: want one signer in two", r.Verdict, r.Have, len(r.Counted))
	}
}

// TestWrongRoleIsNotCounted: the claim is proven and reported, and does not count.
func TestWrongRoleIsNotCounted(t *testing.T) {
	v := verifier(signed(1), signed(2))
	v.Trust = sealwaxtest.Trust{people(1)[0], sealwaxtest.Anchor("", sealwaxtest.Key(2).Public(), sealwax.RoleNative)}
	r, err := verdict(t, v, artifact(), anyOne)
	if err != nil || len(r.Counted) != 1 || len(r.Uncounted) != 1 || !r.Has(sealwax.CodeSignerRole) {
		t.Error(r.Counted, r.Uncounted, codes(r), err)
	}
}

// TestWrongRoleNamesTheSigner by the name that people gave, else by the key's.
func TestWrongRoleNamesTheSigner(t *testing.T) {
	for name, says := range map[string]string{"bob": "by bob, who", "": "by " + string(id(1)) + ", who"} {
		v := verifier(signed(1))
		v.Trust = sealwaxtest.Trust{sealwaxtest.Anchor(name, sealwaxtest.Key(1).Public(), sealwax.RoleNative)}
		if _, err := verdict(t, v, artifact(), anyOne); !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want it to say %q", err, says)
		}
	}
	v := verifier(signed(1, func(s *ink) { s.by = key.Public{} }))
	v.Trust = sealwaxtest.Trust{{}}
	if _, err := verdict(t, v, artifact(), anyOne); !strings.Contains(err.Error(), "by nobody, who") {
		t.Error(err)
	}
}

func TestExpiry(t *testing.T) {
	const when = "2030-01-02T03:04:05Z"
	at, err := time.Parse(time.RFC3339, when)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		states []string
		now    time.Time
		code   sealwax.Code
	}{
		{"before", []string{when}, at.Add(-time.Second), ""},
		{"at", []string{when}, at, sealwax.CodeSignatureExpired},
		{"after", []string{when}, at.Add(time.Hour), sealwax.CodeSignatureExpired},
		{"the earlier of two, first", []string{when, "2040-01-01T00:00:00Z"}, at, sealwax.CodeSignatureExpired},
		{"the earlier of two, second", []string{"2040-01-01T00:00:00Z", when}, at, sealwax.CodeSignatureExpired},
		{"in another zone", []string{"2030-01-02T04:04:05+01:00"}, at.Add(-time.Second), ""},
		{"no time", []string{"soon"}, at, sealwax.CodeMetadataInvalid},
		{"a time and no time", []string{"2040-01-01T00:00:00Z", ""}, at, sealwax.CodeMetadataInvalid},
		{"none", nil, at, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := signed(1)
			for _, e := range tc.states {
				states("expires", e)(s)
			}
			v := verifier(s)
			v.Now = func() time.Time { return tc.now }
			r, _ := verdict(t, v, artifact(), anyOne)
			if (r.Verdict == sealwax.Allow) != (tc.code == "") || (tc.code != "" && !r.Has(tc.code)) {
				t.Errorf("%v with %s", r.Verdict, codes(r))
			}
		})
	}
	if r, _ := verdict(t, verifier(signed(1, states("expires", "2001-01-01T00:00:00Z"))), artifact(), anyOne); r.Verdict != sealwax.Deny {
		t.Error("without Now, nothing expires")
	}
}

func TestRequire(t *testing.T) {
	type says [][2]string
	for _, tc := range []struct {
		require string
		says    says
		ok      bool
	}{
		{"version", says{{"version", "1"}}, true},
		{"version", nil, false},
		{"version=1", says{{"version", "1"}}, true},
		{"version=1", says{{"version", "2"}}, false},
		{"version=1", says{{"version", "1"}, {"version", "2"}}, false},
		{"version=1", says{{"version", "2"}, {"version", "1"}}, false},
		{"version=1", says{{"version", "1"}, {"version", "1"}}, true},
		{"version=", says{{"version", "1"}}, false},
		{"version=", says{{"version", ""}}, true},
		{"version=1=2", says{{"version", "1=2"}}, true},
		{"file", says{{"file", "app"}}, true},
		{"file", says{{"filename", "x/app"}}, true},
		{"file", says{{"file", "other"}}, false},
		{"file", says{{"file", "app"}, {"filename", "other"}}, false},
		{"file", says{{"name", "app"}}, false},
		{"file=renamed", says{{"file", "renamed"}}, true},
		{"file=renamed", says{{"file", "app"}}, false},
		{"filename", says{{"file", "app"}}, true},
		{"filename", says{{"filename", "other"}}, false},
		{"filename=x", says{{"file", "x"}}, true},
	} {
		s := signed(1)
		for _, f := range tc.says {
			states(f[0], f[1])(s)
		}
		req, err := sealwax.ParseRequirement(tc.require)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := verdict(t, verifier(s), artifact(), &sealwax.Policy{Need: anyOne.Need, Require: []sealwax.Requirement{req}})
		if (r.Verdict == sealwax.Allow) != tc.ok || r.Has(sealwax.CodeMetadataUnmet) == tc.ok {
			t.Errorf("%s of %v: %v with %s", tc.require, tc.says, r.Verdict, codes(r))
		}
	}
}

func TestRequireAll(t *testing.T) {
	p := &sealwax.Policy{Need: anyOne.Need, Require: []sealwax.Requirement{{Name: "a", Any: true}, {Name: "b", Any: true}}}
	if r, _ := verdict(t, verifier(signed(1, states("a", "1"))), artifact(), p); r.Verdict != sealwax.Deny {
		t.Error("one of two requirements is enough")
	}
}

func TestParseRequirement(t *testing.T) {
	for _, bad := range []string{"", "=x", "a b", "a:b", "a\tb", "a:b=c"} {
		if r, err := sealwax.ParseRequirement(bad); err == nil {
			t.Errorf("%q is %+v", bad, r)
		}
	}
	if r, err := sealwax.ParseRequirement("a=b"); err != nil || r != (sealwax.Requirement{Name: "a", Value: "b"}) {
		t.Error(r, err)
	}
	if r, err := sealwax.ParseRequirement("a"); err != nil || r != (sealwax.Requirement{Name: "a", Any: true}) {
		t.Error(r, err)
	}
}

func TestCoverage(t *testing.T) {
	custom := func(names ...string) sealwax.Coverage {
		c := sealwax.Coverage{Prefix: 1, Parts: 2}
		for _, n := range names {
			c.Uncovered = append(c.Uncovered, sealwax.Section{Name: n})
		}
		return c
	}
	code := sealwax.Coverage{Prefix: 1, Parts: 2, Uncovered: []sealwax.Section{{ID: 10, Name: "code"}}}
	all := regexp.MustCompile("(?s).*")
	for _, tc := range []struct {
		name   string
		covers sealwax.Coverage
		prefix bool
		allow  *regexp.Regexp
		ok     bool
	}{
		{"whole", sealwax.Coverage{Whole: true}, false, nil, true},
		{"nothing", sealwax.Coverage{}, true, all, false},
		{"no part", sealwax.Coverage{Parts: 2}, true, all, false},
		{"a prefix, by default", custom(), false, all, false},
		{"a prefix, and nothing is left", custom(), true, nil, true},
		{"a prefix, and no rule", custom("name"), true, nil, false},
		{"a prefix, and a rule", custom("name"), true, regexp.MustCompile("name"), true},
		{"the rule matches a part of the name", custom("name-evil"), true, regexp.MustCompile("name"), false},
		{"the rule matches the end", custom("evil-name"), true, regexp.MustCompile("name"), false},
		{"one of two", custom("name", "evil"), true, regexp.MustCompile("name"), false},
		{"code", code, true, all, false},
		{"sealwax.meta", custom("sealwax.meta"), true, all, false},
		{"code for an engine", custom("precompiled_wasm"), true, all, false},
		{"a name that only looks like a denied one", custom("my-signature"), true, all, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &sealwax.Policy{Need: anyOne.Need, Prefix: tc.prefix, AllowUncovered: tc.allow}
			r, _ := verdict(t, verifier(signed(1, covering(tc.covers))), artifact(), p)
			if (r.Verdict == sealwax.Allow) != tc.ok || r.Has(sealwax.CodeSignaturePartial) == tc.ok {
				t.Errorf("%v with %s", r.Verdict, codes(r))
			}
		})
	}
	for _, name := range sealwax.DeniedUncovered() {
		for _, n := range []string{name, name + "x"} {
			p := &sealwax.Policy{Need: anyOne.Need, Prefix: true, AllowUncovered: all}
			if r, _ := verdict(t, verifier(signed(1, covering(custom(n)))), artifact(), p); r.Verdict != sealwax.Deny {
				t.Errorf("%s may stay uncovered", n)
			}
		}
	}
}

// TestDeniedNames holds the deny list itself: names that hosts act upon.
func TestDeniedNames(t *testing.T) {
	for _, n := range []string{
		"component-type:x", "dylink.0", "precompiled_runtime", "metadata.code.branch_hint", "target_features",
		"io.kubewarden.metadata", "signature", "signature_wasmsign", "sealwax.meta", "jwt",
	} {
		p := &sealwax.Policy{Need: anyOne.Need, Prefix: true, AllowUncovered: regexp.MustCompile(".*")}
		c := sealwax.Coverage{Prefix: 1, Parts: 2, Uncovered: []sealwax.Section{{Name: n}}}
		if r, _ := verdict(t, verifier(signed(1, covering(c))), artifact(), p); r.Verdict != sealwax.Deny {
			t.Errorf("%s may stay uncovered", n)
		}
	}
}

func TestFullMatch(t *testing.T) {
	for _, tc := range []struct {
		re, s string
		want  bool
	}{
		{"name", "name", true},
		{"name", "names", false},
		{"name", "a name", false},
		{"a|ab", "ab", true},
		{"a|b", "ax", false},
		{"a|b", "xb", false},
		{"(?i)A", "a", true},
		{"(?m)^a$", "b\na", false},
		{"(?m)^a$", "a\nb", false},
		{"a$", "a\n", false},
		{"", "", true},
		{"", "x", false},
	} {
		if got := sealwax.FullMatch(regexp.MustCompile(tc.re), tc.s); got != tc.want {
			t.Errorf("%q of %q = %v", tc.re, tc.s, got)
		}
	}
}
