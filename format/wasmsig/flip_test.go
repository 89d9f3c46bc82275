// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/sealwax/sealwax"
)

// free marks the bytes that the format leaves unsigned: the key ids, and under
// a policy that allows it the content of an uncovered section.
func free(b []byte, what ...[]byte) map[int]bool {
	out := map[int]bool{}
	for _, w := range what {
		at := bytes.Index(b, w)
		for i := range w {
			out[at+i] = true
		}
	}
	return out
}

// TestFlip turns every bit of small signed modules, one at a time.
func TestFlip(t *testing.T) {
	k1, k2 := secret(t, 1), secret(t, 2)
	id1, id2 := k1.Public().WasmsignID(), k2.Public().WasmsignID()
	one := embed(t, plain(t), k1, sealwax.SignOptions{})
	two := embed(t, one, k2, sealwax.SignOptions{})
	meta := embed(t, plain(t), k1, sealwax.SignOptions{Fields: []sealwax.Field{{Name: "version", Value: "1"}}})
	padded := embed(t, vector(t, "pad.wasm"), k1, sealwax.SignOptions{})
	component := embed(t, vector(t, "comp0.wasm"), k1, sealwax.SignOptions{})
	note := []byte("uncovered words")
	extended := append(embed(t, plain(t), k1, sealwax.SignOptions{Extensible: true}), custom("note", string(note))...)
	prefix := anyOf(1)
	prefix.Prefix, prefix.AllowUncovered = true, regexp.MustCompile("note")
	for _, tc := range []struct {
		name   string
		b      []byte
		policy *sealwax.Policy
		free   map[int]bool
	}{
		{"one signer", one, anyOf(1), free(one, id1)},
		{"two signers", two, anyOf(2), free(two, id1, id2)},
		{"metadata", meta, anyOf(1), free(meta, id1)},
		{"padded", padded, anyOf(1), free(padded, id1)},
		{"component", component, anyOf(1), free(component, id1)},
		{"extensible and prefix", extended, prefix, free(extended, id1, note)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			flip(t, tc.b, tc.free, func(b []byte) error {
				_, err := verify(t, b, tc.policy, nil, k1.Public(), k2.Public())
				return err
			})
		})
	}
}

func flip(t *testing.T, b []byte, free map[int]bool, check func([]byte) error) {
	t.Helper()
	if err := check(b); err != nil {
		t.Fatalf("whole: %v", err)
	}
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		if err := check(b); (err == nil) != free[i/8] {
			t.Errorf("bit %d of byte %d: %v", i%8, i/8, err)
		}
		b[i/8] ^= 1 << (i % 8)
	}
}

// TestFlipDetached does so with a signature beside the module, and with the
// module under it.
func TestFlipDetached(t *testing.T) {
	k := secret(t, 1)
	b := bytes.Clone(plain(t))
	sig := detachedSig(t, b, k)
	check := func(sig []byte) error {
		_, err := verify(t, b, anyOf(1), beside1(sig), k.Public())
		return err
	}
	flip(t, sig, free(sig, k.Public().WasmsignID()), check)
	flip(t, b, nil, func([]byte) error { return check(sig) })
}

// TestCut cuts signed modules at every byte, and adds every byte.
func TestCut(t *testing.T) {
	k := secret(t, 1)
	b := embed(t, embed(t, plain(t), k, sealwax.SignOptions{Extensible: true}), secret(t, 2), sealwax.SignOptions{})
	for i := range b {
		if _, err := verify(t, b[:i], anyOf(1), nil, k.Public()); err == nil {
			t.Errorf("the first %d bytes", i)
		}
	}
	for i := range 256 {
		if _, err := verify(t, append(bytes.Clone(b), byte(i)), anyOf(1), nil, k.Public()); err == nil {
			t.Errorf("with byte %d behind it", i)
		}
	}
}

// FuzzVerify changes signed modules at will: what is allowed has the signed
// body, to the byte.
func FuzzVerify(f *testing.F) {
	k := secret(f, 1)
	bodies := map[string]bool{}
	add := func(b []byte, o sealwax.SignOptions) {
		signed := embed(f, b, k, o)
		m, err := open(artifact(f, signed))
		if err != nil {
			f.Fatal(err)
		}
		bodies[string(signed[:8])+string(signed[m.sig.End:])] = true
		f.Add(signed)
	}
	for _, name := range []string{"a.wasm", "pad.wasm", "b_s.wasm", "comp0.wasm"} {
		add(vector(f, name), sealwax.SignOptions{})
	}
	// Not o.Extensible: a fuzzer's workers need the same bytes.
	delimited := append(bytes.Clone(plain(f)), custom(delimiterSection, "0123456789abcdef")...)
	add(delimited, sealwax.SignOptions{Fields: []sealwax.Field{{Name: "a", Value: "b"}}})
	for name := range refused {
		if name != "m70s" && name != "v_65sets" {
			f.Add(vector(f, name+".wasm"))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := verify(t, b, anyOf(1), nil, k.Public())
		if err != nil {
			return
		}
		m, err := open(artifact(t, b))
		if err != nil || m.sig == nil {
			t.Fatalf("allowed, and %v", err)
		}
		body := string(b[m.sig.End:])
		// The preamble is not signed: a body that fits both kinds has two.
		if !bodies[modulePreamble+body] && !bodies[componentPreamble+body] || !r.Counted[0].Covers.Whole {
			t.Fatalf("allowed: %x", b)
		}
	})
}
