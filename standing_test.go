// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/sealwaxtest"
)

const (
	acme  sealwax.PartyID = "publisher:acme"
	other sealwax.PartyID = "publisher:other"
)

// acmeKeys are the first two test keys, as keys of one publisher that asks for
// some of them.
func acmeKeys(threshold int, change func(*sealwax.Anchor)) sealwaxtest.Trust {
	var out sealwaxtest.Trust
	for n := 1; n <= 2; n++ {
		a := sealwaxtest.Anchor("acme", sealwaxtest.Key(n).Public(), sealwax.RoleRelease)
		a.Party = sealwax.Party{ID: acme, Name: "acme", Threshold: threshold}
		if change != nil {
			change(&a)
		}
		out = append(out, a)
	}
	return out
}

func contentDigest() string {
	sum := sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// TestParties: a publisher is one signer, once enough of its keys signed.
func TestParties(t *testing.T) {
	release, native := sealwax.RoleRelease, sealwax.RoleNative
	party := func(id sealwax.PartyID, role sealwax.Role) sealwax.Member {
		return sealwax.Member{Party: id, Role: role}
	}
	for _, tc := range []struct {
		name      string
		threshold int
		signed    []int
		q         sealwax.Quorum
		ok        bool
	}{
		{"one of one", 1, []int{1}, sealwax.Quorum{Need: 1, Role: release}, true},
		{"two keys are one publisher", 1, []int{1, 2}, sealwax.Quorum{Need: 2, Role: release}, false},
		{"a publisher and a key", 1, []int{1, 3}, sealwax.Quorum{Need: 2, Role: release}, true},
		{"one of two", 2, []int{1}, sealwax.Quorum{Need: 1, Role: release}, false},
		{"one of two, twice", 2, []int{1, 1}, sealwax.Quorum{Need: 1, Role: release}, false},
		{"two of two", 2, []int{1, 2}, sealwax.Quorum{Need: 1, Role: release}, true},
		{"no threshold", 0, []int{1, 2}, sealwax.Quorum{Need: 1, Role: release}, false},
		{"by name", 2, []int{1, 2}, sealwax.Quorum{Need: 1, Members: []sealwax.Member{party(acme, release)}}, true},
		{"by name, too few", 2, []int{1}, sealwax.Quorum{Need: 1, Members: []sealwax.Member{party(acme, release)}}, false},
		{"by name, another", 1, []int{1}, sealwax.Quorum{Need: 1, Members: []sealwax.Member{party(other, release)}}, false},
		{"by name, another role", 1, []int{1}, sealwax.Quorum{Need: 1, Members: []sealwax.Member{party(acme, native)}}, false},
		{"by name, no role", 1, []int{1}, sealwax.Quorum{Need: 1, Members: []sealwax.Member{party(acme, "")}}, false},
		{"both a key and a publisher is nobody", 1, []int{1}, sealwax.Quorum{Need: 1, Members: []sealwax.Member{{Party: acme, Role: release, Signer: id(1)}}}, false},
		{"a key in another role", 1, []int{1}, sealwax.Quorum{Need: 1, Members: []sealwax.Member{{Signer: id(1), Role: native}}}, false},
		{"a key in its role", 1, []int{1}, sealwax.Quorum{Need: 1, Members: []sealwax.Member{{Signer: id(1), Role: release}}}, true},
		{"a key named has a seat of its own", 1, []int{1}, sealwax.Quorum{Need: 2, Role: release, Members: []sealwax.Member{{Signer: id(1)}}}, false},
		{"two keys by name", 1, []int{1, 2}, sealwax.Quorum{Need: 2, Members: []sealwax.Member{{Signer: id(1)}, {Signer: id(2)}}}, true},
		{"two keys of one publisher, distinct publishers", 1, []int{1, 2}, sealwax.Quorum{Need: 2, Distinct: true, Members: []sealwax.Member{{Signer: id(1)}, {Signer: id(2)}}}, false},
		{"a publisher and its key, distinct publishers", 1, []int{1, 2}, sealwax.Quorum{Need: 2, Distinct: true, Members: []sealwax.Member{{Signer: id(1)}, party(acme, release)}}, false},
		{"a publisher and its key", 1, []int{1, 2}, sealwax.Quorum{Need: 2, Members: []sealwax.Member{{Signer: id(1)}, party(acme, release)}}, true},
		{"distinct publishers and a key alone", 1, []int{1, 3}, sealwax.Quorum{Need: 2, Distinct: true, Members: []sealwax.Member{{Signer: id(1)}, {Signer: id(3)}}}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var sigs []*ink
			for _, n := range tc.signed {
				sigs = append(sigs, signed(n))
			}
			trust := append(acmeKeys(tc.threshold, nil), sealwaxtest.Anchor("third", sealwaxtest.Key(3).Public(), release))
			v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(sigs...)}, Trust: trust}
			r, _ := verdict(t, v, artifact(), &sealwax.Policy{Need: tc.q})
			if (r.Verdict == sealwax.Allow) != tc.ok {
				t.Errorf("%v, %d of %d, %s", r.Verdict, r.Have, r.Need, codes(r))
			}
			if strings.Contains(tc.name, "of two") && !tc.ok && !r.Has(sealwax.CodePublisherThreshold) {
				t.Errorf("it does not say that the publisher asks for more: %s", codes(r))
			}
		})
	}
}

// turncoat offers the same key for one publisher and then for another.
type turncoat struct{ n int }

func (t *turncoat) Anchors(context.Context, sealwax.Hint) ([]sealwax.Anchor, error) {
	t.n++
	a := sealwaxtest.Anchor("x", sealwaxtest.Key(1).Public(), sealwax.RoleRelease)
	a.Party = sealwax.Party{ID: sealwax.PartyID(fmt.Sprint("publisher:", t.n)), Threshold: 1}
	return []sealwax.Anchor{a}, nil
}

// TestDistinctPublishersNeedDistinctKeys: one key that two publishers list is
// one signer.
func TestDistinctPublishersNeedDistinctKeys(t *testing.T) {
	v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1), signed(1, states("version", "2")))}, Trust: &turncoat{}}
	if r, err := verdict(t, v, artifact(), sealwax.AnyOf(2, sealwax.RoleRelease)); err == nil || r.Have != 1 || len(r.Counted) != 2 {
		t.Errorf("%d of 2, %v", r.Have, err)
	}
}

func TestStanding(t *testing.T) {
	here := map[string]string{contentDigest(): "document 3"}
	elsewhere := map[string]string{"sha256:00": "document 3"}
	partial := sealwax.Coverage{Prefix: 1, Parts: 2}
	whole := sealwax.Coverage{Whole: true}
	for _, tc := range []struct {
		name     string
		standing sealwax.Standing
		covers   sealwax.Coverage
		want     []sealwax.Code // none: it counts
	}{
		{"nothing", sealwax.Standing{}, whole, nil},
		{"blocked", sealwax.Standing{Blocked: "stolen"}, whole, []sealwax.Code{"signer.blocked"}},
		{"limited", sealwax.Standing{Limited: "acme-* only"}, whole, []sealwax.Code{"signer.limit"}},
		{"retired", sealwax.Standing{Ended: "retired"}, whole, []sealwax.Code{"signature.unplaced"}},
		{"compromised", sealwax.Standing{Ended: "compromised", Compromised: true}, whole, []sealwax.Code{"signer.revoked", "signature.unplaced"}},
		{"compromised, and endorsed", sealwax.Standing{Ended: "compromised", Compromised: true, Endorsed: here}, whole, nil},
		{"retired, and endorsed", sealwax.Standing{Ended: "retired", Endorsed: here}, whole, nil},
		{"retired, another endorsed", sealwax.Standing{Ended: "retired", Endorsed: elsewhere}, whole, []sealwax.Code{"signature.unplaced"}},
		{"retired, and endorsed, a part", sealwax.Standing{Ended: "retired", Endorsed: here}, partial, []sealwax.Code{"signature.unplaced"}},
		{"taken back", sealwax.Standing{Revoked: here}, whole, []sealwax.Code{"artifact.revoked"}},
		{"taken back, and endorsed", sealwax.Standing{Ended: "lost", Endorsed: here, Revoked: here}, whole, []sealwax.Code{"artifact.revoked"}},
		{"another taken back", sealwax.Standing{Revoked: elsewhere}, whole, nil},
		{"another taken back, a part", sealwax.Standing{Revoked: elsewhere}, partial, []sealwax.Code{"signature.partial"}},
		{"endorsed needs no more", sealwax.Standing{Endorsed: elsewhere}, whole, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			trust := acmeKeys(1, func(a *sealwax.Anchor) { a.Standing = tc.standing })
			v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1, covering(tc.covers)))}, Trust: trust}
			p := *anyOne
			p.Prefix = true
			r, _ := verdict(t, v, artifact(), &p)
			if (r.Verdict == sealwax.Allow) != (tc.want == nil) {
				t.Errorf("%v, %s", r.Verdict, codes(r))
			}
			for _, c := range tc.want {
				if !r.Has(c) {
					t.Errorf("no %s in %s", c, codes(r))
				}
			}
			warn := p
			warn.Warn = true
			r, _ = verdict(t, v, artifact(), &warn)
			hard := slices.ContainsFunc(tc.want, func(c sealwax.Code) bool {
				return c == "signer.blocked" || c == "signer.revoked" || c == "artifact.revoked"
			})
			if (r.Verdict == sealwax.Allow) == hard {
				t.Errorf("a policy that only warns: %v, %s", r.Verdict, codes(r))
			}
		})
	}
}

func TestWarn(t *testing.T) {
	p := *anyOne
	p.Warn = true
	r, err := verdict(t, verifier(), artifact(), &p)
	if err != nil || !r.Warned || codes(r) != "warning signature.none, warning policy.warned" {
		t.Errorf("%v, %v, %s", err, r.Warned, codes(r))
	}
	if r, _ := verdict(t, verifier(signed(1)), artifact(), &p); r.Warned || r.Has(sealwax.CodePolicyWarned) {
		t.Error("it warns of what is allowed")
	}
	unreadable := artifact(sealwax.Companion{Name: "app.sig", Err: errNet})
	if r, _ := verdict(t, verifier(), unreadable, &p); r.Verdict == sealwax.Deny {
		t.Error("denied")
	}
	broken := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1))}, Trust: deafTrust{errNet}}
	if r, _ := verdict(t, broken, artifact(), &p); r.Verdict != sealwax.Undecided {
		t.Errorf("what could not be decided is %v", r.Verdict)
	}
}

func TestVoid(t *testing.T) {
	v := verifier(signed(1))
	v.Void = map[string]string{contentDigest(): "it mines coins"}
	p := *anyOne
	p.Warn = true
	r, _ := verdict(t, v, artifact(), &p)
	if r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeArtifactBlocked) {
		t.Errorf("%v, %s", r.Verdict, codes(r))
	}
	v.Void = map[string]string{"sha256:00": "x"}
	if r, err := verdict(t, v, artifact(), &p); err != nil || r.Artifact.Digest != contentDigest() {
		t.Error(err, r.Artifact.Digest)
	}
}

func TestStaleParty(t *testing.T) {
	end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		now           time.Time
		refuse, stale bool
		ok            bool
	}{
		{end.Add(-time.Second), true, false, true},
		{end, false, true, true},
		{end, true, true, false},
	} {
		v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1))}, Now: func() time.Time { return tc.now }}
		v.Trust = acmeKeys(1, func(a *sealwax.Anchor) { a.Party.Stale = end })
		p := *anyOne
		p.FreshParties = tc.refuse
		r, _ := verdict(t, v, artifact(), &p)
		if (r.Verdict == sealwax.Allow) != tc.ok || r.Has(sealwax.CodePublisherStale) != tc.stale {
			t.Errorf("at %s: %v, %s", tc.now, r.Verdict, codes(r))
		}
	}
}

func TestFormatsOfPolicy(t *testing.T) {
	p := *anyOne
	for name, want := range map[string]sealwax.Verdict{"paper": sealwax.Allow, "stone": sealwax.Deny} {
		p.Formats = []string{name}
		if r, _ := verdict(t, verifier(signed(1)), artifact(), &p); r.Verdict != want || r.Has(sealwax.CodeSignatureFormat) != (want == sealwax.Deny) {
			t.Errorf("%s: %v, %s", name, r.Verdict, codes(r))
		}
	}
	p.Formats = []string{}
	if r, _ := verdict(t, verifier(signed(1)), artifact(), &p); r.Verdict != sealwax.Deny {
		t.Error("no format at all is every format")
	}
}

func TestVersionRequired(t *testing.T) {
	for _, tc := range []struct {
		states, op, value string
		ok                bool
	}{
		{"1.10.0", ">=", "1.9.0", true},
		{"1.9.0", ">=", "1.9.0", true},
		{"1.8.0", ">=", "1.9.0", false},
		{"1.9.0", ">", "1.9.0", false},
		{"1.9.1", ">", "1.9.0", true},
		{"1.9.0", "<", "1.9.0", false},
		{"1.9.0-rc.1", "<", "1.9.0", true},
		{"1.9.0", "<=", "1.9.0", true},
		{"2.0.0", "<=", "1.9.0", false},
		{"new", ">=", "1.9.0", false},
		{"1.9.0", ">=", "old", false},
		{"1.9.0", "~", "1.9.0", false},
		{"1.9.0", "=", "1.9.0", false},
	} {
		p := *anyOne
		p.Require = []sealwax.Requirement{{Name: "version", Op: tc.op, Value: tc.value}}
		r, _ := verdict(t, verifier(signed(1, states("version", tc.states))), artifact(), &p)
		if (r.Verdict == sealwax.Allow) != tc.ok {
			t.Errorf("%s %s %s: %v", tc.states, tc.op, tc.value, r.Verdict)
		}
	}
}

// TestDemands: each is answered, over one read, and the worse answer stands.
func TestDemands(t *testing.T) {
	yes := sealwax.Demand{Name: "yes", Verifier: *verifier(signed(1)), Policy: anyOne}
	no := sealwax.Demand{Name: "no", Verifier: *verifier(signed(9)), Policy: anyOne}
	warns := no
	warns.Name, warns.Policy = "warns", &sealwax.Policy{Need: anyOne.Need, Warn: true}
	unsure := sealwax.Demand{Name: "unsure", Verifier: *verifier(), Policy: anyOne}
	unsure.Verifier.Formats = []sealwax.Format{&examined{onPaper(signed(1)), sealwax.Form{}, nil}}
	unsure.Verifier.Trust = failsLater{new(int)}
	empty := sealwax.Demand{Name: "empty", Verifier: *verifier(signed(1))}
	for _, tc := range []struct {
		ds   sealwax.Demands
		want sealwax.Verdict
		who  string
	}{
		{nil, sealwax.Deny, ""},
		{sealwax.Demands{yes}, sealwax.Allow, "yes"},
		{sealwax.Demands{yes, no}, sealwax.Deny, "no"},
		{sealwax.Demands{no, yes}, sealwax.Deny, "no"},
		{sealwax.Demands{yes, warns}, sealwax.Allow, "yes"},
		{sealwax.Demands{no, warns}, sealwax.Deny, "no"},
		{sealwax.Demands{yes, empty}, sealwax.Deny, "empty"},
		{sealwax.Demands{{}}, sealwax.Deny, ""},
		{sealwax.Demands{yes, unsure}, sealwax.Undecided, "unsure"},
		{sealwax.Demands{yes, unsure, no}, sealwax.Deny, "no"},
	} {
		unsure.Verifier.Trust.(failsLater).reset()
		a := artifact()
		r, err := tc.ds.Verify(t.Context(), a)
		denied := (*sealwax.DeniedError)(nil)
		if r.Verdict != tc.want || r.Demand != tc.who || (err == nil) != (tc.want == sealwax.Allow) || errors.As(err, &denied) != (tc.want == sealwax.Deny) {
			t.Errorf("%d demands: %v by %q, %v; want %v by %q", len(tc.ds), r.Verdict, r.Demand, err, tc.want, tc.who)
		}
		if len(tc.ds) > 1 && len(r.Also) != len(tc.ds)-1 {
			t.Errorf("%d answers beside it", len(r.Also))
		}
	}
	if r, err := (sealwax.Demands{yes, yes}).Verify(t.Context(), nil); err == nil || r.Verdict != sealwax.Undecided {
		t.Error("no artifact passes")
	}
	deaf := yes
	deaf.Verifier.Trust = deafTrust{errNet}
	if r, err := (sealwax.Demands{yes, deaf}).Verify(t.Context(), artifact()); !errors.Is(err, errNet) || r.Verdict != sealwax.Undecided {
		t.Error(r.Verdict, err)
	}
}

// failsLater answers the first question and fails at the second.
type failsLater struct{ asked *int }

func (f failsLater) reset() { *f.asked = 0 }

func (f failsLater) Anchors(context.Context, sealwax.Hint) ([]sealwax.Anchor, error) {
	if *f.asked++; *f.asked > 1 {
		return nil, errNet
	}
	return people(1).Anchors(context.Background(), sealwax.Hint{})
}

func TestNoRule(t *testing.T) {
	p := *anyOne
	p.NoRule = "no rule of x speaks of app"
	if r, _ := verdict(t, verifier(signed(1)), artifact(), &p); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodePolicyNoRule) {
		t.Errorf("%v, %s", r.Verdict, codes(r))
	}
}

func TestRefuse(t *testing.T) {
	r, err := sealwax.Refuse("x", artifact(), sealwax.CodePublisherChanged, "another\x1b key")
	denied := (*sealwax.DeniedError)(nil)
	if r.Verdict != sealwax.Deny || !errors.As(err, &denied) || codes(r) != "error publisher.changed" || strings.Contains(err.Error(), "\x1b") || r.Artifact.Size == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := sealwax.Refuse("x", nil, sealwax.CodePublisherUnknown, "y"); err == nil || r.Artifact.Name != "x" {
		t.Error("it passes")
	}
}

// TestNamesAgree: a stated name that is not the artifact's is a warning, or a
// refusal where the policy says so.
func TestNamesAgree(t *testing.T) {
	for _, tc := range []struct {
		states string
		agree  bool
		ok     bool
	}{{"other", false, true}, {"other", true, false}, {"app", true, true}, {"", true, true}} {
		var change []func(*ink)
		if tc.states != "" {
			change = append(change, states("file", tc.states))
		}
		p := *anyOne
		p.NamesAgree = tc.agree
		r, _ := verdict(t, verifier(signed(1, change...)), artifact(), &p)
		if (r.Verdict == sealwax.Allow) != tc.ok || r.Has(sealwax.CodeNameMismatch) != (tc.states == "other") {
			t.Errorf("%+v: %v, %s", tc, r.Verdict, codes(r))
		}
	}
	p := *anyOne
	p.NamesAgree = true
	stream := sealwaxtest.Bytes(sealwax.Nameless, []byte(content))
	if _, err := verdict(t, verifier(signed(1, states("file", "other"))), stream, &p); err != nil {
		t.Error("a stream has a name:", err)
	}
}

// TestVoidAlways: a blocked artifact passes no policy that warns, signed or not,
// and no signature of a part of it counts.
func TestVoidAlways(t *testing.T) {
	p := *anyOne
	p.Warn, p.Prefix = true, true
	for _, v := range []*sealwax.Verifier{verifier(), verifier(signed(9)), verifier(signed(1))} {
		v.Void = map[string]string{contentDigest(): "it mines coins"}
		if r, _ := verdict(t, v, artifact(), &p); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeArtifactBlocked) {
			t.Errorf("%v, %s", r.Verdict, codes(r))
		}
	}
	v := verifier(signed(1, covering(sealwax.Coverage{Prefix: 1, Parts: 2})))
	p.Warn = false
	if _, err := verdict(t, v, artifact(), &p); err != nil {
		t.Fatal(err)
	}
	v.Void = map[string]string{"sha256:00": "another"}
	if r, _ := verdict(t, v, artifact(), &p); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignaturePartial) {
		t.Errorf("a part: %v, %s", r.Verdict, codes(r))
	}
}

// TestWarnOfForm: a policy that warns lets a file of another kind pass, signed as
// unsigned.
func TestWarnOfForm(t *testing.T) {
	p := *anyOne
	p.Warn, p.Kind = true, sealwax.KindModule
	for _, v := range []*sealwax.Verifier{verifier(), verifier(signed(1))} {
		if r, err := verdict(t, v, artifact(), &p); err != nil || !r.Warned {
			t.Errorf("%v, %s", r.Verdict, codes(r))
		}
		if r, _ := verdict(t, v, artifact(), &p); len(r.Counted) > 0 || r.Have != 0 {
			t.Errorf("%d counted of another kind", len(r.Counted))
		}
	}
}

// TestWarnOfFormHard: what was blocked or taken back stays refused, whatever form
// it has.
func TestWarnOfFormHard(t *testing.T) {
	for code, standing := range map[sealwax.Code]sealwax.Standing{
		sealwax.CodeSignerBlocked:   {Blocked: "never again"},
		sealwax.CodeSignerRevoked:   {Ended: "compromised always", Compromised: true},
		sealwax.CodeArtifactRevoked: {Revoked: map[string]string{contentDigest(): "it mines coins"}},
	} {
		p := *anyOne
		p.Warn, p.Kind = true, sealwax.KindModule
		trust := acmeKeys(1, func(a *sealwax.Anchor) { a.Standing = standing })
		v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1))}, Trust: trust}
		r, err := verdict(t, v, artifact(), &p)
		if err == nil || r.Verdict != sealwax.Deny || !strings.Contains(codes(r), "error "+string(code)) {
			t.Errorf("%s: %v, %s", code, r.Verdict, codes(r))
		}
	}
}

// TestDigestsAlways: whoever writes decisions down gets the digest of what was
// refused too.
func TestDigestsAlways(t *testing.T) {
	v := verifier()
	v.Digests = true
	if r, _ := verdict(t, v, artifact(), anyOne); r.Artifact.Digest != contentDigest() {
		t.Error(r.Artifact.Digest)
	}
}

// TestDemandThatCannotBeTold: the others are answered, and no stands over it.
func TestDemandThatCannotBeTold(t *testing.T) {
	broken := sealwax.Demand{Name: "broken", Err: errNet}
	yes := sealwax.Demand{Name: "yes", Verifier: *verifier(signed(1)), Policy: anyOne}
	no := sealwax.Demand{Name: "no", Verifier: *verifier(), Policy: anyOne}
	for _, tc := range []struct {
		ds   sealwax.Demands
		want sealwax.Verdict
	}{{sealwax.Demands{broken}, sealwax.Undecided}, {sealwax.Demands{yes, broken}, sealwax.Undecided}, {sealwax.Demands{broken, no}, sealwax.Deny}} {
		r, err := tc.ds.Verify(t.Context(), artifact())
		if r.Verdict != tc.want || err == nil || tc.want == sealwax.Undecided && !errors.Is(err, errNet) {
			t.Errorf("%v, %v; want %v", r.Verdict, err, tc.want)
		}
	}
}

// TestEndedKeyStatesNothing: an endorsement vouches for the artifact, and not for
// what a signature by an ended key says of it.
func TestEndedKeyStatesNothing(t *testing.T) {
	placed := map[string]string{contentDigest(): "document 3"}
	p := *anyOne
	p.Require = []sealwax.Requirement{{Name: "version", Value: "9"}}
	for ended, want := range map[string]sealwax.Verdict{"": sealwax.Allow, "retired": sealwax.Deny} {
		v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1, states("version", "9")))}}
		v.Trust = acmeKeys(1, func(a *sealwax.Anchor) { a.Standing = sealwax.Standing{Ended: ended, Endorsed: placed} })
		if r, _ := verdict(t, v, artifact(), &p); r.Verdict != want {
			t.Errorf("%q: %v, %s", ended, r.Verdict, codes(r))
		}
		stated := &examined{onPaper(signed(1)), sealwax.Form{Fields: []sealwax.Field{{Name: "version", Value: "9"}}}, nil}
		v.Formats = []sealwax.Format{stated}
		if r, err := verdict(t, v, artifact(), &p); err != nil {
			t.Errorf("%q, stated by the artifact itself: %s", ended, codes(r))
		}
	}
}

// TestDemandsWithoutArtifact: nothing passes, and nothing is read, also when a
// demand could not be told anyway.
func TestDemandsWithoutArtifact(t *testing.T) {
	yes := sealwax.Demand{Name: "yes", Verifier: *verifier(signed(1)), Policy: anyOne}
	broken := sealwax.Demand{Name: "broken", Err: errNet}
	for _, a := range []*sealwax.Artifact{nil, {}} {
		for _, ds := range []sealwax.Demands{{yes, yes}, {broken}, {broken, yes}} {
			if r, err := ds.Verify(t.Context(), a); err == nil || r.Verdict != sealwax.Undecided {
				t.Errorf("%v, %v", r.Verdict, err)
			}
		}
	}
}

// TestWhoseArtifactIsTakenBack: the message names the publisher as it is known.
func TestWhoseArtifactIsTakenBack(t *testing.T) {
	for _, tc := range []struct {
		party sealwax.Party
		want  string
	}{
		{sealwax.Party{ID: acme, Name: "the acme people", Threshold: 1}, "the acme people has taken this artifact back"},
		{sealwax.Party{ID: acme, Threshold: 1}, "publisher:acme has taken this artifact back"},
		{sealwax.Party{}, "the publisher of acme has taken this artifact back"},
	} {
		v := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1))}}
		v.Trust = acmeKeys(1, func(a *sealwax.Anchor) {
			a.Party, a.Standing = tc.party, sealwax.Standing{Revoked: map[string]string{contentDigest(): "bad"}}
		})
		r, _ := verdict(t, v, artifact(), anyOne)
		if !slices.ContainsFunc(r.Findings, func(f sealwax.Finding) bool { return strings.Contains(f.Message, tc.want) }) {
			t.Errorf("no %q in %+v", tc.want, r.Findings)
		}
	}
}
