// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwaxtest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/sealwax/sealwax"
)

// Signed is a small signed artifact, as an implementation's test makes it.
type Signed struct {
	Name       string
	Content    []byte
	Companions []sealwax.Companion
	// By is who signed.
	By sealwax.Anchor
	// Free reports whether a bit of the byte at an offset may change without
	// the signature being lost: bytes that the format leaves unsigned by
	// definition. source is a companion's name, or [sealwax.Embedded] for the
	// content. Nil is "none".
	Free func(source string, offset int) bool
}

// maxFlips bounds the flips of one signed artifact: more bits than that are
// sampled evenly, so that the suite stays quick.
const maxFlips = 20_000

// RunFormat is the suite that every [sealwax.Format] passes. signed are small
// artifacts that are signed whole and once in this format.
func RunFormat(t *testing.T, f sealwax.Format, signed ...Signed) {
	t.Run("nothing", func(t *testing.T) { findsNothing(t, f) })
	t.Run("junk", func(t *testing.T) { survivesJunk(t, f) })
	for _, s := range signed {
		t.Run(s.Name, func(t *testing.T) {
			t.Run("allowed", func(t *testing.T) { allowed(t, f, s) })
			t.Run("stranger", func(t *testing.T) { strangers(t, f, s) })
			t.Run("unread", func(t *testing.T) { unread(t, f, s) })
			t.Run("flips", func(t *testing.T) { flips(t, f, s) })
			t.Run("cuts", func(t *testing.T) { cuts(t, f, s) })
		})
	}
}

// bareModule is the smallest WebAssembly module.
const bareModule = "\x00asm\x01\x00\x00\x00"

func findsNothing(t *testing.T, f sealwax.Format) {
	if f.Name() == "" {
		t.Error("the format has no name")
	}
	unreadable := sealwax.Companion{Name: "x.minisig", Err: context.DeadlineExceeded}
	for _, data := range []string{"", "hello\n", bareModule} {
		for _, beside := range [][]sealwax.Companion{nil, {unreadable}} {
			found, err := f.Find(t.Context(), Bytes("x", []byte(data), beside...))
			if err != nil || len(found) != 0 {
				t.Errorf("Find on %q beside %v = %v, %v; want nothing", data, beside, found, err)
			}
		}
	}
}

// survivesJunk: what is broken is a finding, never an error and never a panic.
func survivesJunk(t *testing.T, f sealwax.Format) {
	names := []string{"x.minisig", "x.a.minisig", "x.wasmsig", "x.sig", "x"}
	data := []string{
		"", "\x00", "\x01", "\xff\xff\xff\xff", bareModule, "untrusted comment: ", "\ntrusted comment: ",
		"untrusted comment: \nA\ntrusted comment: \nA\n", bareModule + "\x00\xff", "\x01\x01\x01\xff\xff\xff\xff\x0f",
	}
	for _, name := range names {
		for _, d := range data {
			c := sealwax.Companion{Name: name, Data: []byte(d)}
			found, err := f.Find(t.Context(), Bytes("x", []byte(d), c))
			if err != nil {
				t.Errorf("Find with junk %q as %s: %v", d, name, err)
			}
			for _, s := range found {
				if _, err := s.Check(t.Context(), Bytes("x", []byte(d)), sealwax.Anchor{}); err == nil {
					t.Errorf("junk %q as %s is somebody's signature", d, name)
				}
			}
		}
	}
}

// verify judges with this format alone and trust in the given people.
func verify(ctx context.Context, f sealwax.Format, s Signed, trust Trust) (*sealwax.Report, error) {
	v := &sealwax.Verifier{Formats: []sealwax.Format{f}, Trust: trust}
	return v.Verify(ctx, Bytes(s.Name, s.Content, s.Companions...), sealwax.AnyOf(1, s.By.Role))
}

func allowed(t *testing.T, f sealwax.Format, s Signed) {
	r, err := verify(t.Context(), f, s, Trust{s.By})
	if err != nil {
		t.Fatalf("the signed artifact itself: %v", err)
	}
	c := r.Counted[0]
	if c.Format != f.Name() || !c.Covers.Whole || c.Source == "" {
		t.Errorf("claim %+v: want format %s, a source, and everything covered", c, f.Name())
	}
}

func strangers(t *testing.T, f sealwax.Format, s Signed) {
	stranger := Anchor("stranger", Key(1<<20).Public(), s.By.Role)
	// A key id is chosen by whoever made the key: it must not be enough.
	twin := stranger
	twin.Key = twin.Key.WithID(s.By.Key.MinisignID())
	for _, trust := range []Trust{nil, {{}}, {stranger}, {twin}, {{}, stranger, twin}} {
		if r, err := verify(t.Context(), f, s, trust); err == nil {
			t.Errorf("allowed by %v: %+v", trust, r.Counted)
		}
	}
}

// unread: what was not read cannot be proven.
func unread(t *testing.T, f sealwax.Format, s Signed) {
	a := Bytes(s.Name, s.Content, s.Companions...)
	found, err := f.Find(t.Context(), a)
	if err != nil || len(found) == 0 {
		t.Fatalf("Find = %v, %v", found, err)
	}
	for _, sig := range found {
		sig.Plan(a, []sealwax.Anchor{s.By})
		if c, err := sig.Check(t.Context(), a, s.By); err == nil {
			t.Errorf("proven before anything was read: %+v", c)
		}
	}
}

func flips(t *testing.T, f sealwax.Format, s Signed) {
	each(s, func(source string, data []byte, with func([]byte) Signed) {
		bits := 8 * len(data)
		step := max(1, bits/maxFlips)
		for bit := 0; bit < bits; bit += step {
			changed := bytes.Clone(data)
			changed[bit/8] ^= 1 << (bit % 8)
			if s.Free != nil && s.Free(source, bit/8) {
				continue
			}
			if _, err := verify(t.Context(), f, with(changed), Trust{s.By}); err == nil {
				t.Errorf("%s: allowed with bit %d of byte %d flipped", source, bit%8, bit/8)
			}
		}
	})
}

// cuts: no beginning of a signed artifact, and none of its signature, passes.
// Blank ends of a companion may be cut: a text file's last line end is nothing.
func cuts(t *testing.T, f sealwax.Format, s Signed) {
	each(s, func(source string, data []byte, with func([]byte) Signed) {
		whole := len(data)
		if source != sealwax.Embedded {
			whole = len(bytes.TrimRight(data, "\r\n"))
		}
		step := max(1, whole/maxFlips)
		for n := 0; n < whole; n += step {
			if _, err := verify(t.Context(), f, with(data[:n]), Trust{s.By}); err == nil {
				t.Errorf("%s: allowed when cut to %d of %d bytes", source, n, whole)
			}
		}
	})
}

// each visits the content and every companion, with a way to replace it.
func each(s Signed, visit func(source string, data []byte, with func([]byte) Signed)) {
	visit(sealwax.Embedded, s.Content, func(b []byte) Signed {
		changed := s
		changed.Content = b
		return changed
	})
	for i, c := range s.Companions {
		visit(c.Name, c.Data, func(b []byte) Signed {
			changed := s
			changed.Companions = slices.Clone(s.Companions)
			changed.Companions[i].Data = b
			return changed
		})
	}
}

// String names the artifact in messages.
func (s Signed) String() string { return fmt.Sprintf("signed %s (%d bytes)", s.Name, len(s.Content)) }
