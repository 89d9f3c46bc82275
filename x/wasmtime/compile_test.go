// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"bytes"
	"debug/elf"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/sealwax/sealwax/gate/engine"
)

// TestSameBytes: the same module and options give the same code, and so does the
// CPU "baseline" with the features of the outcome.
func TestSameBytes(t *testing.T) {
	m := tool(t)
	for _, job := range []engine.CompileJob{
		{},
		{OptLevel: "none"},
		{OptLevel: "speed_and_size"},
		{CPU: native},
		{CPU: native, Features: withoutOne()},
	} {
		first, err := compile(t, job, m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := compile(t, job, m)
		if err != nil {
			t.Fatal(err)
		}
		same, err := compile(t, engine.CompileJob{CPU: baseline, Features: first.Features, OptLevel: job.OptLevel}, m)
		if err != nil {
			t.Fatal(err)
		}
		code := all(t, first.Code)
		if !bytes.Equal(code, all(t, again.Code)) || !bytes.Equal(code, all(t, same.Code)) {
			t.Errorf("%+v: other code", job)
		}
		if o := run(t, t.Context(), engine.Job{Form: engine.FormCompiled, Args: []string{"exit", "3"}}, code, ""); o.err != nil || o.ExitCode != 3 {
			t.Errorf("%+v: %+v", job, o)
		}
	}
}

// withoutOne takes away a feature that this machine has.
func withoutOne() []string {
	for f := range detect() {
		return []string{"-" + f}
	}
	return nil
}

func TestOutcome(t *testing.T) {
	c, err := compile(t, engine.CompileJob{}, tool(t))
	if err != nil {
		t.Fatal(err)
	}
	if c.CPU != baseline || c.OptLevel != "speed" || len(c.Features) != 0 || c.Target != Target() {
		t.Errorf("%+v", c)
	}
	if c.Engine != "wasmtime" || c.EngineVersion != Version || c.Library != Version || c.Binding != Binding() {
		t.Errorf("%+v", c)
	}
	if !c.Code.Sealed() && runtime.GOOS == "linux" {
		t.Error("the code is not sealed")
	}
	const wasmtimeABI = 200
	head := all(t, c.Code)[:16]
	if string(head[:4]) != elf.ELFMAG || head[elf.EI_OSABI] != wasmtimeABI {
		t.Errorf("the code begins with %x", head)
	}
	if c, err = compile(t, engine.CompileJob{CPU: native}, tool(t)); err != nil || !slices.IsSorted(c.Features) || len(c.Features) == 0 {
		t.Errorf("native: %+v, %v", c, err)
	}
}

// TestNamesAreTheLibrarys compiles for each CPU by the library's own name and by
// what our table says that it has.
func TestNamesAreTheLibrarys(t *testing.T) {
	byName := func(cpu string) ([]byte, error) {
		c := wasmtime.NewConfig()
		if err := c.SetTarget(Target()); err != nil {
			t.Fatal(err)
		}
		c.EnableCraneliftFlag(cpu)
		m, err := wasmtime.NewModule(wasmtime.NewEngineWithConfig(c), []byte(emptyModule))
		if err != nil {
			return nil, err
		}
		return m.Serialize()
	}
	for cpu := range cpus(runtime.GOARCH) {
		features, err := featuresOf(cpu, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := byName(cpu)
		if err != nil {
			wantKind(t, cpu, asGuest(compileError(err)), engine.BadOption, "lacks") // not on this machine
			continue
		}
		c, err := compile(t, engine.CompileJob{CPU: cpu}, []byte(emptyModule))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, all(t, c.Code)) {
			t.Errorf("%s is not %q", cpu, features)
		}
	}
}

// TestDetect compares what is detected with what the library takes by itself.
func TestDetect(t *testing.T) {
	m, err := wasmtime.NewModule(wasmtime.NewEngine(), []byte(emptyModule))
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	c, err := compile(t, engine.CompileJob{CPU: native}, []byte(emptyModule))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, all(t, c.Code)) {
		t.Errorf("detected %q", c.Features)
	}
}

func TestFeatures(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		return // the words are those of amd64
	}
	for _, c := range []struct {
		cpu     string
		changes string
		want    string
	}{
		{baseline, "", ""},
		{baseline, "+sse3 +avx", "avx sse3"},
		{baseline, "-avx", ""},
		{"nehalem", "-popcnt +avx", "avx cmpxchg16b sse3 sse41 sse42 ssse3"},
		{baseline, "+avx -avx", ""},
		{baseline, "-avx +avx", "avx"},
	} {
		got, err := featuresOf(c.cpu, strings.Fields(c.changes))
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s %s: %q, %v; want %q", c.cpu, c.changes, got, err, c.want)
		}
	}
}

// TestOptionsAreHeldToLists: what the library would end the process at never
// reaches it.
func TestOptionsAreHeldToLists(t *testing.T) {
	for what, c := range map[string]struct {
		job   engine.CompileJob
		words []string
	}{
		"CPU":            {engine.CompileJob{CPU: "z80"}, []string{`"z80"`, "baseline", "native"}},
		"feature":        {engine.CompileJob{Features: []string{"+quantum"}}, []string{`"quantum"`, "knows"}},
		"minus feature":  {engine.CompileJob{Features: []string{"-quantum"}}, []string{`"quantum"`}},
		"other settings": {engine.CompileJob{Features: []string{"+enable_verifier"}}, []string{"enable_verifier"}},
		"CPU as flag":    {engine.CompileJob{CPU: "has_avx"}, []string{"has_avx"}},
		"flag's own":     {engine.CompileJob{Features: []string{"+has_avx"}}, []string{"has_avx"}},
	} {
		_, err := compile(t, c.job, []byte(emptyModule))
		wantKind(t, what, err, engine.BadOption, c.words...)
	}
	for what, job := range map[string]engine.CompileJob{
		"level":          {OptLevel: "fast"},
		"CPU":            {CPU: "a b"},
		"no sign":        {Features: []string{"avx"}},
		"empty feature":  {Features: []string{""}},
		"negative time":  {Timeout: -1},
		"negative bytes": {MaxMemory: -1},
		"size":           {Size: -1},
		"pattern":        {Imports: []string{""}},
		"not UTF-8":      {Imports: []string{"\xff"}},
	} {
		if _, err := compile(t, job, []byte(emptyModule)); err == nil {
			t.Errorf("%s: compiled", what)
		}
	}
	if _, err := level("fast"); err == nil {
		t.Error("the library got an unknown level")
	}
}

func TestModulesThatDoNotCompile(t *testing.T) {
	for what, c := range map[string]struct {
		bytes string
		kind  engine.Kind
		word  string
	}{
		"garbage":   {"MZ\x90\x00garbage", engine.BadModule, "asm"},
		"empty":     {"", engine.BadModule, "asm"},
		"broken":    {emptyModule + "\x01", engine.BadModule, ""},
		"invalid":   {emptyModule + "\x03\x02\x01\x00", engine.BadModule, ""},
		"text":      {"(module)", engine.NotRunnable, "text"},
		"component": {"\x00asm\x0d\x00\x01\x00", engine.NotRunnable, "component"},
	} {
		_, err := compile(t, engine.CompileJob{}, []byte(c.bytes))
		wantKind(t, what, err, c.kind, c.word)
	}
}

func TestImports(t *testing.T) {
	m := wat(t, `(module (import "wasi_snapshot_preview1" "fd_write" (func)) (import "env" "a" (func)) (import "env" "a" (memory 1)))`)
	for _, c := range []struct {
		patterns []string
		refused  string
	}{
		{nil, ""},
		{[]string{"*"}, ""},
		{[]string{"env.a", "wasi_snapshot_preview1.*"}, ""},
		{[]string{"wasi_snapshot_preview1.*"}, "not allowed: env.a"},
		{[]string{}, "not allowed: wasi_snapshot_preview1.fd_write, env.a"},
	} {
		_, err := compile(t, engine.CompileJob{Imports: c.patterns}, m)
		if c.refused != "" {
			wantKind(t, strings.Join(c.patterns, " "), err, engine.BadImport, c.refused)
		} else if err != nil {
			t.Errorf("%q: %v", c.patterns, err)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a.b", "a.b", true},
		{"a.b", "a.bc", false},
		{"a.b", "xa.b", false},
		{"a.*", "a.", true},
		{"a.*", "a.b/c", true},
		{"a.*", "b.a.", false},
		{"*.b", "a.b", true},
		{"*.b", "a.bb", false},
		{"a.*_get", "a.x_get", true},
		{"a.*_get", "a.get", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"*b*c*", "abxc", true},
		{"*b*c*", "acxb", false},
		{"a**c", "abc", true},
		{"*", "", true},
	} {
		if got := matches(c.pattern, c.name); got != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.name, got)
		}
	}
}

func TestTranslate(t *testing.T) {
	if got := wat(t, `(module)`); string(got) != emptyModule {
		t.Errorf("%x", got)
	}
	_, err := engine.Child{Executable: self(t)}.Translate(t.Context(), hold(t, []byte("(module\n  (fnc))")))
	wantKind(t, "a mistake", err, engine.BadModule, "2:")
}

func TestHello(t *testing.T) {
	who, err := engine.Child{Executable: self(t)}.Hello(t.Context())
	want := engine.Identity{Name: "test", Version: "devel", Engine: "wasmtime", EngineVersion: Version, Binding: Binding(), Library: Version}
	if err != nil || who != want {
		t.Errorf("%+v, %v", who, err)
	}
}

// TestLimitsOfCompiling: the helper is held to its memory and its time.
func TestLimitsOfCompiling(t *testing.T) {
	m := module(t, builtGo)
	_, err := compile(t, engine.CompileJob{MaxMemory: 16 << 20}, m)
	if !errors.Is(err, engine.ErrMemory) {
		t.Errorf("16 MiB: %v", err)
	}
	_, err = compile(t, engine.CompileJob{Timeout: 50 * time.Millisecond}, m)
	if !errors.Is(err, engine.ErrTimeout) {
		t.Errorf("50 ms: %v", err)
	}
}

// TestAnEndOfTheLibraryIsReported: the process is gone, and what it said comes
// with the error.
func TestAnEndOfTheLibraryIsReported(t *testing.T) {
	c := engine.Child{Executable: role(t, "reckless")}
	_, err := c.Compile(t.Context(), engine.CompileJob{}, hold(t, []byte(emptyModule)))
	wantKind(t, "an unknown flag", err, engine.Internal, "panicked", "no_such_flag")
}

func TestKnownNames(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		for _, list := range slices.Collect(maps.Values(cpus(arch))) {
			for f := range strings.FieldsSeq(list) {
				if !slices.Contains(known(arch), f) {
					t.Errorf("%s: a CPU has the unknown feature %q", arch, f)
				}
			}
		}
	}
}

// TestCompileError: what the machine lacks is no fault of the module.
func TestCompileError(t *testing.T) {
	lacks := errors.New("compilation settings are not compatible with the native host: …")
	wantKind(t, "a feature that is not there", asGuest(compileError(lacks)), engine.BadOption, "lacks", "native host")
	wantKind(t, "another error", asGuest(compileError(errors.New("unexpected end"))), engine.BadModule, "unexpected end")
}

// TestImportedMatches: what stands for one of the two names never reaches into the
// other.
func TestImportedMatches(t *testing.T) {
	for _, c := range []struct {
		pattern string
		i       imported
		want    bool
	}{
		{"env.*", imported{"env", "x"}, true},
		{"env.*", imported{"env", "x.y"}, true},
		{"env.*", imported{"env.evil", "x"}, false},
		{"env.evil.*", imported{"env.evil", "x"}, true},
		{"*.x", imported{"env", "y.x"}, false},
		{"*.*x", imported{"env", "y.x"}, true},
		{"*.x", imported{"env", "xx"}, false},
		{"env", imported{"env", "x"}, true},
		{"env", imported{"env.evil", "x"}, false},
		{"wasi_*", imported{"wasi_snapshot_preview1", "fd_read"}, true},
		{"*", imported{"any", "thing"}, true},
	} {
		if got := c.i.matches(c.pattern); got != c.want {
			t.Errorf("%q, %v: %v", c.pattern, c.i, got)
		}
	}
}
