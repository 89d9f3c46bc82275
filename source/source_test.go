// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/source"
)

func write(t *testing.T, dir, name, data string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// publicDir is a temporary folder that every user may pass and read.
func publicDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, path string, o source.Options) *sealwax.Artifact {
	t.Helper()
	a, err := source.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func contentOf(t *testing.T, a *sealwax.Artifact) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := a.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// besides lists the companions' base names and data; an error is "!".
func besides(t *testing.T, a *sealwax.Artifact) []string {
	t.Helper()
	companions, err := a.Companions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range companions {
		data := string(c.Data)
		if c.Err != nil {
			data = "!"
		}
		out = append(out, filepath.Base(c.Name)+"="+data)
	}
	return out
}

var holdings = map[string]source.Holding{"streamed": source.Streamed, "held": source.Held, "sealed": source.Sealed}

func eachHolding(t *testing.T, f func(t *testing.T, h source.Holding)) {
	for name, h := range holdings {
		t.Run(name, func(t *testing.T) { f(t, h) })
	}
}

func TestIsCompanionName(t *testing.T) {
	for name, want := range map[string]bool{
		"app.minisig": true, "app.alice.minisig": true, "app.a.b.minisig": true, "app.sig": true,
		"app.wasmsig": true, "app.alice.wasmsig": true,
		"app": false, "app.alice.sig": false, "app.minisig.bak": false, "apple.minisig": false, "appminisig": false,
		"app.": false, "app.MINISIG": false, "minisig": false, "app..minisig": true, "app.xminisig": false, "xapp.minisig": false,
	} {
		if got := source.IsCompanionName(name, "app"); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCompanionsByName(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "app", "the app")
	for _, name := range []string{"app.minisig", "app.bob.minisig", "app.sig", "app.wasmsig", "app.eve.wasmsig", "app.txt", "other.minisig", "app.x.sig"} {
		write(t, dir, name, name)
	}
	write(t, dir, "sub/app.minisig", "elsewhere")
	a := open(t, app, source.Options{})
	want := []string{"app.bob.minisig=app.bob.minisig", "app.eve.wasmsig=app.eve.wasmsig", "app.minisig=app.minisig", "app.sig=app.sig", "app.wasmsig=app.wasmsig"}
	if diff := cmp.Diff(want, besides(t, a)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := os.Remove(filepath.Join(dir, "app.sig")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, besides(t, a)); diff != "" {
		t.Errorf("asked again, there are others: %s", diff)
	}
}

func TestNoCompanions(t *testing.T) {
	if got := besides(t, open(t, write(t, t.TempDir(), "app", ""), source.Options{})); got != nil {
		t.Error(got)
	}
}

// TestExplicitSignatures come first, once, in their order, and also under names
// that say nothing.
func TestExplicitSignatures(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "app", "")
	beside := write(t, dir, "app.minisig", "beside")
	other := write(t, dir, "elsewhere/x", "other")
	a := open(t, app, source.Options{Signatures: []string{other, filepath.Join(dir, ".", "elsewhere", "..", "app.minisig")}})
	if diff := cmp.Diff([]string{"x=other", "app.minisig=beside"}, besides(t, a)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a = open(t, app, source.Options{Signatures: []string{beside, beside}})
	if got := besides(t, a); len(got) != 1 {
		t.Errorf("given twice: %v", got)
	}
	if _, err := source.Open(t.Context(), app, source.Options{Signatures: []string{filepath.Join(dir, "absent")}}); !errors.Is(err, fs.ErrNotExist) {
		t.Error("an absent signature:", err)
	}
}

// TestRelativePaths: the same file by two spellings is one companion.
func TestRelativePaths(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "app", "")
	write(t, dir, "app.minisig", "s")
	t.Chdir(dir)
	for _, sig := range []string{"app.minisig", "./app.minisig", filepath.Join(dir, "app.minisig")} {
		if got := besides(t, open(t, "app", source.Options{Signatures: []string{sig}})); len(got) != 1 {
			t.Errorf("%s: %v", sig, got)
		}
	}
}

func TestLargeCompanions(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "app", "")
	write(t, dir, "app.minisig", strings.Repeat("x", source.MaxCompanion))
	big := write(t, dir, "app.sig", strings.Repeat("x", source.MaxCompanion+1))
	got := besides(t, open(t, app, source.Options{}))
	if len(got) != 2 || len(got[0]) < source.MaxCompanion || got[1] != "app.sig=!" {
		t.Errorf("%.40q", got)
	}
	if _, err := source.Open(t.Context(), app, source.Options{Signatures: []string{big}}); err == nil {
		t.Error("an explicit signature that is too large")
	}
}

func TestManyCompanions(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "app", "")
	for i := range source.MaxCompanions + 5 {
		write(t, dir, fmt.Sprintf("app.%04d.minisig", i), "s")
	}
	companions, err := open(t, app, source.Options{}).Companions(t.Context())
	if err != nil || len(companions) != source.MaxCompanions+1 || companions[source.MaxCompanions].Err == nil {
		t.Errorf("%d companions, %v: want %d and one that says there are more", len(companions), err, source.MaxCompanions)
	}
}

func TestCompanionThatIsAFolder(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "app", "")
	write(t, dir, "app.minisig/inside", "x")
	if diff := cmp.Diff([]string{"app.minisig=!"}, besides(t, open(t, app, source.Options{}))); diff != "" {
		t.Error(diff)
	}
}

func TestListing(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "app", "")
	write(t, dir, "app.minisig", "s")
	errList := errors.New("no list")
	for _, tc := range []struct {
		names []string
		err   error
		want  int
	}{{[]string{"app.minisig"}, nil, 1}, {nil, nil, 0}, {nil, fs.ErrNotExist, 0}, {nil, errList, -1}} {
		a := open(t, app, source.Options{Listing: func(string) ([]string, error) { return tc.names, tc.err }})
		got, err := a.Companions(t.Context())
		if tc.want < 0 != (err != nil) || (err == nil && len(got) != tc.want) {
			t.Errorf("%v, %v: %v, %v", tc.names, tc.err, got, err)
		}
	}
}

func TestOpen(t *testing.T) {
	eachHolding(t, func(t *testing.T, h source.Holding) {
		dir := t.TempDir()
		for _, data := range []string{"", "hello", strings.Repeat("0123456789abcdef", 1<<17)} {
			a := open(t, write(t, dir, "app", data), source.Options{Holding: h})
			if got := contentOf(t, a); got != data || a.Size() != int64(len(data)) || a.Name() != filepath.Join(dir, "app") {
				t.Errorf("%d bytes of %d from %s", len(got), len(data), a.Name())
			}
		}
		if _, err := source.Open(t.Context(), dir, source.Options{Holding: h}); !errors.Is(err, source.ErrIsDirectory) {
			t.Error("a folder:", err)
		}
		if _, err := source.Open(t.Context(), filepath.Join(dir, "absent"), source.Options{Holding: h}); !errors.Is(err, fs.ErrNotExist) {
			t.Error("an absent file:", err)
		}
	})
}

func TestMaxSize(t *testing.T) {
	eachHolding(t, func(t *testing.T, h source.Holding) {
		app := write(t, t.TempDir(), "app", "12345")
		for _, path := range []string{app, source.Stdin} {
			for limit, ok := range map[int64]bool{4: false, 5: true, 6: true, 0: true} {
				a, err := source.Open(t.Context(), path, source.Options{Holding: h, MaxSize: limit, Stdin: strings.NewReader("12345")})
				if ok {
					if err != nil || contentOf(t, a) != "12345" {
						t.Errorf("%s, limit %d: %v", path, limit, err)
					}
					_ = a.Close()
				} else if !errors.Is(err, source.ErrTooLarge) {
					t.Errorf("%s, limit %d: %v", path, limit, err)
				}
			}
		}
	})
}

func TestStdin(t *testing.T) {
	eachHolding(t, func(t *testing.T, h source.Holding) {
		t.Chdir(t.TempDir())
		write(t, ".", "-.minisig", "not beside a pipe")
		data := strings.Repeat("piped ", 1<<18)
		a := open(t, source.Stdin, source.Options{Holding: h, Stdin: iotest.HalfReader(strings.NewReader(data))})
		if contentOf(t, a) != data || besides(t, a) != nil {
			t.Error("not what was piped, or something beside it")
		}
		if a := open(t, source.Stdin, source.Options{Holding: h}); a.Size() != 0 {
			t.Error("no stdin is not empty")
		}
		errPipe := errors.New("broken pipe")
		if _, err := source.Open(t.Context(), source.Stdin, source.Options{Holding: h, Stdin: iotest.ErrReader(errPipe)}); !errors.Is(err, errPipe) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := source.Open(ctx, source.Stdin, source.Options{Holding: h, Stdin: endless{}}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestHeldIsImmune: what was opened is used, whatever becomes of the file.
func TestHeldIsImmune(t *testing.T) {
	for _, h := range []source.Holding{source.Held, source.Sealed} {
		dir := t.TempDir()
		app := write(t, dir, "app", "good bytes")
		a := open(t, app, source.Options{Holding: h})
		write(t, dir, "app", "EVIL BYTES")
		if got := contentOf(t, a); got != "good bytes" {
			t.Errorf("holding %d: %q", h, got)
		}
		if err := os.Remove(app); err != nil {
			t.Fatal(err)
		}
		if got := contentOf(t, a); got != "good bytes" {
			t.Errorf("holding %d, removed: %q", h, got)
		}
	}
}

// TestStreamedIsOneFile: a file that takes the name later is another file.
func TestStreamedIsOneFile(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "app", "good bytes")
	a := open(t, app, source.Options{})
	if err := os.Rename(write(t, dir, "evil", "EVIL BYTES"), app); err != nil {
		t.Skip("an open file cannot be replaced here:", err)
	}
	if got := contentOf(t, a); got != "good bytes" {
		t.Errorf("%q", got)
	}
}

// TestShrinkingFile: a streamed file that is cut short while it is judged is
// undecided, and so is one that grows.
func TestShrinkingFile(t *testing.T) {
	alice := sealwaxtest.NewPublisher("alice", 1, minisign.Format{})
	for _, size := range []int{100, 5 << 20} {
		data := strings.Repeat("x", size)
		sigs, err := alice.Sign(t.Context(), sealwaxtest.Bytes("app", []byte(data)), sealwax.SignOptions{})
		if err != nil {
			t.Fatal(err)
		}
		v := &sealwax.Verifier{Formats: alice.Formats, Trust: alice.Trust()}
		for change, want := range map[int64]sealwax.Verdict{-1: sealwax.Undecided, 0: sealwax.Allow, 1: sealwax.Undecided} {
			dir := t.TempDir()
			app := write(t, dir, "app", data)
			write(t, dir, "app.minisig", string(sigs[0].Data))
			a := open(t, app, source.Options{})
			if err := os.Truncate(app, int64(size)+change); err != nil {
				t.Fatal(err)
			}
			if r, err := v.Verify(t.Context(), a, sealwax.AnyOf(1, sealwax.RoleRelease)); r.Verdict != want {
				t.Errorf("%d bytes %+d: %v, %v; want %v", size, change, r.Verdict, err, want)
			}
		}
	}
}

func TestUnreadableFolder(t *testing.T) {
	dir := publicDir(t)
	app := write(t, dir, "in/app", "x")
	if err := os.Chmod(filepath.Dir(app), 0o111); err != nil { // to be passed, not to be read
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(filepath.Dir(app), 0o700) }()
	asUser(t, func() {
		a, err := source.Open(t.Context(), app, source.Options{})
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = a.Close() }()
		if got, err := a.Companions(t.Context()); err == nil {
			t.Errorf("nothing is beside it, says a folder that cannot be read: %v", got)
		}
	})
}

var _ io.Reader = endless{}
