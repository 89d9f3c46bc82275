// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package peers

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Wasmtime is a folder that holds the helper sealwax-wasmtime, built from this
// tree, and nothing else. Without cgo and a C compiler the test ends.
//
// The program is kept in the user's cache: a second call, from whatever package,
// takes a fraction of a second as long as nothing has changed.
func Wasmtime(t testing.TB) (dir string) {
	t.Helper()
	root := moduleRoot(t)
	if goEnv(t, "CGO_ENABLED") != "1" {
		Missing(t, "no cgo, which the helper sealwax-wasmtime needs")
	}
	Look(t, strings.Fields(goEnv(t, "CC"))[0])
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir() // no home
	}
	dir = filepath.Join(cache, fmt.Sprintf("sealwax-test-helpers-%x", sha256.Sum256([]byte(root)))[:40])
	if err := build(root, dir); err != nil {
		t.Fatalf("building sealwax-wasmtime: %v", err)
	}
	return dir
}

// build builds the helper into dir. Packages are tested at the same time, so it is
// built beside its place, from a copy that lets the go command see that it is up to
// date, and then renamed. One that is up to date stays the very file that it was:
// the compile cache knows an engine by its program's inode and times.
func build(root, dir string) error {
	name := "sealwax-wasmtime"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "sealwax-build-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	made, place := filepath.Join(tmp, name), filepath.Join(dir, name)
	old, err := os.ReadFile(place)
	switch {
	case err == nil:
		err = os.WriteFile(made, old, 0o700)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-o", made, "./cmd/sealwax-wasmtime")
	cmd.Dir = filepath.Join(root, "x", "wasmtime")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	fresh, err := os.ReadFile(made)
	if err != nil {
		return err
	}
	if old != nil && bytes.Equal(old, fresh) {
		return nil
	}
	return os.Rename(made, place)
}

// moduleRoot is the folder of the root module, seen from the tested package.
func moduleRoot(t testing.TB) string {
	t.Helper()
	for dir := filepath.Dir(goEnv(t, "GOMOD")); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "x", "wasmtime", "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no x/wasmtime above the tested package")
		}
	}
}

func goEnv(t testing.TB, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
