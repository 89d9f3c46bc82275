// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestLegacyLimit: each legacy signature costs a hash of its own, so only the
// first few are looked at.
func TestLegacyLimit(t *testing.T) {
	policy := *anyOne
	policy.AllowLegacy = true
	for before, want := range map[int]sealwax.Verdict{sealwax.MaxLegacy - 1: sealwax.Allow, sealwax.MaxLegacy: sealwax.Deny} {
		var sigs []*ink
		for i := range before {
			sigs = append(sigs, signed(1, func(s *ink) {
				s.hint.Legacy, s.hint.Source, s.sum = true, fmt.Sprint("bad", i), [32]byte{}
			}))
		}
		sigs = append(sigs, signed(1, func(s *ink) { s.hint.Legacy = true }))
		r, _ := verdict(t, verifier(sigs...), artifact(), &policy)
		if r.Verdict != want || r.Has(sealwax.CodeSignatureTooMany) != (want == sealwax.Deny) {
			t.Errorf("%d before it: %v, %s", before, r.Verdict, codes(r))
		}
	}
}

// TestSignerInTwoPlaces: a signer counts once, so a policy that lists one twice
// admits nothing once that signer has signed.
func TestSignerInTwoPlaces(t *testing.T) {
	one := sealwax.SignerID(sealwaxtest.Key(1).Public().Fingerprint())
	two := sealwax.SignerID(sealwaxtest.Key(2).Public().Fingerprint())
	twice := &sealwax.Policy{Need: sealwax.Quorum{Need: 2, Members: []sealwax.Member{{Signer: one}}, Of: []sealwax.Quorum{
		{Need: 1, Members: []sealwax.Member{{Signer: one}, {Signer: two}}},
	}}}
	r, _ := verdict(t, verifier(signed(1)), artifact(), twice)
	if r.Verdict != sealwax.Deny || !r.Has(sealwax.CodePolicyAmbiguous) {
		t.Errorf("%v, %s", r.Verdict, codes(r))
	}
	once := &sealwax.Policy{Need: sealwax.Quorum{Need: 2, Members: []sealwax.Member{{Signer: one}}, Of: []sealwax.Quorum{
		{Need: 1, Members: []sealwax.Member{{Signer: two}}},
	}}}
	if r, err := verdict(t, verifier(signed(1), signed(2)), artifact(), once); err != nil {
		t.Error(codes(r), err)
	}
}

// TestRepeatedClaims: a signature that is written many times is one claim.
func TestRepeatedClaims(t *testing.T) {
	var sigs []*ink
	for range 100 {
		sigs = append(sigs, signed(1))
	}
	here := func(s *ink) { s.hint.Source = "sig1" }
	others := []*ink{
		signed(1, states("version", "2")), signed(1, func(s *ink) { s.hint.Source = "elsewhere" }), signed(2, here),
		signed(1, func(s *ink) { s.hint.Format = "parchment" }), signed(1, func(s *ink) { s.says = "something" }),
		signed(1, covering(sealwax.Coverage{Prefix: 1, Parts: 3})), signed(1, covering(sealwax.Coverage{Prefix: 2, Parts: 3})),
		signed(1, covering(sealwax.Coverage{Whole: true, Prefix: 2})),
	}
	r, err := verdict(t, verifier(append(sigs, others...)...), artifact(), anyOne)
	if got := len(r.Counted) + len(r.Uncounted); err != nil || got != 1+len(others) || r.Have != 2 {
		t.Errorf("%d claims, %d signers, %v; want %d of 2", got, r.Have, err, 1+len(others))
	}
	// What does not count is repeated as little.
	prefix := func() *ink { return signed(1, covering(sealwax.Coverage{Prefix: 1, Parts: 2})) }
	if r, _ := verdict(t, verifier(prefix(), prefix()), artifact(), anyOne); len(r.Uncounted) != 1 {
		t.Errorf("%d uncounted claims, want 1", len(r.Uncounted))
	}
}

// TestUncoveredListIsShort: a report lists so many uncovered sections and counts
// the rest.
func TestUncoveredListIsShort(t *testing.T) {
	c := sealwax.Coverage{Prefix: 1, Parts: 2}
	for range 300 {
		c.Uncovered = append(c.Uncovered, sealwax.Section{Name: "x"})
	}
	r, _ := verdict(t, verifier(signed(1, covering(c))), artifact(), anyOne)
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Signers []struct {
			Uncovered []sealwax.Section `json:"uncovered"`
			More      int               `json:"uncovered_more"`
		} `json:"signers"`
	}
	if err := json.Unmarshal(line, &got); err != nil || len(got.Signers) != 1 ||
		len(got.Signers[0].Uncovered) != 256 || got.Signers[0].More != 44 {
		t.Errorf("%v: %d listed, %d more", err, len(got.Signers[0].Uncovered), got.Signers[0].More)
	}
}

// changing is one thing when it is first looked at and another when it is read.
type changing struct {
	sealwax.Content
	looked *bool
}

func (c changing) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Content.ReadAt(p, off)
	if !*c.looked && off == 0 {
		*c.looked = true
		copy(p[:n], "\x00asm\x01\x00\x00\x00")
	}
	return n, err
}

// TestChangedKind: the kind is told from bytes that were read, or not at all.
func TestChangedKind(t *testing.T) {
	a := sealwaxtest.From("x", changing{sealwaxtest.Content([]byte(content)), new(bool)})
	if a.Kind() != sealwax.KindModule {
		t.Fatal(a.Kind())
	}
	if r, _ := verdict(t, verifier(signed(1)), a, anyOne); r.Verdict != sealwax.Undecided {
		t.Errorf("%v, %s", r.Verdict, codes(r))
	}
}

// longer has more behind its end than it says.
type longer struct{ sealwax.Content }

func (c longer) Size() int64 { return c.Content.Size() - 1 }

// TestLongerThanItSays: bytes that were not read are not vouched for.
func TestLongerThanItSays(t *testing.T) {
	a := sealwaxtest.From("x", longer{sealwaxtest.Content([]byte(content + "!"))})
	if r, _ := verdict(t, verifier(signed(1)), a, anyOne); r.Verdict != sealwax.Undecided {
		t.Errorf("%v, %s", r.Verdict, codes(r))
	}
}

// TestUncoveredDelimiter: a delimiter holds nothing that hosts act upon, so it
// may stay uncovered like any other name that is allowed, and no more.
func TestUncoveredDelimiter(t *testing.T) {
	c := sealwax.Coverage{Prefix: 1, Parts: 2, Uncovered: []sealwax.Section{{Name: "signature_delimiter"}}}
	for re, want := range map[string]sealwax.Verdict{".*": sealwax.Allow, "x": sealwax.Deny} {
		p := *anyOne
		p.Prefix, p.AllowUncovered = true, regexp.MustCompile(re)
		if r, _ := verdict(t, verifier(signed(1, covering(c))), artifact(), &p); r.Verdict != want {
			t.Errorf("%s: %v, want %v", re, r.Verdict, want)
		}
	}
}

func TestZeroDeniedError(t *testing.T) {
	if got := (&sealwax.DeniedError{}).Error(); got != "refused" {
		t.Errorf("%q", got)
	}
}
