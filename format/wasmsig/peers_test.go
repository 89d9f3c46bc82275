// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/key"
)

// reference is wasmsign2, run in a folder of its own.
type reference struct {
	t    *testing.T
	path string
	dir  string
}

func newReference(t *testing.T) *reference {
	t.Helper()
	path, err := exec.LookPath("wasmsign2")
	if err != nil {
		peers.Missing(t, "no %s", "wasmsign2")
	}
	return &reference{t, path, t.TempDir()}
}

func (r *reference) file(name string) string { return filepath.Join(r.dir, name) }

func (r *reference) put(name string, b []byte) string {
	r.t.Helper()
	if err := os.WriteFile(r.file(name), b, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return r.file(name)
}

func (r *reference) get(name string) []byte {
	r.t.Helper()
	b, err := os.ReadFile(r.file(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// run runs the tool and gives its words when it failed.
func (r *reference) run(args ...string) error {
	out, err := exec.Command(r.path, args...).CombinedOutput()
	if err != nil {
		return &commandError{strings.Join(args, " "), string(out)}
	}
	return nil
}

type commandError struct{ args, out string }

func (e *commandError) Error() string { return e.args + ": " + e.out }

func (r *reference) must(args ...string) {
	r.t.Helper()
	if err := r.run(args...); err != nil {
		r.t.Fatal(err)
	}
}

// keys writes a key pair in the tool's own form.
func (r *reference) keys(name string, k *key.Secret) (sk, pk string) {
	pub := k.Public().Bytes()
	sk = r.put(name+".sk", append(append([]byte{0x81}, k.Seed()...), pub...))
	return sk, r.put(name+".pk", append([]byte{1}, pub...))
}

// verifies has the tool verify b, with a detached signature if there is one.
func (r *reference) verifies(b, sig []byte, pk string) error {
	args := []string{"verify", "-i", r.put("v.wasm", b), "-K", pk}
	if sig != nil {
		args = append(args, "-S", r.put("v.sig", sig))
	}
	return r.run(args...)
}

// differential signs b here and has it verified there, and the reverse, inside
// and beside the module.
func differential(t *testing.T, b []byte) {
	t.Helper()
	r := newReference(t)
	k1, k2 := secret(t, 1), secret(t, 2)
	sk1, pk1 := r.keys("k1", k1)
	sk2, pk2 := r.keys("k2", k2)
	takes := func(what string, b, sig []byte, pk string) {
		t.Helper()
		if err := r.verifies(b, sig, pk); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	ours := embed(t, b, k1, sealwax.SignOptions{})
	takes("our signature", ours, nil, pk1)
	if r.verifies(ours, nil, pk2) == nil {
		t.Error("the tool takes another key: this shows nothing")
	}
	takes("our detached signature", b, detachedSig(t, b, k1), pk1)
	both := embed(t, ours, k2, sealwax.SignOptions{})
	takes("two signers", both, nil, pk1)
	takes("two signers", both, nil, pk2)
	grown := embed(t, b, k1, sealwax.SignOptions{Extensible: true, Fields: []sealwax.Field{{Name: "version", Value: "1"}}})
	takes("extensible, with metadata", grown, nil, pk1)

	r.must("sign", "-i", r.put("a.wasm", b), "-o", r.file("s.wasm"), "-k", sk1, "-K", pk1)
	theirs := r.get("s.wasm")
	allows(t, theirs, k1.Public())
	r.must("sign", "-i", r.file("s.wasm"), "-o", r.file("s12.wasm"), "-k", sk2, "-K", pk2)
	if rep, err := verify(t, r.get("s12.wasm"), anyOf(2), nil, k1.Public(), k2.Public()); err != nil {
		t.Errorf("two of theirs: %v %+v", err, rep.Findings)
	}
	mixed := embed(t, theirs, k2, sealwax.SignOptions{})
	takes("ours beside theirs", mixed, nil, pk2)
	takes("theirs beside ours", mixed, nil, pk1)

	r.must("sign", "-i", r.file("a.wasm"), "-o", r.file("out.wasm"), "-k", sk1, "-K", pk1, "-S", r.file("a.sig"))
	if _, err := verify(t, r.get("out.wasm"), anyOf(1), beside1(r.get("a.sig")), k1.Public()); err != nil {
		t.Errorf("their detached signature: %v", err)
	}
	// It is of the file that the tool wrote, which may not be the one it was given.
	rep, err := verify(t, b, anyOf(1), beside1(r.get("a.sig")), k1.Public())
	if same := bytes.Equal(b, r.get("out.wasm")); same != (err == nil) || !same && !rep.Has(sealwax.CodeSignatureReencoded) {
		t.Errorf("their detached signature, the file they were given: %v", err)
	}
}

func TestReference(t *testing.T) {
	for _, name := range []string{"a", "b", "pad", "b_s", "comp0"} {
		t.Run(name, func(t *testing.T) { differential(t, vector(t, name+".wasm")) })
	}
}

// TestReferenceParts: split on one side, signed and verified on the other.
func TestReferenceParts(t *testing.T) {
	r := newReference(t)
	k := secret(t, 1)
	sk, pk := r.keys("k", k)
	mine, err := split(t, vector(t, "b.wasm"), regexp.MustCompile("name"))
	if err != nil {
		t.Fatal(err)
	}
	r.must("sign", "-i", r.put("mine.wasm", mine), "-o", r.file("mine-s.wasm"), "-k", sk, "-K", pk)
	allows(t, r.get("mine-s.wasm"), k.Public())
	if !bytes.Equal(r.get("mine-s.wasm"), embed(t, mine, k, sealwax.SignOptions{})) {
		t.Error("the same key signs the same parts differently")
	}
	r.must("split", "-i", r.put("b.wasm", vector(t, "b.wasm")), "-o", r.file("theirs.wasm"), "-s", "name")
	theirs := r.get("theirs.wasm")
	if got, want := shape(t, mine), shape(t, theirs); got != want {
		t.Errorf("split: %q here, %q there", got, want)
	}
	signed := embed(t, theirs, k, sealwax.SignOptions{})
	if err := r.verifies(signed, nil, pk); err != nil {
		t.Error(err)
	}
}

// TestReferenceAttach: signatures taken off on one side go on at the other.
func TestReferenceAttach(t *testing.T) {
	r := newReference(t)
	k := secret(t, 1)
	b := plain(t)
	signed := embed(t, b, k, sealwax.SignOptions{})
	r.must("detach", "-i", r.put("s.wasm", signed), "-o", r.file("d.wasm"), "-S", r.file("d.sig"))
	if !bytes.Equal(r.get("d.wasm"), b) {
		t.Error("detached there, other bytes")
	}
	again, err := attach(t, r.get("d.wasm"), r.get("d.sig"))
	if err != nil || !bytes.Equal(again, signed) {
		t.Errorf("attached here: %v", err)
	}
	rest, sig, err := detach(t, signed)
	if err != nil {
		t.Fatal(err)
	}
	r.must("attach", "-i", r.put("d.wasm", rest), "-o", r.file("s.wasm"), "-S", r.put("d.sig", sig))
	if !bytes.Equal(r.get("s.wasm"), signed) {
		t.Error("attached there, other bytes")
	}
}
