// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// verdict verifies, holds the error to the verdict, and returns the report.
func verdict(t *testing.T, v *sealwax.Verifier, a *sealwax.Artifact, p *sealwax.Policy) (*sealwax.Report, error) {
	t.Helper()
	r, err := v.Verify(t.Context(), a, p)
	if r == nil {
		t.Fatal("no report")
	}
	denied := (*sealwax.DeniedError)(nil)
	isDenied := errors.As(err, &denied)
	switch r.Verdict {
	case sealwax.Allow:
		if err != nil || r.Err != nil {
			t.Errorf("allow, and the error is %v, the report's %v", err, r.Err)
		}
	case sealwax.Deny:
		if !isDenied || denied.Report != r || r.Err != nil {
			t.Errorf("deny, and the error is %v, the report's %v", err, r.Err)
		}
	default:
		if err == nil || isDenied || r.Err == nil {
			t.Errorf("undecided, and the error is %v, the report's %v", err, r.Err)
		}
	}
	return r, err
}

func codes(r *sealwax.Report) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, string(f.Severity)+" "+string(f.Code))
	}
	return strings.Join(out, ", ")
}

var anyOne = sealwax.AnyOf(1, sealwax.RoleRelease)

var errNet = errors.New("the network is down")

type deafTrust struct{ err error }

func (d deafTrust) Anchors(context.Context, sealwax.Hint) ([]sealwax.Anchor, error) {
	return nil, d.err
}

// deadContent has a size and cannot be read.
type deadContent struct{ sealwax.Content }

func (deadContent) Size() int64                       { return 5 }
func (deadContent) ReadAt([]byte, int64) (int, error) { return 0, errNet }
func (deadContent) Close() error                      { return nil }

func TestVerdicts(t *testing.T) {
	unreadable := sealwax.Companion{Name: "app.minisig", Err: errNet}
	for _, tc := range []struct {
		name  string
		v     *sealwax.Verifier
		a     *sealwax.Artifact
		p     *sealwax.Policy
		want  sealwax.Verdict
		codes string
	}{
		{"good", verifier(signed(1)), artifact(), anyOne, sealwax.Allow, ""},
		{"second of three keys", verifier(signed(2)), artifact(), anyOne, sealwax.Allow, ""},
		{"good beside a stranger's", verifier(signed(9), signed(1)), artifact(), anyOne, sealwax.Allow, "warning signer.unknown"},
		{"good beside a broken one", &sealwax.Verifier{Trust: people(1), Formats: []sealwax.Format{
			&paper{sigs: []sealwax.Signature{&sealwax.Broken{Reason: errNet}, signed(1)}},
		}}, artifact(), anyOne, sealwax.Allow, "warning signature.malformed"},
		{"none", verifier(), artifact(), anyOne, sealwax.Deny, "error signature.none"},
		{"stranger", verifier(signed(9)), artifact(), anyOne, sealwax.Deny, "error signer.unknown"},
		{"other bytes", verifier(signed(1, func(s *ink) { s.sum = [32]byte{} })), artifact(), anyOne, sealwax.Deny, "error signature.invalid"},
		{"a bad one says more than a stranger's", &sealwax.Verifier{Trust: people(3), Formats: []sealwax.Format{onPaper(
			signed(3, func(s *ink) { s.sum = [32]byte{} }))}}, artifact(), anyOne, sealwax.Deny, "error signature.invalid"},
		{"coded", verifier(signed(1, func(s *ink) {
			s.err = &sealwax.CodedError{Code: sealwax.CodeSignatureReencoded, Err: errNet}
		})), artifact(), anyOne, sealwax.Deny, "error signature.reencoded"},
		{"broken", &sealwax.Verifier{Trust: people(1), Formats: []sealwax.Format{
			&paper{sigs: []sealwax.Signature{&sealwax.Broken{Code: sealwax.CodeSignatureForeign, Reason: errNet}}},
		}}, artifact(), anyOne, sealwax.Deny, "error signature.foreign"},
		{"legacy", verifier(signed(1, func(s *ink) { s.hint.Legacy = true })), artifact(), anyOne, sealwax.Deny, "error signature.legacy"},
		{
			"legacy allowed", verifier(signed(1, func(s *ink) { s.hint.Legacy = true })), artifact(),
			&sealwax.Policy{Need: anyOne.Need, AllowLegacy: true}, sealwax.Allow, "",
		},
		{"too few", verifier(signed(1)), artifact(), sealwax.AnyOf(2, sealwax.RoleRelease), sealwax.Deny, "error policy.unmet"},
		{"unknown companion", verifier(signed(1)), artifact(sealwax.Companion{Name: "x"}), anyOne, sealwax.Allow, "warning signature.unknown_format"},

		{
			"trust fails", &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1))}, Trust: deafTrust{errNet}}, artifact(), anyOne,
			sealwax.Undecided, "error undecided",
		},
		{
			"trust has too many", &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1))}, Trust: deafTrust{sealwax.ErrHintUnknown}}, artifact(), anyOne,
			sealwax.Deny, "error signature.hint_unknown",
		},
		{
			"format fails", &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1)), &paper{err: errNet}}, Trust: people(1)}, artifact(), anyOne,
			sealwax.Undecided, "error undecided",
		},
		{"content fails", verifier(signed(1)), sealwaxtest.From("dead", deadContent{}), anyOne, sealwax.Undecided, "error undecided"},
		{
			"unreadable companion, and no", verifier(), artifact(unreadable), anyOne, sealwax.Undecided,
			"error signature.unreadable, error signature.none, error undecided",
		},
		{"unreadable companion, and yes", verifier(signed(1)), artifact(unreadable), anyOne, sealwax.Allow, "warning signature.unreadable"},

		{"zero verifier", &sealwax.Verifier{}, artifact(), anyOne, sealwax.Deny, "error signature.none"},
		{"nil trust", &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1))}}, artifact(), anyOne, sealwax.Deny, "error signer.unknown"},
		{"zero policy", verifier(signed(1)), artifact(), &sealwax.Policy{}, sealwax.Deny, "error signer.role, error policy.empty"},
		{"nil policy", verifier(signed(1)), artifact(), nil, sealwax.Deny, "error signer.role, error policy.empty"},
		{"need below one", verifier(signed(1)), artifact(), sealwax.AnyOf(-1, sealwax.RoleRelease), sealwax.Deny, "error policy.empty"},
		{"no role", verifier(signed(1)), artifact(), sealwax.AnyOf(1, ""), sealwax.Deny, "error signer.role"},
		{
			"zero anchor", &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1, func(s *ink) { s.by = key.Public{} }))}, Trust: sealwaxtest.Trust{{}}},
			artifact(), &sealwax.Policy{Need: sealwax.Quorum{Need: 1, Members: []sealwax.Member{{}}}}, sealwax.Deny, "error signer.role",
		},
		{"zero anchor with a role", &sealwax.Verifier{
			Formats: []sealwax.Format{onPaper(signed(1, func(s *ink) { s.by = key.Public{} }))},
			Trust:   sealwaxtest.Trust{{Role: sealwax.RoleRelease}},
		}, artifact(), anyOne, sealwax.Deny, "error signer.role"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := verdict(t, tc.v, tc.a, tc.p)
			if r.Verdict != tc.want {
				t.Errorf("verdict %v (%v), want %v", r.Verdict, err, tc.want)
			}
			if diff := cmp.Diff(tc.codes, codes(r)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompanionsFail(t *testing.T) {
	a, err := sealwax.NewArtifact("x", sealwaxtest.Content(nil), func(context.Context) ([]sealwax.Companion, error) { return nil, errNet })
	if err != nil {
		t.Fatal(err)
	}
	if r, err := verdict(t, verifier(), a, anyOne); r.Verdict != sealwax.Undecided || !errors.Is(err, errNet) {
		t.Error(r.Verdict, err)
	}
}

func TestNoArtifact(t *testing.T) {
	for _, a := range []*sealwax.Artifact{nil, {}} {
		if r, _ := verdict(t, verifier(signed(1)), a, anyOne); r.Verdict != sealwax.Undecided {
			t.Error(r.Verdict)
		}
	}
}

func TestZeroVerdict(t *testing.T) {
	if v := sealwax.Verdict(0); v != sealwax.Undecided || v.String() != "undecided" || sealwax.Verdict(9).String() != "undecided" {
		t.Error(v)
	}
}

// TestRecognised: a companion that a format recognised is in a known format,
// even if it is broken.
func TestRecognised(t *testing.T) {
	v := &sealwax.Verifier{Formats: []sealwax.Format{&paper{sigs: []sealwax.Signature{&sealwax.Broken{Source: "app.sig", Reason: errNet}}}}}
	r, _ := verdict(t, v, artifact(sealwax.Companion{Name: "app.sig"}), anyOne)
	if r.Has(sealwax.CodeSignatureUnknownForm) || !r.Has(sealwax.CodeSignatureMalformed) {
		t.Error(codes(r))
	}
}

func TestMaxTries(t *testing.T) {
	stranger := sealwaxtest.Anchor("stranger", sealwaxtest.Key(99).Public(), sealwax.RoleRelease)
	crowd := func(before int) sealwaxtest.Trust {
		var trust sealwaxtest.Trust
		for range before {
			trust = append(trust, stranger)
		}
		return append(trust, people(1)...)
	}
	for _, tc := range []struct {
		before int
		want   sealwax.Verdict
	}{{sealwax.MaxTries - 1, sealwax.Allow}, {sealwax.MaxTries, sealwax.Deny}} {
		s := signed(1)
		v := verifier(s)
		v.Trust = crowd(tc.before)
		if r, _ := verdict(t, v, artifact(), anyOne); r.Verdict != tc.want || s.tried != sealwax.MaxTries {
			t.Errorf("%d strangers first: %v after %d tries, want %v", tc.before, r.Verdict, s.tried, tc.want)
		}
	}
}

func TestMaxSignatures(t *testing.T) {
	for _, tc := range []struct {
		before int
		want   sealwax.Verdict
	}{{sealwax.MaxSignatures - 1, sealwax.Allow}, {sealwax.MaxSignatures, sealwax.Deny}} {
		var sigs []*ink
		for range tc.before {
			sigs = append(sigs, signed(9))
		}
		r, _ := verdict(t, verifier(append(sigs, signed(1))...), artifact(), anyOne)
		if r.Verdict != tc.want || r.Has(sealwax.CodeSignatureTooMany) != (tc.want == sealwax.Deny) {
			t.Errorf("%d strangers first: %v, too many: %v", tc.before, r.Verdict, r.Has(sealwax.CodeSignatureTooMany))
		}
	}
}

// TestNothingReadForStrangers: no content is read when nobody who is known
// could have signed.
func TestNothingReadForStrangers(t *testing.T) {
	v := verifier(signed(1))
	v.Trust = nil
	if r, _ := verdict(t, v, sealwaxtest.From("dead", deadContent{}), anyOne); r.Verdict != sealwax.Deny {
		t.Errorf("%v: the content was asked for", r.Verdict)
	}
}

func TestKind(t *testing.T) {
	const preamble = "\x00asm\x01\x00\x00\x00"
	errForm := errors.New("no such section")
	errMeta := &sealwax.CodedError{Code: sealwax.CodeMetadataInvalid, Err: errForm}
	overModule := signed(1, func(s *ink) { s.sum = sum256(preamble) })
	for _, tc := range []struct {
		name     string
		content  string
		kind     sealwax.Kind
		examines bool
		form     error
		want     sealwax.Verdict
		code     sealwax.Code
	}{
		{"none demanded", content, "", false, nil, sealwax.Allow, ""},
		{"file", content, sealwax.KindFile, false, nil, sealwax.Allow, ""},
		{"module, and it is a file", content, sealwax.KindModule, true, nil, sealwax.Deny, sealwax.CodeArtifactKind},
		{"file, and it is a module", preamble, sealwax.KindFile, true, nil, sealwax.Deny, sealwax.CodeArtifactKind},
		{"component, and it is a module", preamble, sealwax.KindComponent, true, nil, sealwax.Deny, sealwax.CodeArtifactKind},
		{"module", preamble, sealwax.KindModule, true, nil, sealwax.Allow, ""},
		{"module, and nobody can tell", preamble, sealwax.KindModule, false, nil, sealwax.Deny, sealwax.CodeArtifactKind},
		{"module, malformed", preamble, sealwax.KindModule, true, errForm, sealwax.Deny, sealwax.CodeArtifactMalformed},
		{"malformed, none demanded", preamble, "", true, errForm, sealwax.Allow, ""},
		{"bad metadata, none demanded", preamble, "", true, errMeta, sealwax.Deny, sealwax.CodeMetadataInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := onPaper(signed(1), overModule)
			v := &sealwax.Verifier{Formats: []sealwax.Format{p}, Trust: people(1)}
			if tc.examines {
				v.Formats = []sealwax.Format{&examined{paper: p, err: tc.form}}
			}
			r, _ := verdict(t, v, sealwaxtest.Bytes("x", []byte(tc.content)), &sealwax.Policy{Need: anyOne.Need, Kind: tc.kind})
			if r.Verdict != tc.want || (tc.code != "" && !r.Has(tc.code)) {
				t.Errorf("%v with %s, want %v with %s", r.Verdict, codes(r), tc.want, tc.code)
			}
		})
	}
}

// TestStated: what an artifact states binds the claims that cover it, and no other.
func TestStated(t *testing.T) {
	stated := sealwax.Form{Fields: []sealwax.Field{{Name: "version", Value: "2"}}, End: 100}
	for _, tc := range []struct {
		covers sealwax.Coverage
		bound  bool
	}{
		{sealwax.Coverage{Whole: true}, true},
		{sealwax.Coverage{Prefix: 1, Parts: 2, End: 100}, true},
		{sealwax.Coverage{Prefix: 1, Parts: 2, End: 99}, false},
	} {
		v := &sealwax.Verifier{Formats: []sealwax.Format{&examined{paper: onPaper(signed(1, covering(tc.covers))), form: stated}}, Trust: people(1)}
		r, err := verdict(t, v, artifact(), &sealwax.Policy{Need: anyOne.Need, Prefix: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(r.Counted[0].Values("version")) == 1; got != tc.bound {
			t.Errorf("covering %+v: bound is %v, want %v", tc.covers, got, tc.bound)
		}
	}
}

func TestClaimIsTheAnchors(t *testing.T) {
	// A format that names somebody else in its claim does not make them a signer.
	r, err := verdict(t, verifier(signed(2)), artifact(), anyOne)
	if err != nil || r.Counted[0].By.Key != sealwaxtest.Key(2).Public() {
		t.Error(r.Counted, err)
	}
}

func TestNameMismatchWarns(t *testing.T) {
	for name, want := range map[string]bool{"app": false, "other": true, "some/where/app": false, `c:\x\app`: false, "app/": false, "": true} {
		for _, field := range []string{"file", "filename"} {
			r, err := verdict(t, verifier(signed(1, states(field, name))), artifact(), anyOne)
			if err != nil || r.Has(sealwax.CodeNameMismatch) != want {
				t.Errorf("%s:%s: %v, %s", field, name, err, codes(r))
			}
		}
	}
	r, _ := verdict(t, verifier(signed(1, states("file", "x"))), sealwaxtest.Bytes(`C:\dir\x`, []byte(content)), anyOne)
	if r.Has(sealwax.CodeNameMismatch) != (filepath.Separator == '/') {
		t.Error("the artifact's own path is divided as this system does, and no other way: " + codes(r))
	}
}

// TestWarningStaysWarning: a name that differs is never the reason of a refusal.
func TestWarningStaysWarning(t *testing.T) {
	r, err := verdict(t, verifier(signed(1, states("file", "x"))), artifact(), sealwax.AnyOf(2, sealwax.RoleRelease))
	if codes(r) != "warning name.mismatch, error policy.unmet" || !strings.Contains(err.Error(), "1 of 2") {
		t.Error(codes(r), err)
	}
}

func TestMessagesAreEscaped(t *testing.T) {
	evil := "evil\x1b[2J\u202e"
	v := &sealwax.Verifier{Formats: []sealwax.Format{&paper{sigs: []sealwax.Signature{&sealwax.Broken{Source: evil, Reason: errors.New(evil)}}}}}
	r, err := verdict(t, v, sealwaxtest.Bytes(evil, nil), anyOne)
	for _, s := range []string{err.Error(), r.Findings[0].Message, r.Findings[0].Source} {
		if strings.ContainsAny(s, "\x1b\u202e") {
			t.Errorf("%q reaches a terminal", s)
		}
	}
}

func TestCodesAreSortedAndDistinct(t *testing.T) {
	codes := sealwax.Codes()
	for i, c := range codes {
		if i > 0 && codes[i-1] >= c {
			t.Errorf("%s comes after %s", c, codes[i-1])
		}
	}
}
