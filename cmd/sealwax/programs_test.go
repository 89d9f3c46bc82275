// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax/internal/peers"
)

// program is somebody's, built for WASI, and what people do with it.
type program struct {
	name  string
	build func(t *testing.T, out string)
	uses  []use
}

// use is one call of a program. Its folder has files, and beside it lies one that
// is called secret.
type use struct {
	name   string
	flags  []string // of sealwax run; {} is the folder
	args   []string // of the program
	stdin  string
	files  map[string]string
	links  map[string]string // symbolic ones, and what they say
	code   int
	stdout string            // all of it
	after  map[string]string // the files then, if they are others than before
}

// TestPrograms: what others build with their compilers runs on both engines, and
// compiled ahead of time, alike.
func TestPrograms(t *testing.T) {
	testPrograms(t, []program{
		{"c", clang, cUses()},
		{"rust", rustc, rustUses()},
		{"gofmt", goTool("gofmt"), gofmtUses()},
	}, allWays()...)
}

// allWays are the ways to run a program.
func allWays() []string { return []string{"wazero", "wasmtime", "compiled"} }

func cUses() []use {
	files := map[string]string{"f": "inside\n"}
	return []use{
		{name: "arguments", flags: []string{"--env", "X=1"}, args: []string{"a", "b c", "--", "-k"}, stdout: "X=1 HOME=unset\na\nb c\n--\n-k\n"},
		{name: "streams", args: []string{"cat"}, stdin: "in\x00out\r\n", stdout: "in\x00out\r\n"},
		{name: "exit", args: []string{"exit", "7"}, code: 7},
		{name: "trap", args: []string{"trap"}, code: 134},
		{name: "no folder", args: []string{"read", "/etc/passwd"}, code: 1},
		{name: "read", flags: []string{"--dir", "{}::/d:ro"}, args: []string{"read", "/d/f"}, files: files, stdout: "inside\n"},
		{name: "relative", flags: []string{"--dir", "{}::/"}, args: []string{"read", "f"}, files: files, stdout: "inside\n"},
		{name: "outside", flags: []string{"--dir", "{}::/d"}, args: []string{"read", "/d/../../secret"}, files: files, code: 1},
		{name: "link", flags: []string{"--dir", "{}::/d"}, args: []string{"read", "/d/in"}, files: files, links: map[string]string{"in": "f"}, stdout: "inside\n"},
		{name: "link outside", flags: []string{"--dir", "{}::/d"}, args: []string{"read", "/d/out"}, files: files, links: map[string]string{"out": "../secret"}, code: 1},
		{name: "write outside", flags: []string{"--dir", "{}::/d"}, args: []string{"write", "/d/out"}, files: files, links: map[string]string{"out": "../secret"}, code: 1},
		{name: "read-only", flags: []string{"--dir", "{}::/d:ro"}, args: []string{"write", "/d/f"}, files: files, code: 1},
		{
			name: "write", flags: []string{"--dir", "{}::/d"}, args: []string{"write", "/d/g"}, files: files,
			after: map[string]string{"f": "inside\n", "g": "written\n"},
		},
	}
}

func rustUses() []use {
	files := map[string]string{"f": "inside\n", "g": ""}
	return []use{
		{name: "arguments", flags: []string{"--env", "X=1"}, args: []string{"a", "b c"}, stdout: "X=Some(\"1\") [\"a\", \"b c\"]\n"},
		{name: "streams", args: []string{"cat"}, stdin: "in\nout", stdout: "in\nout"},
		{name: "exit", args: []string{"exit", "9"}, code: 9},
		{name: "list", flags: []string{"--dir", "{}::/d:ro"}, args: []string{"list", "/d"}, files: files, stdout: "f\ng\n"},
		{
			name: "rename", flags: []string{"--dir", "{}::/"}, args: []string{"rename", "f", "h"}, files: files,
			after: map[string]string{"g": "", "h": "inside\n"},
		},
	}
}

func gofmtUses() []use {
	ugly, pretty := "package  p\nvar x=1\n", "package p\n\nvar x = 1\n"
	files := map[string]string{"p.go": ugly}
	return []use{
		{name: "stdin", stdin: ugly, stdout: pretty},
		{name: "syntax", stdin: "package\n", code: 2},
		{name: "list", flags: []string{"--dir", "{}::/:ro"}, args: []string{"-l", "."}, files: files, stdout: "p.go\n"},
		{name: "write", flags: []string{"--dir", "{}::/"}, args: []string{"-w", "/p.go"}, files: files, after: map[string]string{"p.go": pretty}},
	}
}

// testPrograms builds, signs and compiles each, and uses it in the ways named.
func testPrograms(t *testing.T, programs []program, names ...string) {
	if testing.Short() {
		t.Skip("builds and compiles programs")
	}
	bench := newWorkbench(t)
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			module, native := bench.path(p.name+".wasm"), bench.path(p.name+".cwasm")
			p.build(t, module)
			bench.must(t, "sign", module, "-k", bench.path("maker.key"))
			bench.must(t, "compile", module, "-o", native, "-k", bench.path("maker.pub"), "--sign-key", bench.path("native.key"))
			ways := map[string][]string{
				"wazero":   {"run", module, "-k", bench.path("maker.pub"), "--engine", "wazero"},
				"wasmtime": {"run", module, "-k", bench.path("maker.pub"), "--engine", "wasmtime"},
				"compiled": {"run", native, "-k", bench.path("maker.pub"), "--native-key", bench.path("native.pub")},
			}
			for _, name := range names {
				t.Run(name, func(t *testing.T) {
					for _, u := range p.uses {
						t.Run(u.name, func(t *testing.T) { bench.use(t, ways[name], u) })
					}
				})
			}
		})
	}
}

// workbench is a folder with keys, and sealwax as it is shipped: an engine that
// is built with the race detector would compile for minutes.
type workbench struct {
	dir string
	env []string
}

func newWorkbench(t *testing.T) workbench {
	t.Helper()
	w := workbench{dir: t.TempDir()}
	helper := peers.Wasmtime(t)
	build := exec.Command("go", "build", "-o", w.sealwax(), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	w.env = append(os.Environ(), "PATH="+helper+string(os.PathListSeparator)+os.Getenv("PATH"),
		"SEALWAX_CONFIG_DIR="+w.path("config"), "SEALWAX_STATE_DIR="+w.path("state"), "SEALWAX_CACHE_DIR="+w.path("cache"))
	for _, name := range []string{"maker", "native"} {
		w.must(t, "keygen", "--no-password", "-o", w.path(name))
	}
	return w
}

func (w workbench) path(name string) string { return filepath.Join(w.dir, name) }

func (w workbench) sealwax() string {
	if runtime.GOOS == "windows" {
		return w.path("sealwax.exe")
	}
	return w.path("sealwax")
}

func (w workbench) must(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command(w.sealwax(), args...)
	cmd.Env = w.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sealwax %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// use runs a program once, in one way, and looks at all that comes of it.
func (w workbench) use(t *testing.T, way []string, u use) {
	dir := filepath.Join(t.TempDir(), "data")
	writeFiles(t, dir, u.files)
	secret := filepath.Join(filepath.Dir(dir), "secret")
	if err := os.WriteFile(secret, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, says := range u.links {
		if err := os.Symlink(says, filepath.Join(dir, name)); err != nil {
			peers.Missing(t, "no symbolic links (%v)", err)
		}
	}
	args := append([]string{}, way...)
	for _, f := range u.flags {
		args = append(args, strings.ReplaceAll(f, "{}", dir))
	}
	cmd := exec.Command(w.sealwax(), append(append(args, "--"), u.args...)...)
	cmd.Env = w.env
	cmd.Stdin = strings.NewReader(u.stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	exited := (*exec.ExitError)(nil)
	if err := cmd.Run(); err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != u.code {
		t.Errorf("exit code %d, want %d\n%s", got, u.code, &stderr)
	}
	if diff := cmp.Diff(u.stdout, stdout.String()); diff != "" {
		t.Errorf("stdout (-want +got):\n%s%s", diff, &stderr)
	}
	after := u.after
	if after == nil {
		after = u.files
	}
	if diff := cmp.Diff(after, readFiles(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s%s", diff, &stderr)
	}
	if b, err := os.ReadFile(secret); err != nil || string(b) != "secret\n" {
		t.Errorf("the file outside: %q, %v", b, err)
	}
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// readFiles reads what is a file and no link. It is nil for an empty folder, as
// for none that is wanted.
func readFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]string
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if files == nil {
			files = map[string]string{}
		}
		files[e.Name()] = string(b)
	}
	return files
}

func clang(t *testing.T, out string) {
	t.Helper()
	tool(t, peers.Look(t, "clang"), "--target=wasm32-wasi", "-O2", "-o", out, filepath.Join("testdata", "programs", "main.c"))
}

// rustc is Debian's, which knows WASI; a rustup that is first in PATH need not.
func rustc(t *testing.T, out string) {
	t.Helper()
	compiler := "/usr/bin/rustc"
	if _, err := os.Stat(compiler); err != nil {
		peers.Missing(t, "no %s", compiler)
	}
	tool(t, compiler, "--target", "wasm32-wasi", "--edition", "2021", "-O", "-C", "strip=symbols", "-o", out, filepath.Join("testdata", "programs", "main.rs"))
}

// goTool builds one of Go's own programs.
func goTool(name string) func(*testing.T, string) {
	return func(t *testing.T, out string) {
		t.Helper()
		tool(t, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "cmd/"+name)
	}
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
