// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"errors"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestRecord: the decision is kept before anything is started, and what cannot be
// kept is not done.
func TestRecord(t *testing.T) {
	maker := sealwaxtest.NewPublisher("maker", 1, minisign.Format{})
	module := []byte("\x00asm\x01\x00\x00\x00")
	beside, err := maker.Sign(t.Context(), sealwaxtest.Bytes("a.wasm", module), sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	demands := sealwax.Demands{{
		Verifier: sealwax.Verifier{Formats: []sealwax.Format{minisign.Format{}}, Trust: maker.Trust()},
		Policy:   sealwax.AnyOf(1, sealwax.RoleRelease),
	}}
	errFull := errors.New("the disk is full")
	for _, tc := range []struct {
		name    string
		demands sealwax.Demands
		kept    error
		want    error
		verdict sealwax.Verdict
	}{
		{"kept", demands, nil, ErrNotHeld, sealwax.Allow}, // the next thing that is asked
		{"not kept", demands, errFull, errFull, sealwax.Allow},
		{"a refusal", nil, nil, nil, sealwax.Deny},
		{"a refusal not kept", nil, errFull, errFull, sealwax.Deny},
	} {
		t.Run(tc.name, func(t *testing.T) {
			kept := 0
			g := Gate{Demands: tc.demands, Record: func(r *sealwax.Report) error {
				kept++
				if r.Verdict != tc.verdict {
					t.Errorf("kept: %v", r.Verdict)
				}
				return tc.kept
			}}
			_, _, err := g.Run(t.Context(), sealwaxtest.Bytes("a.wasm", module, beside...), engine.Job{})
			denied := (*sealwax.DeniedError)(nil)
			if kept != 1 || err == nil || tc.want != nil && !errors.Is(err, tc.want) || errors.As(err, &denied) != (tc.verdict == sealwax.Deny) {
				t.Errorf("kept %d times, %v", kept, err)
			}
		})
	}
}

// TestWhole: no demand gets leave for uncovered sections here.
func TestWhole(t *testing.T) {
	p := &sealwax.Policy{Prefix: true, Kind: sealwax.KindModule}
	ds := sealwax.Demands{{Policy: p}, {}, {Policy: &sealwax.Policy{}}}
	got := whole(ds)
	if got[0].Policy.Prefix || got[0].Policy.Kind != sealwax.KindModule || got[1].Policy != nil || !p.Prefix {
		t.Errorf("%+v, and the caller's %+v", got[0].Policy, p)
	}
}

// TestNotModule: what passes and is no module is not handed to the engine, and the
// error says what to do.
func TestNotModule(t *testing.T) {
	for data, want := range map[string]string{
		"(module)":                "sealwax compile takes it",
		"\x00asm\x0d\x00\x01\x00": "component",
		"\x00asm\x01\x00\x00":     "nothing to run",
		"no module":               "nothing to run",
	} {
		name := "a.wasm"
		sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes(name, []byte(data)), maker(), sealwax.SignOptions{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		out := temp(t)
		g := Gate{Demands: ask(known(), sealwax.AnyOf(1, sealwax.RoleRelease)), Child: engine.Child{Stdout: out}}
		if g.Child.Executable, err = echoHelper(t)(engine.Wasmtime); err != nil {
			t.Fatal(err)
		}
		a := held(t, name, []byte(data), sealwax.Companion{Name: name + ".minisig", Data: sig})
		report, _, err := g.Run(t.Context(), a, engine.Job{})
		if !errors.Is(err, ErrNotModule) || !strings.Contains(err.Error(), want) || report.Verdict != sealwax.Allow || content(t, out) != "" {
			t.Errorf("%q: %v, %v, %q", data, report.Verdict, err, content(t, out))
		}
	}
}
