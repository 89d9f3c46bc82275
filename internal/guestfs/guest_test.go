// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guestfs

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/sealwax/sealwax/internal/peers"
)

// guest is testdata/guest compiled for WASI, once for all tests.
var guest = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "sealwax-test-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.Command("go", "build", "-o", out, "./testdata/guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
})

// compiled keeps the guest's machine code between tests: compiling is slow with
// the race detector.
var compiled = sync.OnceValue(wazero.NewCompilationCache)

// run runs a guest with dir as /m, and returns its output and exit code. A guest
// that hangs fails the test.
func run(t *testing.T, dir string, access Access, args ...string) (string, uint32) {
	t.Helper()
	module, err := guest()
	if err != nil {
		t.Fatal(err)
	}
	folder, err := Open(dir, access)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(compiled()))
	defer rt.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	var out bytes.Buffer
	config := wazero.NewModuleConfig().WithArgs(append([]string{"guest"}, args...)...).WithStdout(&out).WithStderr(&out).
		WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithRandSource(rand.Reader).
		WithFSConfig(wazero.NewFSConfig().(sysfs.FSConfig).WithSysFSMount(folder, "/m"))
	done := make(chan error, 1)
	go func() {
		_, err := rt.InstantiateWithConfig(ctx, module, config)
		done <- err
	}()
	select {
	case err = <-done:
	case <-time.After(5 * time.Minute):
		t.Fatal("the guest hangs")
	}
	if exit, ok := errors.AsType[*sys.ExitError](err); ok {
		return out.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return out.String(), 0
}

const secret = "the secret outside"

// prepare makes BASE/secret.txt and the folder BASE/m with everything that the
// attacker knows of.
func prepare(t *testing.T) (base, dir string) {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(base, "m")
	for _, d := range []string{"", "dir", "empty"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{"../secret.txt": secret, "file.txt": "content", "trunc.txt": "content", "ren.txt": "content", "unlink.txt": "content"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"out": "../secret.txt", "abs": filepath.Join(base, "secret.txt"), "dirout": "..", "inside": "file.txt", "tofifo": "fifo"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			peers.Missing(t, "no symbolic links: %v", err)
		}
	}
	makeFIFO(t, filepath.Join(dir, "fifo"))
	old := time.Unix(1_600_000_000, 0)
	for _, p := range []string{"../secret.txt", "file.txt", "dir", "."} {
		if err := os.Chtimes(filepath.Join(dir, p), old, old); err != nil {
			t.Fatal(err)
		}
	}
	return base, dir
}

// state is everything about a folder that a guest could have changed.
func state(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.Walk(dir, func(p string, st os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		line := p + " " + st.Mode().String() + " " + st.ModTime().UTC().Format(time.RFC3339Nano)
		if st.Mode().IsRegular() {
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			line += " " + string(b)
		}
		out = append(out, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(out)
	return out
}

// parse reads NAME=OK:… and NAME=ERR:… lines.
func parse(out string) map[string]string {
	got := map[string]string{}
	for line := range strings.Lines(out) {
		if name, what, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			got[name] = what
		}
	}
	return got
}

func checkGood(t *testing.T, got map[string]string) {
	t.Helper()
	for _, name := range []string{"good /m/file.txt", "good /m/inside", "good /m/dir/../file.txt"} {
		if got[name] != "content <nil>" {
			t.Errorf("%s = %q", name, got[name])
		}
	}
}

// escapes are attempts that must fail in every folder.
var escapes = []string{
	"host-link", "host-abs-link", "host-dir-link", "guest-link", "guest-link-moved", "guest-abs-link",
	"write-through-host-link", "chtimes-through-host-link", "dotdot", "dotdot-deep", "dotdot-abs", "dotdot-dirfd",
	"hard-link-of-link", "hard-link-out", "fifo-read", "fifo-write", "fifo-rdwr", "fifo-link",
	"write-rdonly-fd", "set-size", "allocate",
}

// changes are attempts that must fail in a read-only folder and work in another.
var changes = []string{
	"rdonly-creat", "rdonly-trunc", "rdonly-append", "rdwr", "write", "fd-times", "dir-times",
	"rename", "link", "unlink", "rmdir", "mkdir", "symlink", "chtimes",
}

func TestAttacksOnReadOnlyFolder(t *testing.T) {
	base, dir := prepare(t)
	before := state(t, base)
	out, code := run(t, dir, ReadOnly, "attack", base)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	got := parse(out)
	for _, name := range append(escapes, changes...) {
		if !strings.HasPrefix(got[name], "ERR:") {
			t.Errorf("%s: %q", name, got[name])
		}
	}
	for _, name := range changes {
		if want := "ERR:Read-only file system"; got[name] != want && !strings.Contains(got[name], "Read-only") {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	checkGood(t, got)
	if strings.Contains(out, secret) {
		t.Errorf("the secret is out:\n%s", out)
	}
	if d := cmp.Diff(before, state(t, base)); d != "" {
		t.Errorf("the folder changed:\n%s", d)
	}
}

func TestAttacksOnWritableFolder(t *testing.T) {
	base, dir := prepare(t)
	out, code := run(t, dir, ReadWrite, "attack", base)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	got := parse(out)
	for _, name := range escapes {
		if !strings.HasPrefix(got[name], "ERR:") {
			t.Errorf("%s: %q", name, got[name])
		}
	}
	for _, name := range changes {
		if got[name] != "OK:done" {
			t.Errorf("%s: %q, want it to work", name, got[name])
		}
	}
	checkGood(t, got)
	if strings.Contains(out, secret) {
		t.Errorf("the secret is out:\n%s", out)
	}
	b, err := os.ReadFile(filepath.Join(base, "secret.txt"))
	if err != nil || string(b) != secret {
		t.Errorf("the secret is now %q, err %v", b, err)
	}
	st, err := os.Stat(filepath.Join(base, "secret.txt"))
	if err != nil || st.ModTime().Unix() != 1_600_000_000 {
		t.Errorf("the secret's time is now %v, err %v", st.ModTime(), err)
	}
	outside, err := os.ReadDir(base)
	if err != nil || len(outside) != 2 {
		t.Errorf("outside the folder are now %v, err %v", outside, err)
	}
	checkLinks(t, dir)
}

// checkLinks makes sure that no name in dir is a second name of the secret, and
// that no link with an absolute target was made.
func checkLinks(t *testing.T, dir string) {
	t.Helper()
	secretFile, err := os.Stat(filepath.Join(dir, "..", "secret.txt"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if st, err := os.Lstat(filepath.Join(dir, e.Name())); err != nil || os.SameFile(st, secretFile) {
			t.Errorf("%s is the secret, or cannot be seen: %v", e.Name(), err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "link3")); err == nil {
		t.Error("a link with an absolute target was made")
	}
	if _, err := os.Lstat(filepath.Join(dir, "link1")); err == nil {
		t.Error("a link that leads out was made")
	}
}

// TestRealProgram runs a program that uses files as programs do.
func TestRealProgram(t *testing.T) {
	dir := t.TempDir()
	if out, failures := run(t, dir, ReadWrite, "work"); failures != 0 {
		t.Errorf("%d failures:\n%s", failures, out)
	}
}

func TestOpenNeedsAFolder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{file, filepath.Join(dir, "absent")} {
		if f, err := Open(p, ReadOnly); err == nil {
			f.Close()
			t.Errorf("Open(%q) worked", p)
		}
	}
	if runtime.GOOS != "windows" && os.Getuid() != 0 {
		if err := os.Chmod(dir, 0o100); err != nil {
			t.Fatal(err)
		}
		if f, err := Open(dir, ReadOnly); err == nil {
			f.Close()
			t.Error("a folder that cannot be listed was opened")
		}
	}
}
