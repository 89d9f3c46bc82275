// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
)

// answer is a module whose function "answer" gives 42.
func answer() []byte {
	return []byte("\x00asm\x01\x00\x00\x00" + "\x01\x05\x01\x60\x00\x01\x7f" + "\x03\x02\x01\x00" +
		"\x07\x0a\x01\x06answer\x00\x00" + "\x0a\x06\x01\x04\x00\x41\x2a\x0b")
}

// compiledWith compiles answer with f in the place of the engine's folder, calls
// it, and gives what was kept.
func compiledWith(t *testing.T, f *compiledForm) (made []byte) {
	t.Helper()
	f.keep = func(r io.Reader) (err error) {
		made, err = io.ReadAll(r)
		return errors.Join(err, errors.New("the disk is full")) // which keeps no guest from running
	}
	cache, err := f.cache()
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	defer rt.Close(ctx)
	code, err := f.compile(ctx, rt, answer())
	if err != nil {
		t.Fatal(err)
	}
	mod, err := rt.InstantiateModule(ctx, code, wazero.NewModuleConfig())
	if err != nil {
		t.Fatal(err)
	}
	got, err := mod.ExportedFunction("answer").Call(ctx)
	if err != nil || got[0] != 42 {
		t.Errorf("answer = %v, %v", got, err)
	}
	return made
}

// TestCompiledForm: what one engine made, the next takes, and only whole and
// under its own name. It fails where the engine keeps its folder behind something
// else than it did: see [compiledForm.cache].
func TestCompiledForm(t *testing.T) {
	first := compiledWith(t, &compiledForm{})
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		if first != nil {
			t.Error("an interpreter compiled something")
		}
		return
	}
	if len(first) <= len(entryName{}) {
		t.Fatalf("compiling made %d bytes", len(first))
	}
	again := &compiledForm{known: first}
	if made := compiledWith(t, again); !again.used || made != nil {
		t.Errorf("with the known form: used %v, and made %d bytes", again.used, len(made))
	}
	for name, known := range map[string][]byte{
		"nothing":      {},
		"another name": append([]byte{first[0] ^ 1}, first[1:]...),
		"half":         first[:len(first)/2],
		"a name alone": first[:32],
		"no form":      slices.Concat(first[:32], bytes.Repeat([]byte{0}, 100)),
		"older engine": slices.Concat(first[:32], []byte("WAZEVO\x03v00"), bytes.Repeat([]byte{0}, 100)),
	} {
		if made := compiledWith(t, &compiledForm{known: known}); !bytes.Equal(made, first) {
			t.Errorf("%s: it made %d bytes instead of %d", name, len(made), len(first))
		}
	}
}
