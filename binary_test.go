// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"bufio"
	"bytes"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// -update rewrites the goldens of testdata; the diff is for a reviewer to judge.
var update = flag.Bool("update", false, "rewrite the goldens in testdata")

const (
	maxLinkedModules = 30
	maxBinary        = 16 << 20 // bytes, stripped
)

// TestFloorsLinkedModules: what is linked into the binary, by name. A new line
// in the golden is a new party to trust.
func TestFloorsLinkedModules(t *testing.T) {
	commandExists(t)
	modules := set(goList(t, "{{with .Module}}{{.Path}}{{end}}"))
	if len(modules) > maxLinkedModules {
		t.Errorf("sealwax links %d modules, at most %d are allowed", len(modules), maxLinkedModules)
	}
	golden(t, "linked-modules.golden", modules)
}

// TestFloorsLinkedPackages: other people's packages in the binary.
func TestFloorsLinkedPackages(t *testing.T) {
	commandExists(t)
	golden(t, "linked-packages.golden", set(others(goList(t, "{{if not .Standard}}{{.ImportPath}}{{end}}"))))
}

// others keeps the packages that are neither ours nor the standard library's,
// nor vendored into it.
func others(packages []string) []string {
	return slices.DeleteFunc(packages, func(p string) bool {
		domain, _, _ := strings.Cut(p, "/")
		return !strings.Contains(domain, ".") || p == module || strings.HasPrefix(p, module+"/")
	})
}

// goList asks about one fixed platform, so that the goldens are everybody's,
// and without cgo, so that a package that needs it is missed at once.
func goList(t *testing.T, format string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-f", format, "./cmd/sealwax")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Fields(string(out))
}

// TestBinary builds what users get, and holds its size and whose packages do
// work before main.
func TestBinary(t *testing.T) {
	commandExists(t)
	if testing.Short() {
		t.Skip("builds the binary")
	}
	binary := filepath.Join(t.TempDir(), "sealwax.exe")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "./cmd/sealwax")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxBinary {
		t.Errorf("the stripped binary has %d bytes, at most %d are allowed", info.Size(), maxBinary)
	}
	if runtime.GOOS != "linux" {
		t.Skip("the golden of package inits is linux's")
	}
	golden(t, "package-inits.golden", packageInits(t, binary))
}

// packageInits reads the runtime's own trace, whose lines begin "init NAME @".
func packageInits(t *testing.T, binary string) []string {
	t.Helper()
	cmd := exec.Command(binary, "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatalf("sealwax version: %v\n%s", err, trace.Bytes())
	}
	var names []string
	for lines := bufio.NewScanner(&trace); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 2 && fields[0] == "init" {
			names = append(names, fields[1])
		}
	}
	return set(others(names))
}

func set(list []string) []string {
	seen := map[string]bool{}
	for _, s := range list {
		seen[s] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

func golden(t *testing.T, name string, got []string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with go test . -update", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(text, "\n")); diff != "" {
		t.Errorf("%s differs (-golden +now); if that is meant, run go test . -update\n%s", file, diff)
	}
}
