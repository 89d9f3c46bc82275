// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
	"github.com/sealwax/sealwax/internal/sealedmem"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestMain lets the test binary be the process that becomes a program, and a
// helper when its name says so.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == ExecArgument:
		fmt.Fprintln(os.Stderr, ExecMain(os.Args[2:]))
		os.Exit(125)
	case filepath.Base(os.Args[0]) == echoName && len(os.Args) > 1:
		os.Exit(child.Main(echo{}, os.Args[2:]))
	}
	os.Exit(m.Run())
}

// echoName is the name under which the test binary is a helper.
const echoName = "sealwax-echo"

// The engine that the helper of these tests says it is.
const (
	echoEngine  = "wasmtime"
	echoVersion = "44.0.0"
)

// echo is an engine that writes out the code it is given, and so shows what was run.
type echo struct{}

func (echo) Identity() helper.Hello {
	return helper.Hello{Name: echoName, Engine: echoEngine, EngineVersion: echoVersion, Binding: "v44.0.0", Library: "44.0.0"}
}

func (echo) Run(_ context.Context, g *child.Guest) (uint32, error) {
	if _, err := fmt.Fprintf(os.Stdout, "%s:", g.Job.Form); err != nil {
		return 0, err
	}
	if err := g.Started(); err != nil {
		return 0, err
	}
	_, err := os.Stdout.Write(append(g.Known, g.Code...))
	return 7, err
}

// echoHelper gives the helper's path, as [Gate.Helper] does.
func echoHelper(t *testing.T) func(string) (string, error) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), echoName)
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	return func(name string) (string, error) {
		if name != engine.Wasmtime {
			return "", errors.New("asked for " + name)
		}
		return link, nil
	}
}

// The people of these tests: who signs sources, who compiles, and a stranger.
func maker() *key.Secret    { return sealwaxtest.Key(1) }
func compiler() *key.Secret { return sealwaxtest.Key(2) }
func stranger() *key.Secret { return sealwaxtest.Key(3) }

// known are those who are trusted: the maker of sources and the compiler, each in
// one role.
func known() sealwaxtest.Trust {
	return sealwaxtest.Trust{
		sealwaxtest.Anchor("maker", maker().Public(), sealwax.RoleRelease),
		sealwaxtest.Anchor("compiler", compiler().Public(), sealwax.RoleNative),
	}
}

// ask is one demand.
func ask(trust sealwax.Trust, p *sealwax.Policy) sealwax.Demands {
	return sealwax.Demands{{Verifier: sealwax.Verifier{Formats: format.All(), Trust: trust, Now: func() time.Time { return now }}, Policy: p}}
}

// both asks for a signer of the source and one of the code.
func both() *sealwax.Policy {
	return &sealwax.Policy{Need: sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{
		{Need: 1, Role: sealwax.RoleRelease}, {Need: 1, Role: sealwax.RoleNative},
	}}}
}

func nativeOnly() *sealwax.Policy { return sealwax.AnyOf(1, sealwax.RoleNative) }

var now = time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)

// native is the format as the list has it.
func native(t testing.TB) trailer.Format {
	t.Helper()
	for _, f := range format.All() {
		if n, ok := f.(trailer.Format); ok {
			return n
		}
	}
	t.Fatal("the format is not listed")
	return trailer.Format{}
}

// elf is the beginning of an ELF file of an OS/ABI, and something behind it.
func elf(abi byte, code string) []byte {
	head := make([]byte, 64)
	copy(head, "\x7fELF\x02\x01\x01")
	head[7] = abi
	return append(head, code...)
}

// cwasm is what looks like code that wasmtime compiled.
func cwasm(code string) []byte { return elf(200, code) }

// compiledBy are the statement's parts that these tests vary.
type compiledBy struct {
	by                       *key.Secret // nil is the compiler
	source                   *key.Secret // who signed the source; nil is the maker
	version                  string      // of the engine; "" is the helper's
	engine                   string
	binding, library, target string // "" are the helper's, and this machine's
	bare                     bool   // without the source's signature
}

// signCode compiles nothing, and signs code as if it had.
func signCode(t testing.TB, code []byte, c compiledBy) []byte {
	t.Helper()
	or := func(k, otherwise *key.Secret) *key.Secret {
		if k == nil {
			return otherwise
		}
		return k
	}
	module := sealwaxtest.Bytes("tool.wasm", []byte("\x00asm\x01\x00\x00\x00"))
	v := &sealwax.Verifier{Formats: format.All()}
	remember := v.Remember(module)
	sig, err := minisign.Format{}.Make(t.Context(), module, or(c.source, maker()), sealwax.SignOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	ancestor, err := remember()
	if err != nil {
		t.Fatal(err)
	}
	s := trailer.Statement{
		Kind: trailer.KindCompiled, Tool: "sealwax/test", Time: now, Source: ancestor, Verified: !c.bare,
		Engine: c.engine, EngineVersion: c.version, Binding: otherwise(c.binding, "v44.0.0"), Library: otherwise(c.library, "44.0.0"),
		Target: otherwise(c.target, hostTarget()), CPU: "baseline", OptLevel: "speed",
	}
	if s.Engine == "" {
		s.Engine = echoEngine
	}
	if s.EngineVersion == "" {
		s.EngineVersion = echoVersion
	}
	carried := []trailer.Carried{{Format: minisign.Format{}.Name(), Data: sig}}
	if c.bare {
		carried = nil
	}
	var out bytes.Buffer
	if err := native(t).Append(t.Context(), sealwaxtest.Bytes("tool.cwasm", code), &out, or(c.by, compiler()), s, carried); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// signProgram embeds a signature as the command does.
func signProgram(t testing.TB, program []byte, by *key.Secret) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := native(t).Embed(t.Context(), sealwaxtest.Bytes("tool", program), &out, by, sealwax.SignOptions{Now: now}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// held is an artifact as the gate demands it.
func held(t *testing.T, name string, data []byte, beside ...sealwax.Companion) *sealwax.Artifact {
	t.Helper()
	f, err := sealedmem.CopyExecutable(t.Context(), name, bytes.NewReader(data), MaxProgram)
	if err != nil {
		t.Fatal(err)
	}
	a, err := sealwax.NewArtifact(name, f, func(context.Context) ([]sealwax.Companion, error) { return beside, nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// programs are testdata/program, once as it should be and once as somebody else
// would have it, built once for all tests: without cgo, so that they are static.
var programs = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "sealwax-test-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := map[string][]byte{}
	for _, who := range []string{"good", "evil"} {
		exe := filepath.Join(dir, who)
		cmd := exec.Command("go", "build", "-ldflags=-s -w -X main.who="+who, "-o", exe, "./testdata/program")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, err
		}
		if out[who], err = os.ReadFile(exe); err != nil {
			return nil, err
		}
	}
	return out, nil
})

func program(t *testing.T, who string) []byte {
	t.Helper()
	p, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return p[who]
}

// temp is a file for a stream.
func temp(t *testing.T) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func content(t *testing.T, f *os.File) string {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hostTarget is this machine's triple, as an engine would call it.
func hostTarget() string {
	cpu := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	return cpu + "-unknown-" + runtime.GOOS
}

func otherwise(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
