// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// run runs a command and gives its exit code.
func run(t testing.TB, name string, args ...string) (code int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	exited := (*exec.ExitError)(nil)
	switch {
	case err == nil:
		return 0, string(out)
	case errors.As(err, &exited):
		return exited.ExitCode(), string(out)
	}
	t.Fatalf("%s: %v", name, err)
	return 0, ""
}

func must(t testing.TB, name string, args ...string) {
	t.Helper()
	if code, out := run(t, name, args...); code != 0 {
		t.Fatalf("%s %q exits %d: %s", name, args, code, out)
	}
}

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(name, data, 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// objects builds a program and a shared object for this machine: ELF, so that only
// Linux and FreeBSD have them.
func objects(t testing.TB) (program, library string) {
	t.Helper()
	if runtime.GOOS != "linux" && runtime.GOOS != "freebsd" {
		t.Skip("native code is not ELF here")
	}
	clang := peers.Look(t, "clang")
	dir := t.TempDir()
	program, library = filepath.Join(dir, "main"), filepath.Join(dir, "lib.so")
	must(t, clang, "-O1", "-o", program, filepath.Join("testdata", "native", "main.c"), "-ldl")
	must(t, clang, "-O1", "-shared", "-fPIC", "-o", library, filepath.Join("testdata", "native", "lib.c"))
	return program, library
}

// TestStillNative: what is signed is executed and loaded as before.
func TestStillNative(t *testing.T) {
	program, library := objects(t)
	dir := t.TempDir()
	exe := write(t, filepath.Join(dir, "main"), embed(t, read(t, program), compiler))
	lib := write(t, filepath.Join(dir, "lib.so"), embed(t, read(t, library), compiler))
	if code, out := run(t, exe); code != 7 {
		t.Errorf("the signed program exits %d: %s", code, out)
	}
	if code, out := run(t, exe, lib); code != 42 {
		t.Errorf("the signed library answers %d: %s", code, out)
	}
}

// TestObjectTools: what rewrites a file takes its signature away, or leaves one
// that is of other bytes.
func TestObjectTools(t *testing.T) {
	program, library := objects(t)
	for _, object := range []string{program, library} {
		signed := write(t, filepath.Join(t.TempDir(), "signed"), embed(t, read(t, object), compiler))
		for _, line := range [][]string{
			{"strip", "-o", "OUT", signed},
			{"strip", "--strip-debug", "-o", "OUT", signed},
			{"objcopy", signed, "OUT"},
			{"objcopy", "--only-section=.text", signed, "OUT"},
			{"objcopy", "--add-section", ".more=" + object, signed, "OUT"},
		} {
			out := filepath.Join(t.TempDir(), "out")
			args := strings.Split(strings.ReplaceAll(strings.Join(line[1:], "\n"), "OUT", out), "\n")
			must(t, peers.Look(t, line[0]), args...)
			if r := judge(t.Context(), t, read(t, out), onlyNative(), people()); r.Verdict != sealwax.Deny {
				t.Errorf("%q leaves a signed file", line)
			}
		}
	}
}

// TestMinisignVerifies: what is detached, the stock tool verifies, and the digits
// of the statement with it.
func TestMinisignVerifies(t *testing.T) {
	tool := peers.Look(t, "minisign")
	s := sourceOf(t, module, maker, minisign.Name)
	for name, signed := range map[string][]byte{
		"app.cwasm": sign(t, cwasm(), compiler, compiled(s), s.carried), "app": embed(t, program(), compiler), "app.exe": embed(t, peFile(0), compiler),
	} {
		dir := t.TempDir()
		original, sig, err := detach(t, signed)
		if err != nil {
			t.Fatal(err)
		}
		pub, err := key.MarshalMinisignPublic(compiler.Public(), "")
		if err != nil {
			t.Fatal(err)
		}
		file, sigFile := write(t, filepath.Join(dir, name), original), write(t, filepath.Join(dir, "sig"), sig)
		args := []string{"-V", "-p", write(t, filepath.Join(dir, "pub"), pub), "-m", file, "-x", sigFile}
		code, out := run(t, tool, args...)
		if code != 0 || !strings.Contains(out, "sealwax-native/v1 kind=") {
			t.Errorf("%s: exits %d: %s", name, code, out)
		}
		write(t, file, append(original, 'x'))
		if code, _ := run(t, tool, args...); code == 0 {
			t.Errorf("%s: other bytes are verified: this test shows nothing", name)
		}
	}
}

// TestSweep: every bit of the first 64 bytes and of the trailer, 2,000 random
// bytes, and every length: nothing of it is accepted.
func TestSweep(t *testing.T) {
	exe, library := objects(t)
	s := sourceOf(t, module, maker, minisign.Name)
	for name, tc := range map[string]struct {
		signed []byte
		policy *sealwax.Policy
	}{
		"program":          {embed(t, read(t, exe), compiler), onlyNative()},
		"shared object":    {embed(t, read(t, library), compiler), onlyNative()},
		"pe":               {embed(t, peFile(0), compiler), onlyNative()},
		"compiled":         {sign(t, cwasm(), compiler, compiled(s), s.carried), both()},
		"compiled, by one": {sign(t, cwasm(), compiler, compiled(s), s.carried), anySource()},
	} {
		t.Run(name, func(t *testing.T) { sweep(t, tc.signed, tc.policy) })
	}
}

func sweep(t *testing.T, signed []byte, p *sealwax.Policy) {
	if r := judge(t.Context(), t, signed, p, people()); r.Verdict != sealwax.Allow {
		t.Fatal(messages(r))
	}
	_, tr := parts(t, signed)
	tried := 0
	try := func(what string, changed []byte) {
		tried++
		v := &sealwax.Verifier{Formats: formats(), Trust: people()}
		if _, err := v.Verify(t.Context(), sealwaxtest.Bytes("app", changed), p); err == nil {
			t.Errorf("allowed with %s", what)
		}
	}
	flip := func(at int, with byte) {
		changed := bytes.Clone(signed)
		changed[at] ^= with
		try("a changed byte", changed)
	}
	share := 1 // of the changes: one in so many
	if raced || testing.Short() {
		share = 20
	}
	for at := 0; at < len(signed); at += share {
		if at < 64 || int64(at) >= tr.Original {
			for bit := range 8 {
				flip(at, 1<<bit)
			}
		}
	}
	random := rand.New(rand.NewPCG(5, uint64(len(signed))))
	for range 2000 / share {
		flip(random.IntN(len(signed)), byte(1+random.IntN(255)))
	}
	for n := range 600 / share {
		try("its end cut off", signed[:max(0, len(signed)-1-n)])
		try("its beginning cut off", signed[min(len(signed), n+1):])
		try("something behind", append(bytes.Clone(signed), make([]byte, n+1)...))
		at := random.IntN(len(signed))
		try("something inside", append(append(bytes.Clone(signed[:at]), byte(n)), signed[at:]...))
		try("something missing", append(bytes.Clone(signed[:at]), signed[at+1:]...))
	}
	try("its own trailer again", append(bytes.Clone(signed), signed[tr.Original:]...))
	if tried < 5000/share {
		t.Errorf("only %d changes were tried", tried)
	}
}

// TestLargeFile: constant memory, and no copy of the original.
func TestLargeFile(t *testing.T) {
	c := &head{sealwaxtest.Synthetic(64<<20, 3)}
	a := sealwaxtest.From("large", c)
	var tail tailWriter
	if err := native(t).Embed(t.Context(), a, &tail, compiler, sealwax.SignOptions{Now: now}); err != nil {
		t.Fatal(err)
	}
	signed := &joined{Content: c, tail: tail.last(tail.n - c.Size())}
	v := &sealwax.Verifier{Formats: formats(), Trust: people()}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := v.Verify(t.Context(), sealwaxtest.From("large", signed), onlyNative())
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; err != nil || grown > 8<<20 {
		t.Errorf("%d bytes were allocated; %v", grown, err)
	}
}

// head makes content begin as a program does.
type head struct{ sealwax.Content }

func (h *head) ReadAt(p []byte, off int64) (int, error) {
	n, err := h.Content.ReadAt(p, off)
	if off < 4 {
		copy(p, "\x7fELF"[off:])
	}
	return n, err
}

// joined is content with bytes behind it, and so many more that are not there.
type joined struct {
	sealwax.Content
	tail []byte
	more int64
}

func (j *joined) Size() int64 { return j.Content.Size() + int64(len(j.tail)) + j.more }

func (j *joined) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < j.Content.Size() {
		n, _ = j.Content.ReadAt(p, off)
	}
	if n < len(p) {
		n += copy(p[n:], j.tail[min(int64(len(j.tail)), off+int64(n)-j.Content.Size()):])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// tailWriter keeps the last write and counts them all.
type tailWriter struct {
	n    int64
	tail []byte
}

func (w *tailWriter) Write(p []byte) (int, error) {
	w.n, w.tail = w.n+int64(len(p)), bytes.Clone(p)
	return len(p), nil
}

func (w *tailWriter) last(n int64) []byte { return w.tail[int64(len(w.tail))-n:] }
