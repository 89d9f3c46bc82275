// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/internal/wasmbin"
	"github.com/sealwax/sealwax/key"
)

// TestSpecificationModules signs and verifies the binaries that wazero's module
// carries: every one that is well framed, both ways, byte for byte.
func TestSpecificationModules(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil || len(bytes.TrimSpace(out)) == 0 {
		peers.Missing(t, "no wazero module")
	}
	every := 1
	if testing.Short() || raced {
		every = 10 // all of them without the race detector
	}
	k, seen, signed := secret(t, 1), 0, 0
	err = filepath.WalkDir(string(bytes.TrimSpace(out)), func(p string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(p) != ".wasm" {
			return err
		}
		if seen++; seen%every != 0 {
			return nil
		}
		b, err := os.ReadFile(p)
		if err == nil && signs(t, p, b, k) != nil {
			signed++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d signed", signed, seen/every)
	if signed < 6000/every {
		t.Error("too few: the corpus is not what it was")
	}
}

// signs signs b both ways and gives it with the signature inside, or nil if it is
// no binary that can be signed.
func signs(t *testing.T, name string, b []byte, k *key.Secret) []byte {
	a := artifact(t, b)
	sig, err := Format{}.Make(context.Background(), a, k, sealwax.SignOptions{})
	if err != nil {
		if s := newScan(); binary(a) {
			_, _ = s.Write(b)
			if s.wellFormed() == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	}
	inside := embed(t, b, k, sealwax.SignOptions{})
	if !bytes.Equal(inside, signedWith(b, sig)) {
		t.Errorf("%s: embedded and detached signatures differ, or bytes changed", name)
	}
	if _, err := verify(t, inside, anyOf(1), nil, k.Public()); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if _, err := verify(t, b, anyOf(1), beside1(sig), k.Public()); err != nil {
		t.Errorf("%s: detached: %v", name, err)
	}
	return inside
}

// TestLargeModules does so with large modules of other people's, where a folder
// of them is named.
func TestLargeModules(t *testing.T) {
	dir := os.Getenv("SEALWAX_MODULES")
	files, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	if dir == "" || len(files) == 0 {
		peers.Missing(t, "no %s", "SEALWAX_MODULES")
	}
	k := secret(t, 1)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if testing.Short() && len(b) > 20<<20 {
				t.Skip("large")
			}
			signed := signs(t, file, b, k)
			if bare, err := strip(t, signed); err != nil || !bytes.Equal(bare, b) {
				t.Errorf("stripped: %v", err)
			}
		})
	}
}

// goModule builds a program with the Go compiler, which pads all section sizes.
func goModule(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	src, out := filepath.Join(dir, "main.go"), filepath.Join(dir, "main.wasm")
	if err := os.WriteFile(src, []byte("package main\n\nfunc main() { println(\"hello\") }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", out, src)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, msg)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGoModule: what the Go compiler writes is signed as it is.
func TestGoModule(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	b := goModule(t)
	padded := 0
	_, err := wasmbin.Walk(bytes.NewReader(b), int64(len(b)), func(s wasmbin.Section) error {
		if s.Padded {
			padded++
		}
		return nil
	})
	if err != nil || padded == 0 {
		t.Fatalf("%d padded sections, %v: this shows nothing", padded, err)
	}
	if signs(t, "main.wasm", b, secret(t, 1)) == nil {
		t.Fatal("it was not signed")
	}
	differential(t, b)
}

// TestReencodedLarge: the second hash, which says why a module with padded sizes
// does not match, is that of the same module with short ones.
func TestReencodedLarge(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 20<<10)
	shortest := wasm(custom("first", "1"), string(wasmbin.AppendLEB([]byte{10}, uint32(len(body))))+body, custom(delimiterSection, strings.Repeat("d", 16)), custom("last", ""))
	n := len(body)
	padded := wasm(custom("first", "1"), string([]byte{10, byte(n) | 0x80, byte(n>>7) | 0x80, byte(n>>14) | 0x80, 0x80, 0})+body, custom(delimiterSection, strings.Repeat("d", 16)), custom("last", ""))
	k := secret(t, 1)
	sig := detachedSig(t, shortest, k)
	if _, err := verify(t, shortest, anyOf(1), beside1(sig), k.Public()); err != nil {
		t.Error(err)
	}
	r, err := verify(t, padded, anyOf(1), beside1(sig), k.Public())
	if err == nil || !r.Has(sealwax.CodeSignatureReencoded) {
		t.Errorf("%v %+v", err, r.Findings)
	}
	s := newScan()
	s.reencode = true
	for i := 0; i < len(padded); i += 100_000 {
		_, _ = s.Write(padded[i:min(i+100_000, len(padded))])
	}
	s.finish()
	p, err := Parse(sig)
	if err != nil || s.reencoded.covered(p.Sets[0].Hashes) != 2 || s.raw.covered(p.Sets[0].Hashes) != 0 {
		t.Errorf("in pieces: %v", err)
	}
}
