// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package peers

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Wasmtime is the folder of the helper sealwax-wasmtime, built from this tree.
// The go command's own cache makes the second build a short one. Without cgo and
// a C compiler the test ends.
func Wasmtime(t testing.TB) (dir string) {
	t.Helper()
	root := moduleRoot(t)
	if out, err := exec.Command("go", "env", "CGO_ENABLED").Output(); err != nil || strings.TrimSpace(string(out)) != "1" {
		Missing(t, "no cgo, which the helper sealwax-wasmtime needs")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir = filepath.Join(cache, "sealwax-test-helpers")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	name := "sealwax-wasmtime"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	// Built beside its place and renamed: packages are tested at the same time.
	tmp, err := os.MkdirTemp(dir, "build-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	cmd := exec.Command("go", "build", "-o", filepath.Join(tmp, name), "./cmd/sealwax-wasmtime")
	cmd.Dir = filepath.Join(root, "x", "wasmtime")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	if err := os.Rename(filepath.Join(tmp, name), filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// moduleRoot is the folder of the root module.
func moduleRoot(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(strings.TrimSpace(string(out)))
	for {
		if _, err := os.Stat(filepath.Join(dir, "x", "wasmtime", "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("no x/wasmtime above the tested package")
		}
		dir = above
	}
}
