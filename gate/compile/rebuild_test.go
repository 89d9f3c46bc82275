// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/gate/compile"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// compiled is what a gate made of a source that is signed by the maker.
func compiled(t *testing.T, name string, data []byte, change func(*compile.Gate, *engine.CompileJob)) []byte {
	t.Helper()
	g, job := gate(t), engine.CompileJob{}
	if change != nil {
		change(g, &job)
	}
	var out bytes.Buffer
	if _, _, err := g.Compile(t.Context(), sealed(t, name, data, signed(t, maker, data)), job, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// forged is code that somebody signed with a statement and carried signatures of
// their choice.
func forged(t *testing.T, code []byte, by key.Signer, s trailer.Statement, carried ...trailer.Carried) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := carrier(t).Append(t.Context(), sealwaxtest.Bytes("app.cwasm", code), &out, by, s, carried); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func carrier(t *testing.T) trailer.Format {
	t.Helper()
	for _, f := range format.All() {
		if f, ok := f.(trailer.Format); ok {
			return f
		}
	}
	t.Fatal("no trailers")
	return trailer.Format{}
}

// rebuildGate asks for the maker's signature on the source, and for a rebuild
// instead of anybody's on the code.
func rebuildGate(source *key.Secret) sealwax.Demands {
	both := sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{
		{Need: 1, Role: sealwax.RoleRelease},
		{Need: 1, Members: []sealwax.Member{{Signer: "", Role: sealwax.RoleRebuilt}}, Role: sealwax.RoleRebuilt},
	}}
	return sealwax.Demands{{Verifier: known(source), Policy: &sealwax.Policy{Need: both}}}
}

// judged is what those demands say of code, once its source was compiled again by
// the toy.
func judged(t *testing.T, ds sealwax.Demands, code, source []byte, g *compile.Gate) (*sealwax.Report, error) {
	t.Helper()
	art := sealed(t, "app.cwasm", code)
	r, report, err := g.Rebuild(t.Context(), art, sealed(t, "app.wasm", source, signed(t, maker, source)), engine.CompileJob{})
	if err != nil {
		return report, err
	}
	defer r.Close()
	return r.Demands(ds).Verify(t.Context(), art)
}

// TestRebuild: equal bytes replace the compiler's key where a policy says so, and
// nowhere else; other bytes are refused everywhere.
func TestRebuild(t *testing.T) {
	data := module("code")
	by := func(name string, s key.Signer) func(*compile.Gate, *engine.CompileJob) {
		return func(g *compile.Gate, _ *engine.CompileJob) { g.Child, g.Signer = with(t, name), s }
	}
	honest := compiled(t, "app.wasm", data, by("toy", stranger))
	trusted := compiled(t, "app.wasm", data, by("toy", compiler))
	drunk := compiled(t, "app.wasm", data, by("drunk", compiler))
	native := compiled(t, "app.wasm", data, func(g *compile.Gate, job *engine.CompileJob) {
		job.CPU, job.Features, job.OptLevel, g.Signer = "native", []string{"+sse3"}, "speed_and_size", stranger
	})
	read, err := trailer.Read(bytes.NewReader(trusted), int64(len(trusted)))
	if err != nil {
		t.Fatal(err)
	}
	code := trusted[:read.Original]
	longer := forged(t, append(bytes.Clone(code), 0xc3), compiler, read.Statement, read.Carried...)
	shorter := forged(t, code[:len(code)-1], compiler, read.Statement, read.Carried...)
	last := bytes.Clone(code)
	last[len(last)-1] ^= 1
	patched := forged(t, last, compiler, read.Statement, read.Carried...)
	rebuilding, asking := rebuildGate(maker), runGate(maker, compiler)
	for name, tc := range map[string]struct {
		code    []byte
		demands sealwax.Demands
		says    sealwax.Code // "" is allowed
	}{
		"a stranger's, where a rebuild is asked for": {honest, rebuilding, ""},
		"for this machine":                           {native, rebuilding, ""},
		"a stranger's, where the key is asked for":   {honest, asking, sealwax.CodeSignerUnknown},
		"the compiler's":                             {trusted, asking, ""},
		"the source's maker is another":              {honest, rebuildGate(second), sealwax.CodeSourceUnsigned},
		"other code, rebuild":                        {drunk, rebuilding, sealwax.CodeArtifactRebuilt},
		"other code, by the compiler's key":          {drunk, asking, sealwax.CodeArtifactRebuilt},
		"one byte more":                              {longer, asking, sealwax.CodeArtifactRebuilt},
		"one byte less":                              {shorter, asking, sealwax.CodeArtifactRebuilt},
		"the last byte":                              {patched, asking, sealwax.CodeArtifactRebuilt},
	} {
		r, err := judged(t, tc.demands, tc.code, data, gate(t))
		if denied := (*sealwax.DeniedError)(nil); errors.As(err, &denied) != (tc.says != "") || tc.says == "" && err != nil {
			t.Errorf("%s: %v, %s", name, err, codes(r))
		} else if tc.says != "" && !reports(r, tc.says) {
			t.Errorf("%s: %s", name, codes(r))
		}
		if reports(r, sealwax.CodeSignerRole) {
			t.Errorf("%s: the rebuild is offered to those who did not ask: %s", name, codes(r))
		}
	}
	// Without the rebuild nobody vouches for the code.
	if _, err := rebuilding.Verify(t.Context(), sealed(t, "app.cwasm", honest)); err == nil {
		t.Error("passes without a rebuild")
	}
	if _, err := judged(t, nil, honest, data, gate(t)); err != nil {
		t.Errorf("the rebuild's own demand alone: %v", err)
	}
}

func reports(r *sealwax.Report, c sealwax.Code) bool {
	for _, one := range r.All() {
		if one.Has(c) {
			return true
		}
	}
	return false
}

// TestRebuildLies: a trailer that nobody vouches for gains nothing by carrying a
// good signature of something else.
func TestRebuildLies(t *testing.T) {
	good, evil := module("good"), module("evil")
	read := func(code []byte) *trailer.Trailer {
		r, err := trailer.Read(bytes.NewReader(code), int64(len(code)))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	ofGood := read(compiled(t, "app.wasm", good, nil))
	evilCode := compiled(t, "app.wasm", evil, nil)
	ofEvil := read(evilCode)
	code := evilCode[:ofEvil.Original]
	mixed := ofGood.Statement
	mixed.Source.Digest = ofEvil.Statement.Source.Digest
	mixedOther := ofGood.Statement
	mixedOther.Source.Sums = ofEvil.Statement.Source.Sums

	// The second person's word on evil is enough to compile it, and not to run it.
	g := gate(t)
	g.Demands = asking(known(second))
	rebuilt := func(code []byte, ds sealwax.Demands) (*sealwax.Report, error) {
		art := sealed(t, "app.cwasm", code)
		r, report, err := g.Rebuild(t.Context(), art, sealed(t, "app.wasm", evil, signed(t, second, evil)), engine.CompileJob{})
		if err != nil {
			return report, err
		}
		defer r.Close()
		return r.Demands(ds).Verify(t.Context(), art)
	}
	rebuild := func(code []byte) (*sealwax.Report, error) { return rebuilt(code, rebuildGate(maker)) }
	for name, s := range map[string]trailer.Statement{
		"another source": ofGood.Statement, "another source's sums": mixed, "another source's digest": mixedOther,
	} {
		r, err := rebuild(forged(t, code, stranger, s, ofGood.Carried...))
		if denied := (*sealwax.DeniedError)(nil); !errors.As(err, &denied) || !reports(r, sealwax.CodeSourceUnbound) && !reports(r, sealwax.CodeSourceUnsigned) || !reports(r, sealwax.CodeArtifactRebuilt) {
			t.Errorf("%s: %v, %s", name, err, codes(r))
		}
		// Nor does the compiler's own key, where no policy asks for a rebuild: what it
		// states is held against what was rebuilt from.
		r, err = rebuilt(forged(t, code, compiler, s, ofGood.Carried...), runGate(maker, compiler))
		if denied := (*sealwax.DeniedError)(nil); !errors.As(err, &denied) || !reports(r, sealwax.CodeArtifactRebuilt) {
			t.Errorf("%s, by the compiler: %v, %s", name, err, codes(r))
		}
	}
	// Nor is anything stated for a source that it does not state, or translated from it.
	meta, translated := ofEvil.Statement, ofEvil.Statement
	meta.SourceMeta = []sealwax.Field{{Name: "version", Value: "2.0.0"}}
	translated.Translation = translated.Source.Sums
	for name, s := range map[string]trailer.Statement{"what it states": meta, "a translation": translated} {
		if r, err := rebuild(forged(t, code, stranger, s, ofEvil.Carried...)); err == nil || !reports(r, sealwax.CodeArtifactRebuilt) {
			t.Errorf("%s: %v, %s", name, err, codes(r))
		}
	}
	// The same code with what it was really made from, and the maker's word on that.
	if r, err := rebuild(forged(t, code, stranger, ofEvil.Statement, ofEvil.Carried...)); err != nil {
		t.Errorf("the truth: %v, %s", err, codes(r))
	}
	// What it is said to be made from gives other code.
	if r, err := judged(t, rebuildGate(maker), forged(t, code, stranger, ofGood.Statement, ofGood.Carried...), good, gate(t)); err == nil || !reports(r, sealwax.CodeArtifactRebuilt) {
		t.Errorf("the stated source: %v, %s", err, codes(r))
	}
}

// TestRebuildBlocked: what is made of a blocked source is blocked.
func TestRebuildBlocked(t *testing.T) {
	data := module("code")
	code := compiled(t, "app.wasm", data, nil)
	ds := rebuildGate(maker)
	ds[0].Verifier.Void = map[string]string{digestOf(t, data): "known bad"}
	if r, err := judged(t, ds, code, data, gate(t)); err == nil || !reports(r, sealwax.CodeArtifactBlocked) {
		t.Errorf("%v, %s", err, codes(r))
	}
}

// TestRebuildText: what was made of a text is made again of the text.
func TestRebuildText(t *testing.T) {
	text := []byte("(module)")
	code := compiled(t, "app.wat", text, nil)
	if r, err := judged(t, rebuildGate(maker), code, text, gate(t)); err != nil {
		t.Errorf("%v, %s", err, codes(r))
	}
}

// TestRebuildNotHere: what another engine made, nobody can tell here; and nothing
// is compiled that does not pass.
func TestRebuildNotHere(t *testing.T) {
	data := module("code")
	code := compiled(t, "app.wasm", data, nil)
	for name, what := range map[string]string{"newer": "engine version", "relinks": "engine library", "faraway": "target"} {
		g := gate(t)
		g.Child = with(t, name)
		_, err := judged(t, rebuildGate(maker), code, data, g)
		if other := (*compile.OtherEngineError)(nil); !errors.As(err, &other) || other.What != what || other.Made == "" || other.Here == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	read, err := trailer.Read(bytes.NewReader(code), int64(len(code)))
	if err != nil {
		t.Fatal(err)
	}
	byHand := trailer.Statement{Kind: trailer.KindCompiled, Tool: "test", Time: now}
	_, err = judged(t, rebuildGate(maker), forged(t, code[:read.Original], compiler, byHand), data, gate(t))
	if other := (*compile.OtherEngineError)(nil); !errors.As(err, &other) || other.Made != "" || !strings.Contains(err.Error(), "does not state") {
		t.Error(err)
	}
	for name, tc := range map[string]struct {
		code, source []byte
		demands      sealwax.Demands
		says         sealwax.Code
	}{
		"no trailer":          {code[:read.Original], data, asking(known(maker)), sealwax.CodeSignatureNone},
		"a broken trailer":    {append(bytes.Clone(code[:len(code)-100]), code[len(code)-99:]...), data, asking(known(maker)), sealwax.CodeSignatureMalformed},
		"a stranger's source": {code, data, asking(known(second)), sealwax.CodeSignerUnknown},
	} {
		g := gate(t)
		g.Child, g.Demands, g.AllowUnsigned = nothing, tc.demands, true
		r, err := judged(t, rebuildGate(maker), tc.code, tc.source, g)
		if denied := (*sealwax.DeniedError)(nil); !errors.As(err, &denied) || !reports(r, tc.says) {
			t.Errorf("%s: %v, %s", name, err, codes(r))
		}
	}
	g := gate(t)
	g.Child, g.Demands, g.AllowUnsigned = nothing, asking(known()), true
	art := sealed(t, "app.cwasm", code)
	if _, _, err := g.Rebuild(t.Context(), art, sealed(t, "app.wasm", data), engine.CompileJob{}); !errors.As(err, new(*sealwax.DeniedError)) {
		t.Errorf("an unsigned source: %v", err)
	}
}

// TestRebuiltElsewhere: a rebuild speaks of compiled code only, and of what it was
// held against.
func TestRebuiltElsewhere(t *testing.T) {
	data := module("code")
	code := compiled(t, "app.wasm", data, nil)
	art := sealed(t, "app.cwasm", code)
	r, _, err := gate(t).Rebuild(t.Context(), art, sealed(t, "app.wasm", data, signed(t, maker, data)), engine.CompileJob{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Source().Name != "app.wasm" {
		t.Error(r.Source())
	}
	for name, other := range map[string][]byte{"a program": []byte("\x7fELF\x02\x01\x01\x00 and more"), "a module": data, "a broken trailer": append(bytes.Clone(code[:len(code)-100]), code[len(code)-99:]...)} {
		if _, err := r.Demands(nil).Verify(t.Context(), sealed(t, "other", other)); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	// The code without a trailer is the code as well.
	read, err := trailer.Read(bytes.NewReader(code), int64(len(code)))
	if err != nil {
		t.Fatal(err)
	}
	if report, err := r.Demands(nil).Verify(t.Context(), sealed(t, "app.cwasm", code[:read.Original])); err != nil || report.Counted[0].Signer == "" {
		t.Error(err)
	}
	// Nobody else is this machine, and it speaks in no other role.
	own := r.Demands(nil)[0].Verifier
	anchors, err := own.Trust.Anchors(t.Context(), sealwax.Hint{Format: compile.RebuiltName})
	if err != nil || len(anchors) != 1 {
		t.Fatal(anchors, err)
	}
	release := anchors[0]
	release.Role = sealwax.RoleRelease
	sigs, err := own.Formats[0].Find(t.Context(), sealed(t, "app.cwasm", code))
	if err != nil || len(sigs) != 1 {
		t.Fatal(sigs, err)
	}
	read2 := sealed(t, "app.cwasm", code)
	sigs[0].Plan(read2, nil)
	if err := read2.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := sigs[0].Check(t.Context(), read2, anchors[0]); err != nil {
		t.Error(err)
	}
	for _, by := range []sealwax.Anchor{release, sealwaxtest.Anchor("x", maker.Public(), sealwax.RoleRebuilt)} {
		if _, err := sigs[0].Check(t.Context(), read2, by); !errors.Is(err, sealwax.ErrOtherSigner) {
			t.Errorf("%v: %v", by, err)
		}
	}
	if _, err := sigs[0].Check(t.Context(), sealed(t, "app.cwasm", code), anchors[0]); err == nil {
		t.Error("good without a comparison")
	}
	// Others that a policy names in that role are not this machine.
	ds := r.Demands(rebuildGate(maker))
	ds[0].Policy.Need.Of[1] = sealwax.Quorum{Need: 1, Members: []sealwax.Member{{Signer: "rebuilt:elsewhere", Role: sealwax.RoleRebuilt}}}
	if _, err := ds.Verify(t.Context(), sealed(t, "app.cwasm", code)); err == nil {
		t.Error("counts for another machine")
	}
}
