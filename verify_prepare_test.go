// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"context"
	"errors"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestReadBefore: an artifact that was read before all was planned is undecided,
// never judged by what happens to be known of it.
func TestReadBefore(t *testing.T) {
	ctx := context.Background()
	s := sealwaxtest.Key(1)
	v := sealwax.Verifier{
		Formats: []sealwax.Format{minisign.Format{}, wasmsig.Format{}},
		Trust:   sealwaxtest.Trust{{Key: s.Public(), Role: sealwax.RoleRelease}},
	}
	module := sealwaxtest.Bytes("m.wasm", []byte("\x00asm\x01\x00\x00\x00"))
	sig, err := (minisign.Format{}).Make(ctx, module, s, sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	beside := module.Beside(sealwax.Companion{Name: "m.wasm.minisig", Data: sig})
	report, err := v.Verify(ctx, beside, sealwax.AnyOf(1, sealwax.RoleRelease))
	if !errors.Is(err, sealwax.ErrReadBefore) || report.Verdict != sealwax.Undecided {
		t.Fatalf("%v, %v; want undecided", report.Verdict, err)
	}
	// Prepared, the same read is enough.
	module = sealwaxtest.Bytes("m.wasm", []byte("\x00asm\x01\x00\x00\x00"))
	if err := v.Prepare(ctx, module, sealwax.AnyOf(1, sealwax.RoleRelease)); err != nil {
		t.Fatal(err)
	}
	if sig, err = (minisign.Format{}).Make(ctx, module, s, sealwax.SignOptions{}); err != nil {
		t.Fatal(err)
	}
	beside = module.Beside(sealwax.Companion{Name: "m.wasm.minisig", Data: sig})
	if _, err := v.Verify(ctx, beside, sealwax.AnyOf(1, sealwax.RoleRelease)); err != nil {
		t.Fatal(err)
	}
}

// TestOneReadForSeveralPolicies: a gate holds one artifact, read once, to several
// verifiers and policies, if it prepares with all of them.
func TestOneReadForSeveralPolicies(t *testing.T) {
	ctx := context.Background()
	formats := []sealwax.Format{minisign.Format{}, wasmsig.Format{}}
	alice, bob := sealwaxtest.Key(1), sealwaxtest.Key(2)
	body := []byte("\x00asm\x01\x00\x00\x00\x00\x02\x01n")
	file, err := (minisign.Format{}).Make(ctx, sealwaxtest.Bytes("m.wasm", body), alice, sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	beside, err := (wasmsig.Format{}).Make(ctx, sealwaxtest.Bytes("m.wasm", body), bob, sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a := sealwaxtest.Bytes("m.wasm", body,
		sealwax.Companion{Name: "m.wasm.minisig", Data: file}, sealwax.Companion{Name: "m.wasm.wasmsig", Data: beside})
	policy := sealwax.AnyOf(1, sealwax.RoleRelease)
	var verifiers []*sealwax.Verifier
	for _, by := range []sealwaxtest.Trust{
		{{Key: alice.Public(), Role: sealwax.RoleRelease}}, {{Key: bob.Public(), Role: sealwax.RoleRelease}},
	} {
		v := &sealwax.Verifier{Formats: formats, Trust: by}
		if err := v.Prepare(ctx, a, policy); err != nil {
			t.Fatal(err)
		}
		verifiers = append(verifiers, v)
	}
	for i, v := range verifiers {
		if r, err := v.Verify(ctx, a, policy); err != nil || len(r.Counted) != 1 {
			t.Errorf("verifier %d: %v", i, err)
		}
	}
}
