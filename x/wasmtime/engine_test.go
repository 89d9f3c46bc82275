// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// TestMain lets the test binary be the helper when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == engine.ChildArgument {
		var e child.Engine = Engine{Name: "test", Build: "devel"}
		if filepath.Base(os.Args[0]) == "reckless" {
			e = reckless{e}
		}
		os.Exit(child.Main(e, os.Args[2:]))
	}
	os.Exit(m.Run())
}

// reckless hands the library what it does not know.
type reckless struct{ child.Engine }

func (reckless) Compile(context.Context, helper.Compile, []byte) ([]byte, helper.Compiled, error) {
	c := wasmtime.NewConfig()
	c.EnableCraneliftFlag("no_such_flag")
	wasmtime.NewEngineWithConfig(c)
	return nil, helper.Compiled{}, nil
}

// role is the test binary under another name.
func role(t *testing.T, as string) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), as)
	if err := os.Symlink(self(t), link); err != nil {
		t.Fatal(err)
	}
	return link
}

// asGuest makes of a helper's failure what its parent makes of it.
func asGuest(err error) error {
	f, ok := errors.AsType[*child.Failure](err)
	if !ok {
		return err
	}
	return &engine.GuestError{Kind: f.Kind, Message: f.Error()}
}

func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// build runs a compiler once for all tests and gives what it wrote.
func build(env []string, args ...string) func() ([]byte, error) {
	return sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "sealwax-test-*")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		out := filepath.Join(dir, "out.wasm")
		cmd := exec.Command(args[0], append(args[1:len(args)-1:len(args)-1], "-o", out, args[len(args)-1])...)
		cmd.Env = append(os.Environ(), env...)
		if said, err := cmd.CombinedOutput(); err != nil {
			return nil, errors.New(string(said))
		}
		return os.ReadFile(out)
	})
}

var (
	builtC  = build(nil, "clang", "--target=wasm32-wasi", "-O1", "testdata/tool.c")
	builtGo = build([]string{"GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0"}, "go", "build", "../../gate/engine/testdata/guest/main.go")
)

func module(t *testing.T, built func() ([]byte, error)) []byte {
	t.Helper()
	b, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tool is the program of testdata/tool.c.
func tool(t *testing.T) []byte {
	t.Helper()
	peers.Look(t, "clang")
	return module(t, builtC)
}

// hold seals bytes for a test.
func hold(t *testing.T, b []byte) *sealedmem.File {
	t.Helper()
	f, err := sealedmem.Copy(t.Context(), "test", bytes.NewReader(b), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// wat translates text.
func wat(t *testing.T, text string) []byte {
	t.Helper()
	f, err := engine.Child{Executable: self(t)}.Translate(t.Context(), hold(t, []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return all(t, f)
}

func all(t *testing.T, f *sealedmem.File) []byte {
	t.Helper()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compile(t *testing.T, job engine.CompileJob, m []byte) (*engine.Compiled, error) {
	t.Helper()
	c, err := engine.Child{Executable: self(t)}.Compile(t.Context(), job, hold(t, m))
	if err == nil {
		t.Cleanup(func() { c.Code.Close() })
	}
	return c, err
}

func compiled(t *testing.T, m []byte) []byte {
	t.Helper()
	c, err := compile(t, engine.CompileJob{}, m)
	if err != nil {
		t.Fatal(err)
	}
	return all(t, c.Code)
}

// outcome is what came of a run.
type outcome struct {
	engine.Result
	err            error
	stdout, stderr string
}

// run runs bytes with their output collected.
func run(t *testing.T, ctx context.Context, job engine.Job, code []byte, stdin string) outcome {
	t.Helper()
	dir := t.TempDir()
	var files [3]*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(dir, string(rune('a'+i))))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	if _, err := files[0].WriteString(stdin); err != nil {
		t.Fatal(err)
	}
	if _, err := files[0].Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if job.Timeout == 0 {
		job.Timeout = time.Minute
	}
	c := engine.Child{Executable: self(t), Stdin: files[0], Stdout: files[1], Stderr: files[2]}
	res, err := c.Run(ctx, job, hold(t, code))
	out, outErr := os.ReadFile(files[1].Name())
	errs, errsErr := os.ReadFile(files[2].Name())
	if err := errors.Join(outErr, errsErr); err != nil {
		t.Fatal(err)
	}
	return outcome{res, err, string(out), string(errs)}
}

// forms are a module, and what it is compiled to.
func forms(t *testing.T, m []byte) map[engine.Form][]byte {
	t.Helper()
	return map[engine.Form][]byte{engine.FormModule: m, engine.FormCompiled: compiled(t, m)}
}

// wantKind checks an error of the helper's.
func wantKind(t *testing.T, what string, err error, kind engine.Kind, words ...string) {
	t.Helper()
	g, ok := errors.AsType[*engine.GuestError](err)
	if !ok || g.Kind != kind {
		t.Errorf("%s: %v; want kind %s", what, err, kind)
		return
	}
	for _, w := range words {
		if !strings.Contains(g.Message, w) {
			t.Errorf("%s: message %q does not speak of %q", what, g.Message, w)
		}
	}
}
