// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/gate/compile"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/internal/sealedmem"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// The test binary plays compilers, by the name that it is started under.
var engines = map[string]toy{
	"toy":     {version: "1.0.0", library: "1.0.0", target: "toy-64"},
	"newer":   {version: "1.0.1", library: "1.0.0", target: "toy-64"},
	"relinks": {version: "1.0.0", library: "1.0.0-patched", target: "toy-64"},
	"faraway": {version: "1.0.0", library: "1.0.0", target: "toy-32"},
	"drunk":   {version: "1.0.0", library: "1.0.0", target: "toy-64", salt: "drunk"},
	"liar":    {version: "1.0.0", library: "1.0.0", target: "toy-64", liar: true},
	"babbler": {version: "1.0.0", library: "1.0.0", target: "toy-64", babbles: true},
}

func TestMain(m *testing.M) {
	e, ok := engines[filepath.Base(os.Args[0])]
	if !ok {
		os.Exit(m.Run())
	}
	os.Exit(child.Main(e, os.Args[2:]))
}

// toy compiles so that anybody can tell what of: its code names the module's digest
// and every option.
type toy struct {
	version, library, target, salt string
	liar                           bool // its output is no compiled code
	babbles                        bool // what it translates to is no module
}

func (t toy) Identity() helper.Hello {
	return helper.Hello{Name: "sealwax-toy", Engine: "toy", EngineVersion: t.version, Binding: "b1", Library: t.library}
}

func (toy) Run(context.Context, *child.Guest) (uint32, error) { return 1, nil }

func (t toy) Compile(_ context.Context, how helper.Compile, module []byte) ([]byte, helper.Compiled, error) {
	if bytes.Contains(module, []byte("malformed")) {
		return nil, helper.Compiled{}, child.Failf(helper.BadModule, "it is malformed")
	}
	features := slices.Clone(how.Features)
	if how.CPU == "native" {
		features = append(features, "+fast")
	}
	slices.Sort(features)
	return t.code(module, features, how.OptLevel), helper.Compiled{Target: t.target, CPU: how.CPU, Features: features, OptLevel: how.OptLevel}, nil
}

// code is what the toy makes of a module.
func (t toy) code(module []byte, features []string, opt string) []byte {
	head := append([]byte("\x7fELF\x02\x01\x01\xc8"), make([]byte, 56)...)
	if t.liar {
		head[7] = 0
	}
	text := fmt.Sprintf("%x %q %s%s", sha256.Sum256(module), features, opt, t.salt)
	return append(append(head, text...), bytes.Repeat([]byte{0xc3}, 40_000)...)
}

func (t toy) Translate(_ context.Context, text []byte) ([]byte, error) {
	if t.babbles {
		return text, nil
	}
	return module(string(text)), nil
}

// with is a child that is this engine.
func with(t testing.TB, name string) engine.Child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(exe, link); err != nil {
		peers.Missing(t, "no symbolic links: %v", err)
	}
	return engine.Child{Executable: link}
}

// nothing is a child that cannot be started: whoever tries fails.
var nothing = engine.Child{Executable: "/absent/engine"}

// module is a WebAssembly module with a custom section that holds text.
func module(text string) []byte {
	section := append([]byte("\x04test"), text...)
	if len(section) > 127 {
		panic("the section's size takes one byte")
	}
	return append([]byte("\x00asm\x01\x00\x00\x00\x00"+string(rune(len(section)))), section...)
}

// The people of these tests.
var (
	maker    = sealwaxtest.Key(1)
	compiler = sealwaxtest.Key(2)
	stranger = sealwaxtest.Key(3)
	second   = sealwaxtest.Key(4)
)

var now = time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)

// sealed is an artifact that the gate takes.
func sealed(t testing.TB, name string, data []byte, beside ...sealwax.Companion) *sealwax.Artifact {
	t.Helper()
	f, err := sealedmem.Copy(t.Context(), name, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return sealwaxtest.From(name, f, beside...)
}

// signed is a minisign signature of data.
func signed(t testing.TB, by *key.Secret, data []byte) sealwax.Companion {
	t.Helper()
	return minisigned(t, by, data, false)
}

// legacy is one that is made over the data itself.
func legacy(t testing.TB, by *key.Secret, data []byte) sealwax.Companion {
	t.Helper()
	return minisigned(t, by, data, true)
}

func minisigned(t testing.TB, by *key.Secret, data []byte, legacy bool) sealwax.Companion {
	t.Helper()
	f := &minisign.File{Untrusted: "x", Legacy: legacy, KeyID: by.Public().MinisignID(), Trusted: "file:app.wasm"}
	message := data
	if !legacy {
		sum := blake2b.Sum512(data)
		message = sum[:]
	}
	copy(f.Signature[:], sign(t, by, message))
	copy(f.Global[:], sign(t, by, append(f.Signature[:], f.Trusted...)))
	return sealwax.Companion{Name: fmt.Sprintf("app.wasm.%v-%s.minisig", legacy, by.Public().Fingerprint()[:12]), Data: f.Marshal()}
}

func sign(t testing.TB, by *key.Secret, message []byte) []byte {
	t.Helper()
	sig, err := by.Sign(t.Context(), key.SignRequest{Scheme: key.SchemeEd25519, Message: message})
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// known is a verifier that knows these as makers.
func known(keys ...*key.Secret) sealwax.Verifier {
	var t sealwaxtest.Trust
	for _, k := range keys {
		t = append(t, sealwaxtest.Anchor("maker", k.Public(), sealwax.RoleRelease))
	}
	return sealwax.Verifier{Formats: format.All(), Trust: t, Now: func() time.Time { return now }}
}

// asking demands one signer of a source whom the verifier knows.
func asking(v sealwax.Verifier) sealwax.Demands {
	return sealwax.Demands{{Verifier: v, Policy: sealwax.AnyOf(1, sealwax.RoleRelease)}}
}

// gate is one that knows the maker, compiles with the toy and signs.
func gate(t testing.TB) *compile.Gate {
	t.Helper()
	return &compile.Gate{
		Demands: asking(known(maker)), Child: with(t, "toy"), Signer: compiler, Tool: "test/1", Now: func() time.Time { return now },
	}
}

// runGate is what somebody asks who runs compiled code: the maker for the source,
// and the compiler for the code.
func runGate(source, native *key.Secret) sealwax.Demands {
	v := known()
	v.Trust = sealwaxtest.Trust{
		sealwaxtest.Anchor("maker", source.Public(), sealwax.RoleRelease),
		sealwaxtest.Anchor("compiler", native.Public(), sealwax.RoleNative),
	}
	both := sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{{Need: 1, Role: sealwax.RoleRelease}, {Need: 1, Role: sealwax.RoleNative}}}
	return sealwax.Demands{{Verifier: v, Policy: &sealwax.Policy{Need: both}}}
}

// codes are those of the report's findings, in one line.
func codes(r *sealwax.Report) string {
	var out []string
	for _, one := range r.All() {
		for _, f := range one.Findings {
			out = append(out, string(f.Code))
		}
	}
	return strings.Join(out, " ")
}
