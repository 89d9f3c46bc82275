// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestAllowUnsigned: the flag lifts that nobody has signed, and nothing else.
func TestAllowUnsigned(t *testing.T) {
	data := module("code")
	demanding := func(v sealwax.Verifier, change func(*sealwax.Policy)) sealwax.Demands {
		ds := asking(v)
		change(ds[0].Policy)
		return ds
	}
	kind := func(p *sealwax.Policy) { p.Kind = sealwax.KindComponent }
	require := func(p *sealwax.Policy) { p.Require = []sealwax.Requirement{{Name: "version", Any: true}} }
	noRule := func(p *sealwax.Policy) { p.NoRule = "there is no rule" }
	void := known()
	void.Void = map[string]string{digestOf(t, data): "known bad"}
	failing := known()
	failing.Trust = brokenTrust{}
	many := known()
	many.Trust = tooMany{}
	broken := sealwax.Companion{Name: "app.wasm.minisig", Data: []byte("untrusted comment: x\n")}
	foreign := sealwax.Companion{Name: "app.wasm.sig", Data: []byte("-----BEGIN PGP SIGNATURE-----\n")}
	for name, tc := range map[string]struct {
		demands  sealwax.Demands
		beside   []sealwax.Companion
		compiled bool
		verified bool
	}{
		"unsigned":                       {asking(known()), nil, true, false},
		"unsigned, and nobody is asked":  {asking(sealwax.Verifier{Formats: known().Formats}), nil, true, false},
		"unsigned, and the maker known":  {asking(known(maker)), nil, true, false},
		"signed":                         {asking(known(maker)), []sealwax.Companion{signed(t, maker, data)}, true, true},
		"a stranger's, and nobody known": {asking(known()), []sealwax.Companion{signed(t, stranger, data)}, true, false},
		"foreign, and nobody known":      {asking(known()), []sealwax.Companion{foreign}, true, false},
		"legacy, and nobody known":       {asking(known()), []sealwax.Companion{legacy(t, stranger, data)}, true, false},
		"a stranger's, and maker known":  {asking(known(maker)), []sealwax.Companion{signed(t, stranger, data)}, false, false},
		"foreign, and the maker known":   {asking(known(maker)), []sealwax.Companion{foreign}, false, false},
		"of other bytes":                 {asking(known(maker)), []sealwax.Companion{signed(t, maker, module("c0de"))}, false, false},
		"broken":                         {asking(known()), []sealwax.Companion{broken}, false, false},
		"unreadable":                     {asking(known()), []sealwax.Companion{{Name: "app.wasm.minisig", Err: errFull}}, false, false},
		"blocked":                        {asking(void), nil, false, false},
		"another kind":                   {demanding(known(), kind), nil, false, false},
		"a statement, and nobody signed": {demanding(known(), require), nil, false, false},
		"the right kind":                 {demanding(known(), func(p *sealwax.Policy) { p.Kind = sealwax.KindModule }), nil, true, false},
		"a statement is missing":         {demanding(known(maker), require), []sealwax.Companion{signed(t, maker, data)}, false, false},
		"two are wanted, and one signed": {demanding(known(maker, second), func(p *sealwax.Policy) { p.Need.Need = 2 }), []sealwax.Companion{signed(t, maker, data)}, false, false},
		"a policy without a rule":        {demanding(known(), noRule), nil, false, false},
		"whom to know cannot be told":    {asking(failing), []sealwax.Companion{signed(t, stranger, data)}, false, false},
		"too many are known":             {asking(many), []sealwax.Companion{signed(t, stranger, data)}, false, false},
		"one demand lifts, another not":  {append(asking(known()), demanding(known(), noRule)...), nil, false, false},
		"one demand is met, another not": {append(asking(known(maker)), asking(known())...), []sealwax.Companion{signed(t, maker, data)}, false, false},
		"no demands at all":              {nil, nil, false, false},
		"one demand is undecided":        {append(asking(known()), sealwax.Demand{Err: errFull}), nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := gate(t)
			g.Demands, g.AllowUnsigned = tc.demands, true
			var recorded sealwax.Verdict
			g.Record = func(r *sealwax.Report) error { recorded = r.Verdict; return nil }
			var out bytes.Buffer
			report, made, err := g.Compile(t.Context(), sealed(t, "app.wasm", data, tc.beside...), engine.CompileJob{}, &out)
			if (err == nil) != tc.compiled || (out.Len() > 0) != tc.compiled || (recorded == sealwax.Allow) != tc.compiled {
				t.Fatalf("%v, %s; recorded %v", err, codes(report), recorded)
			}
			if tc.verified && g.Unsigned(t.Context(), report) {
				t.Error("what passes is said to be unsigned")
			}
			if !tc.compiled {
				return
			}
			if made.Statement.Verified != tc.verified || (len(made.Carried) > 0) != tc.verified || report.Warned == tc.verified {
				t.Errorf("%+v, warned %v", made, report.Warned)
			}
			// Nobody who asks for the source's signer takes it for signed.
			r, err := runGate(maker, compiler).Verify(t.Context(), sealwaxtest.Bytes("app.cwasm", out.Bytes()))
			if (err == nil) != tc.verified || r.Has(sealwax.CodeSourceUnsigned) == tc.verified {
				t.Errorf("%v, %s", err, codes(r))
			}
		})
	}
}

// TestWarned: what a policy that only warns lets pass is not verified either.
func TestWarned(t *testing.T) {
	data := module("code")
	g := gate(t)
	g.Demands[0].Policy.Warn = true
	_, made, err := g.Compile(t.Context(), sealed(t, "app.wasm", data), engine.CompileJob{}, &bytes.Buffer{})
	if err != nil || made.Statement.Verified || len(made.Carried) > 0 {
		t.Errorf("%v, %+v", err, made)
	}
	g.Demands[0].Policy.Need.Need = 2 // one of two is not enough to speak of a verified source
	_, made, err = g.Compile(t.Context(), sealed(t, "app.wasm", data, signed(t, maker, data)), engine.CompileJob{}, &bytes.Buffer{})
	if err != nil || made.Statement.Verified || len(made.Carried) > 0 {
		t.Errorf("%v, %+v", err, made)
	}
}

func digestOf(t *testing.T, data []byte) string {
	t.Helper()
	v := known()
	a := sealwaxtest.Bytes("a", data)
	digest := v.Digest(a)
	if err := a.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	return digest()
}

// brokenTrust knows nobody for a signature, and cannot be asked whom it knows.
type brokenTrust struct{}

func (brokenTrust) Anchors(_ context.Context, h sealwax.Hint) ([]sealwax.Anchor, error) {
	if h.Format == "" {
		return nil, errors.New("the store cannot be read")
	}
	return nil, nil
}

// tooMany knows more than may be tried.
type tooMany struct{}

func (tooMany) Anchors(context.Context, sealwax.Hint) ([]sealwax.Anchor, error) {
	return nil, sealwax.ErrHintUnknown
}
