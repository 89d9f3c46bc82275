// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sealwax/sealwax/internal/peers"
)

// TestLargePrograms is TestPrograms with 14 and 20 MB. Once is enough in a run of
// all checks: the race detector, which is not in what is tested here, leaves it out.
// vet, a Go program as gofmt is, takes the other two ways in make deep: each
// compiles all of it again.
func TestLargePrograms(t *testing.T) {
	ways := []string{"compiled"}
	if os.Getenv("SEALWAX_DEEP") != "" {
		ways = allWays()
	}
	testPrograms(t, []program{{"vet", goTool("vet"), vetUses()}}, ways...)
	testPrograms(t, []program{{"esbuild", esbuild, esbuildUses()}}, allWays()...)
}

func vetUses() []use {
	config := `{"ID":"x","Compiler":"gc","Dir":"/","ImportPath":"x","GoFiles":["/x.go"],"VetxOutput":"/facts","GoVersion":"go1.26"}`
	good := map[string]string{"x.go": "package x\n\nfunc F(n int) int { return n }\n", "vet.cfg": config}
	bad := map[string]string{"x.go": "package x\n\nfunc F(n int) int { n = n; return n }\n", "vet.cfg": config}
	with := func(files map[string]string) map[string]string {
		return map[string]string{"x.go": files["x.go"], "vet.cfg": config, "facts": ""}
	}
	return []use{
		{name: "clean", flags: []string{"--dir", "{}::/"}, args: []string{"/vet.cfg"}, files: good, after: with(good)},
		{name: "finds", flags: []string{"--dir", "{}::/"}, args: []string{"/vet.cfg"}, files: bad, after: with(bad), code: 1},
		{name: "nowhere to write", flags: []string{"--dir", "{}::/:ro"}, args: []string{"/vet.cfg"}, files: good, code: 1},
	}
}

func esbuildUses() []use {
	files := map[string]string{"a.ts": "import { b } from './b'\nconsole.log(b as number)\n", "b.ts": "export const b: number = 1\n"}
	bundle := "(()=>{console.log(1);})();\n"
	return []use{
		{name: "version", args: []string{"--version"}, stdout: "0.27.2\n"},
		{name: "stdin", args: []string{"--loader=ts"}, stdin: "const x: number = 1 + 1\n", stdout: "const x = 1 + 1;\n"},
		{
			name: "bundle", flags: []string{"--dir", "{}::/"}, args: []string{"/a.ts", "--bundle", "--minify", "--log-level=error", "--outfile=/out.js"},
			files: files, after: map[string]string{"a.ts": files["a.ts"], "b.ts": files["b.ts"], "out.js": bundle},
		},
		{name: "error", args: []string{"--loader=ts", "--log-level=silent"}, stdin: "const\n", code: 1},
	}
}

// esbuild is what npm has as @esbuild/wasi-preview1; scripts/modules fetches it.
func esbuild(t *testing.T, out string) {
	t.Helper()
	dir := os.Getenv("SEALWAX_MODULES")
	b, err := os.ReadFile(filepath.Join(dir, "esbuild-wasi-preview1--esbuild.wasm"))
	if dir == "" || err != nil {
		peers.Missing(t, "no esbuild in SEALWAX_MODULES (%v)", err)
	}
	if err := os.WriteFile(out, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
