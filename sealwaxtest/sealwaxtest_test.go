// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwaxtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/sealwaxtest"
)

func ExamplePublisher() {
	ctx := context.Background()
	alice := sealwaxtest.NewPublisher("alice", 1, format.All()[0])
	a := sealwaxtest.Bytes("tool.tar", []byte("data"))
	sigs, err := alice.Sign(ctx, a, sealwax.SignOptions{})
	if err != nil {
		panic(err)
	}
	v := &sealwax.Verifier{Formats: format.All(), Trust: alice.Trust()}
	r, err := v.Verify(ctx, a.Beside(sigs...), sealwax.AnyOf(1, sealwax.RoleRelease))
	fmt.Println(r.Verdict, r.Counted[0].By.Name, err)
	// Output: allow alice <nil>
}

func TestPublisherSignsInEveryFormat(t *testing.T) {
	module := []byte("\x00asm\x01\x00\x00\x00\x00\x05\x04name")
	alice := sealwaxtest.NewPublisher("alice", 1, format.All()...)
	a := sealwaxtest.Bytes("m.wasm", module)
	sigs, err := alice.Sign(t.Context(), a, sealwax.SignOptions{Now: time.Unix(1, 0)})
	if err != nil || len(sigs) != makers() {
		t.Fatalf("Sign = %d signatures, %v", len(sigs), err)
	}
	v := &sealwax.Verifier{Formats: format.All(), Trust: alice.Trust()}
	r, err := v.Verify(t.Context(), a.Beside(sigs...), sealwax.AnyOf(1, sealwax.RoleRelease))
	if err != nil || len(r.Counted) != len(sigs) || r.Have != 1 {
		t.Errorf("%d claims by %d signers, %v: want every format, and one signer", len(r.Counted), r.Have, err)
	}
	embedded, err := alice.Embed(t.Context(), sealwaxtest.Bytes("m.wasm", module), sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), sealwaxtest.Bytes("m.wasm", embedded), sealwax.AnyOf(1, sealwax.RoleRelease)); err != nil {
		t.Error(err)
	}
}

// makers is how many formats write detached signatures.
func makers() int {
	n := 0
	for _, f := range format.All() {
		if _, ok := f.(sealwax.Maker); ok {
			n++
		}
	}
	return n
}

func TestPublisherWithoutFormats(t *testing.T) {
	p := sealwaxtest.NewPublisher("nobody", 1)
	a := sealwaxtest.Bytes("x", nil)
	if sigs, err := p.Sign(t.Context(), a, sealwax.SignOptions{}); len(sigs) != 0 || err != nil {
		t.Error(sigs, err)
	}
	if _, err := p.Embed(t.Context(), a, sealwax.SignOptions{}); err == nil {
		t.Error("embedded without a format")
	}
	p = sealwaxtest.NewPublisher("somebody", 1, format.All()...)
	if _, err := p.Embed(t.Context(), a, sealwax.SignOptions{}); err == nil {
		t.Error("embedded in a file that holds no signature of any format")
	}
}

func TestKeysDiffer(t *testing.T) {
	one, again, two := sealwaxtest.Key(1).Public(), sealwaxtest.Key(1).Public(), sealwaxtest.Key(2).Public()
	if one != again || one == two {
		t.Error("keys are not one per number")
	}
}

func TestSynthetic(t *testing.T) {
	c := sealwaxtest.Synthetic(1000, 3)
	all, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil || len(all) != 1000 {
		t.Fatal(len(all), err)
	}
	part := make([]byte, 10)
	if n, err := c.ReadAt(part, 995); n != 5 || !errors.Is(err, io.EOF) || !bytes.Equal(part[:5], all[995:]) {
		t.Error("a read across the end:", n, err)
	}
	if _, err := c.ReadAt(part, 1000); !errors.Is(err, io.EOF) {
		t.Error("a read behind the end:", err)
	}
	if a := sealwaxtest.From("s", c); a.Kind() != sealwax.KindFile || c.Close() != nil {
		t.Error(a.Kind())
	}
}

func TestTrusting(t *testing.T) {
	trust := sealwaxtest.Trusting(sealwax.RoleNative, sealwaxtest.Key(1).Public(), sealwaxtest.Key(2).Public())
	got, err := trust.Anchors(t.Context(), sealwax.Hint{})
	if err != nil || len(got) != 2 || got[1].Role != sealwax.RoleNative || got[1].Name != "key 2" {
		t.Error(got, err)
	}
}
