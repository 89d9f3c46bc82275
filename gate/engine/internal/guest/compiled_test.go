// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
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

// compiledWith compiles answer with f in the place of the engine's folder, and
// calls it.
func compiledWith(t *testing.T, f *compiledForm) {
	t.Helper()
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
}

// TestCompiledForm: what one engine made, the next takes, and only whole and
// under its own name. It fails where the engine keeps its folder behind something
// else than it did: see [compiledForm.cache].
func TestCompiledForm(t *testing.T) {
	first := &compiledForm{}
	compiledWith(t, first)
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		if first.made != nil {
			t.Error("an interpreter compiled something")
		}
		return
	}
	if len(first.made) <= len(entryName{}) {
		t.Fatalf("compiling made %d bytes", len(first.made))
	}
	again := &compiledForm{known: first.made}
	compiledWith(t, again)
	if !again.used || again.made != nil {
		t.Errorf("with the known form: used %v, and made %d bytes", again.used, len(again.made))
	}
	for name, known := range map[string][]byte{
		"nothing":      {},
		"another name": append([]byte{first.made[0] ^ 1}, first.made[1:]...),
		"half":         first.made[:len(first.made)/2],
		"a name alone": first.made[:32],
		"no form":      slices.Concat(first.made[:32], bytes.Repeat([]byte{0}, 100)),
		"older engine": slices.Concat(first.made[:32], []byte("WAZEVO\x03v00"), bytes.Repeat([]byte{0}, 100)),
	} {
		f := &compiledForm{known: known}
		compiledWith(t, f)
		if !bytes.Equal(f.made, first.made) {
			t.Errorf("%s: it made %d bytes instead of %d", name, len(f.made), len(first.made))
		}
	}
}
