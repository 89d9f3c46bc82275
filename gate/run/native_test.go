// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// stamp is a format of nobody's that counts wherever it is listed, with whatever
// claims these tests want.
type stamp []sealwax.Claim

func (stamp) Name() string { return "stamp" }

func (s stamp) Find(context.Context, *sealwax.Artifact) ([]sealwax.Signature, error) {
	out := make([]sealwax.Signature, len(s))
	for i, c := range s {
		out[i] = stamped{c}
	}
	return out, nil
}

// Digest is anything: artifacts of these tests are blocked by nobody.
func (stamp) Digest(*sealwax.Artifact) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte("digest"), nil }
}

type stamped struct{ claim sealwax.Claim }

func (s stamped) Hint() sealwax.Hint {
	return sealwax.Hint{Format: s.claim.Format, Source: sealwax.Embedded, Role: s.claim.Role}
}
func (stamped) Plan(*sealwax.Artifact, []sealwax.Anchor) {}
func (s stamped) Check(_ context.Context, _ *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	if s.claim.Role != "" && by.Role != s.claim.Role {
		return sealwax.Claim{}, sealwax.ErrOtherSigner
	}
	return s.claim, nil
}

// stampedDemand is a demand under which the claims count, whoever made them.
func stampedDemand(claims ...sealwax.Claim) sealwax.Demand {
	trust := sealwaxtest.Trust{
		sealwaxtest.Anchor("somebody", stranger().Public(), sealwax.RoleRelease),
		sealwaxtest.Anchor("compiler", compiler().Public(), sealwax.RoleNative),
	}
	p := &sealwax.Policy{Need: sealwax.Quorum{Need: 1, Members: []sealwax.Member{
		{Signer: sealwax.SignerID(stranger().Public().Fingerprint())},
		{Signer: sealwax.SignerID(compiler().Public().Fingerprint())},
	}}}
	return sealwax.Demand{Name: "a loose policy", Verifier: sealwax.Verifier{Formats: []sealwax.Format{stamp(claims)}, Trust: trust}, Policy: p}
}

// programClaim is a claim that opens the gate for a program, and change makes it
// one that must not.
func programClaim(change func(*sealwax.Claim)) sealwax.Claim {
	c := sealwax.Claim{
		Format: "trailer", Role: sealwax.RoleNative, Covers: sealwax.Coverage{Whole: true}, Fields: []sealwax.Field{{Name: "kind", Value: "program"}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

// TestOnlyTrailers: whatever a policy counts, native code passes by the trailer's
// own signature, in the role native, on all of it, that says what it is.
func TestOnlyTrailers(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*sealwax.Claim)
		allow  bool
	}{
		"as it should be": {nil, true},
		"another format":  {func(c *sealwax.Claim) { c.Format = "stamp" }, false},
		"another role":    {func(c *sealwax.Claim) { c.Role = sealwax.RoleRelease }, false},
		"no role":         {func(c *sealwax.Claim) { c.Role = "" }, false},
		"another kind":    {func(c *sealwax.Claim) { c.Fields[0].Value = "compiled" }, false},
		"no kind":         {func(c *sealwax.Claim) { c.Fields = nil }, false},
		"two kinds":       {func(c *sealwax.Claim) { c.Fields = append(c.Fields, c.Fields[0]) }, false},
	} {
		report, err := judgeProgram(t.Context(), sealwax.Demands{stampedDemand(programClaim(tc.change))}, sealwaxtest.Bytes("tool", elf(0, "")), notProgram)
		if (err == nil) != tc.allow || (report.Verdict == sealwax.Allow) != tc.allow {
			t.Errorf("%s: %v, %v", name, report.Verdict, err)
		}
		if err != nil && !strings.Contains(err.Error(), "a loose policy asks for none") {
			t.Errorf("%s: %v", name, err)
		}
	}
	nameless := stampedDemand(programClaim(func(c *sealwax.Claim) { c.Format = "stamp" }))
	nameless.Name = ""
	if _, err := judgeProgram(t.Context(), sealwax.Demands{nameless}, sealwaxtest.Bytes("tool", elf(0, "")), notProgram); err == nil || !strings.Contains(err.Error(), "; the policy asks for none") {
		t.Errorf("%v", err)
	}
	report, err := judgeProgram(t.Context(), sealwax.Demands{
		stampedDemand(programClaim(nil)),
		stampedDemand(programClaim(func(c *sealwax.Claim) { c.Role = sealwax.RoleRelease })),
	}, sealwaxtest.Bytes("tool", elf(0, "")), notProgram)
	if err == nil || report.Verdict != sealwax.Deny {
		t.Errorf("one of two demands asks for nobody in the role native: %v, %v", report.Verdict, err)
	}
}

// ancestor is what the code of these tests was made from.
var ancestor = sealwax.Ancestor{Name: "tool.wasm", Digest: "sha256:00", Sums: "sha256:00"}

// codeClaims are claims that open the gate for compiled code of 100 bytes.
func codeClaims(fields ...sealwax.Field) []sealwax.Claim {
	made := programClaim(nil)
	made.From = ancestor
	made.Fields = append([]sealwax.Field{{Name: "kind", Value: "compiled"}}, fields...)
	signed := sealwax.Claim{Format: "minisign", Role: sealwax.RoleRelease, Covers: sealwax.Coverage{Whole: true}, Of: ancestor}
	return []sealwax.Claim{made, signed}
}

// TestOnlyCompilers: compiled code is vouched for by a compiler's trailer or by who
// made it again, and only with what it was made from.
func TestOnlyCompilers(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*sealwax.Claim)
		want   bool
	}{
		"a compiler's":             {func(*sealwax.Claim) {}, true},
		"made from nothing":        {func(c *sealwax.Claim) { c.From = sealwax.Ancestor{} }, false},
		"another format":           {func(c *sealwax.Claim) { c.Format = "stamp" }, false},
		"by another role":          {func(c *sealwax.Claim) { c.By.Role = sealwax.RoleRelease }, false},
		"speaks for another role":  {func(c *sealwax.Claim) { c.Role = sealwax.RoleRelease }, false},
		"of a program":             {func(c *sealwax.Claim) { c.Fields[0].Value = "program" }, false},
		"not all of it":            {func(c *sealwax.Claim) { c.Covers.Whole = false }, false},
		"made again":               {func(c *sealwax.Claim) { c.Format, c.By.Role = "rebuilt", sealwax.RoleRebuilt }, false},
		"made again from nothing":  {func(c *sealwax.Claim) { c.By.Role, c.From = sealwax.RoleRebuilt, sealwax.Ancestor{} }, false},
		"not all of it made again": {func(c *sealwax.Claim) { c.By.Role, c.Covers.Whole = sealwax.RoleRebuilt, false }, false},
	} {
		c := codeClaims()[0]
		c.By.Role = sealwax.RoleNative
		tc.change(&c)
		if got := isCompiled(&c); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestStatedLength: the gate hands on as many bytes as were signed, and must know
// how many those are.
func TestStatedLength(t *testing.T) {
	field := func(name, value string) sealwax.Field { return sealwax.Field{Name: name, Value: value} }
	for name, tc := range map[string]struct {
		fields []sealwax.Field
		allow  bool
	}{
		"as it should be":        {[]sealwax.Field{field("length", "100")}, true},
		"none":                   {nil, false},
		"two":                    {[]sealwax.Field{field("length", "100"), field("length", "100")}, false},
		"no number":              {[]sealwax.Field{field("length", "many")}, false},
		"nothing":                {[]sealwax.Field{field("length", "0")}, false},
		"less":                   {[]sealwax.Field{field("length", "-1")}, false},
		"all, without a trailer": {[]sealwax.Field{field("length", "200")}, false},
		"more":                   {[]sealwax.Field{field("length", "201")}, false},
	} {
		fields := append(tc.fields, field("engine", echoEngine), field("engine-version", echoVersion))
		g := Gate{Demands: sealwax.Demands{stampedDemand(codeClaims(fields...)...)}}
		_, _, out, err := runCode(t, g, held(t, "tool.cwasm", cwasm(strings.Repeat("x", 200-64))))
		if (err == nil) != tc.allow || tc.allow && len(out) != len(echoed(nil))+100 || !tc.allow && out != "" {
			t.Errorf("%s: %v, %d bytes", name, err, len(out))
		}
	}
}

// TestNobodyStates: a report in which nobody vouches for the code is no basis for
// running it.
func TestNobodyStates(t *testing.T) {
	r := &sealwax.Report{Verdict: sealwax.Allow}
	if _, err := statementOf(r, 100); err == nil || r.Verdict != sealwax.Deny {
		t.Errorf("%v, %v", r.Verdict, err)
	}
}

// TestNotNative: what has no business at this door is told why.
func TestNotNative(t *testing.T) {
	for data, want := range map[string]string{
		"#!/bin/sh\n":             "a script",
		"#!":                      "a script",
		"#":                       "no native program",
		"":                        "no native program",
		"# comment":               "no native program",
		"\x00asm\x01\x00\x00\x00": "it is WebAssembly",
		"\x00asm\x0d\x00\x01\x00": "it is WebAssembly",
		string(elf(200, "")):      "compiled of a WebAssembly module",
	} {
		if got := notProgram(sealwaxtest.Bytes("x", []byte(data))); !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	}
	for _, data := range []string{string(elf(0, "")), "MZ\x90\x00\x03\x00\x00\x00", "\xcf\xfa\xed\xfe\x00\x00\x00\x00"} {
		if got := notProgram(sealwaxtest.Bytes("x", []byte(data))); got != "" {
			t.Errorf("%q: %q", data, got)
		}
	}
}

// TestStatementsDisagree: two demands that count different statements leave nothing
// to act upon.
func TestStatementsDisagree(t *testing.T) {
	fields := func(version string) []sealwax.Field {
		return []sealwax.Field{{Name: "length", Value: "100"}, {Name: "engine", Value: echoEngine}, {Name: "engine-version", Value: version}}
	}
	for version, allow := range map[string]bool{echoVersion: true, "43.0.0": false} {
		g := Gate{Demands: sealwax.Demands{
			stampedDemand(codeClaims(fields(echoVersion)...)...), stampedDemand(codeClaims(fields(version)...)...),
		}, Helper: echoHelper(t)}
		report, _, err := g.Run(t.Context(), held(t, "tool.cwasm", cwasm(strings.Repeat("x", 136))), engine.Job{})
		if (err == nil) != allow || report.Has(sealwax.CodeMetadataInvalid) == allow {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// TestStrictest: no demand gets leave for anything here.
func TestStrictest(t *testing.T) {
	p := &sealwax.Policy{Prefix: true, AnySource: true, Kind: sealwax.KindCompiled}
	got := strictest(sealwax.Demands{{Policy: p}, {}})
	if got[0].Policy.Prefix || got[0].Policy.AnySource || got[0].Policy.Kind != p.Kind || got[1].Policy != nil || !p.AnySource {
		t.Errorf("%+v, and the caller's %+v", got[0].Policy, p)
	}
}

// TestNobodyPasses: the zero gates let nothing pass, nor does any without an
// artifact.
func TestNobodyPasses(t *testing.T) {
	program := held(t, "tool", signProgram(t, elf(0, "code"), compiler()))
	if r, _, err := (&ExecGate{}).Exec(t.Context(), program, Program{}); err == nil || r.Verdict != sealwax.Deny {
		t.Errorf("exec: %v, %v", r.Verdict, err)
	}
	if o, r, err := (&ObjectGate{}).Open(t.Context(), program); err == nil || r.Verdict != sealwax.Deny || o != nil {
		t.Errorf("open: %v, %v", r.Verdict, err)
	}
	code := held(t, "tool.cwasm", signCode(t, cwasm("code"), compiledBy{}))
	if r, _, err := (&Gate{}).Run(t.Context(), code, engine.Job{}); err == nil || r.Verdict != sealwax.Deny {
		t.Errorf("run: %v, %v", r.Verdict, err)
	}
	if _, _, err := (&ExecGate{Demands: ask(known(), nativeOnly())}).Exec(t.Context(), nil, Program{}); err == nil {
		t.Error("nothing was executed")
	}
	if _, _, err := (&ObjectGate{Demands: ask(known(), nativeOnly())}).Open(t.Context(), nil); err == nil {
		t.Error("nothing was opened")
	}
	if _, _, err := (&Gate{Demands: ask(known(), nativeOnly())}).Run(t.Context(), nil, engine.Job{}); err == nil {
		t.Error("nothing was run")
	}
}
