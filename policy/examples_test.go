// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/gate/choose"
	"github.com/sealwax/sealwax/internal/wasmbin"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/trust/publisher"
)

const examples = "../docs/policies"

var exampleTime = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// people are those whose key files the examples name: NAME.pub.
var people = []string{"maker", "ci", "anna", "boris", "chen", "source", "compiler", "mallory", "acme-root", "acme-next", "acme-release"}

func person(name string) *sealwaxtest.Publisher {
	return sealwaxtest.NewPublisher(name, 100+slices.Index(people, name), minisign.Format{})
}

// loadExample copies an example, puts the key files and the publisher that it
// names beside it, and loads it.
func loadExample(t *testing.T, name string) *policy.File {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, name))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if !strings.HasPrefix(first, "# ") || !strings.HasSuffix(first, ".") {
		t.Errorf("%s: the first line does not say what it is for: %s", name, first)
	}
	chain := acmeChain(t)
	text = regexp.MustCompile(`publisher:0{64}`).ReplaceAll(text, []byte(chain.ID()))
	dir := t.TempDir()
	write := func(file string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(name, text)
	write("acme.publisher", chain.Marshal())
	for _, who := range people {
		pub, err := key.MarshalMinisignPublic(person(who).Key.Public(), who)
		if err != nil {
			t.Fatal(err)
		}
		write(who+".pub", pub)
	}
	f, err := policy.Load(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// module is a small module with debug sections behind its code.
func module(debug string) []byte {
	b := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x04\x01\x02\x00\x0b")
	return wasmbin.AppendCustom(b, "name", []byte(debug))
}

// trial is one artifact, who signed it, and what an example says of it.
type trial struct {
	name    string
	content []byte
	by      string // people, separated by blanks
	fields  string // NAME=VALUE
	signed  string // under another name than it has
	native  string // who signed the native code; of compiled code, by signed the source
	engine  string // its version; 44.0.0 if it is not said
	want    sealwax.Verdict
	code    sealwax.Code
}

// Native code, as far as its first bytes say, and the module that it was made from.
const (
	compiledCode = "\x7fELF\x02\x01\x01\xc8 compiled"
	programCode  = "\x7fELF\x02\x01\x01\x00 program"
)

// nativeCode is an artifact with a trailer.
func (tt trial) nativeCode(t *testing.T) *sealwax.Artifact {
	t.Helper()
	s := trailer.Statement{Kind: trailer.KindProgram, Tool: "sealwax/test", Time: exampleTime}
	var carried []trailer.Carried
	if string(tt.content) == compiledCode {
		source := sealwaxtest.Bytes("app.wasm", module("debug"))
		remember := (&sealwax.Verifier{Formats: format.All()}).Remember(source)
		if err := source.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		var err error
		if s.Source, err = remember(); err != nil {
			t.Fatal(err)
		}
		s.Kind, s.Verified, s.Engine, s.EngineVersion = trailer.KindCompiled, tt.by != "", "wasmtime", cmp.Or(tt.engine, "44.0.0")
		s.Binding, s.Library, s.Target, s.CPU, s.OptLevel = "v44.0.0", s.EngineVersion, "x86_64-unknown-linux-gnu", "baseline", "speed"
		for who := range strings.FieldsSeq(tt.by) {
			made, err := person(who).Sign(t.Context(), source, sealwax.SignOptions{Now: exampleTime})
			if err != nil {
				t.Fatal(err)
			}
			carried = append(carried, trailer.Carried{Format: "minisign", Data: made[0].Data})
		}
	}
	var out bytes.Buffer
	f := trailer.Format{Carried: []sealwax.Format{minisign.Format{}, wasmsig.Format{}}}
	if err := f.Append(t.Context(), sealwaxtest.Bytes(tt.name, tt.content), &out, person(tt.native).Key, s, carried); err != nil {
		t.Fatal(err)
	}
	return sealwaxtest.Bytes(tt.name, out.Bytes())
}

func (tt trial) artifact(t *testing.T) *sealwax.Artifact {
	t.Helper()
	if tt.native != "" {
		return tt.nativeCode(t)
	}
	signed := tt.name
	if tt.signed != "" {
		signed = tt.signed
	}
	var beside []sealwax.Companion
	for who := range strings.FieldsSeq(tt.by) {
		var o sealwax.SignOptions
		if name, value, ok := strings.Cut(tt.fields, "="); ok {
			o.Fields = []sealwax.Field{{Name: name, Value: value}}
		}
		o.Now = exampleTime
		made, err := person(who).Sign(context.Background(), sealwaxtest.Bytes(signed, tt.content), o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range made {
			made[i].Name = strings.Replace(made[i].Name, signed, tt.name, 1)
		}
		beside = append(beside, made...)
	}
	return sealwaxtest.Bytes(tt.name, tt.content, beside...)
}

func judge(t *testing.T, f *policy.File, subject string, a *sealwax.Artifact, want sealwax.Verdict, code sealwax.Code) {
	t.Helper()
	c := &choose.Chooser{Formats: format.All(), Now: func() time.Time { return exampleTime }, User: f}
	report, err := c.Verify(context.Background(), subject, a)
	if (err == nil) != (report.Verdict == sealwax.Allow) {
		t.Errorf("%s: verdict %v and error %v", subject, report.Verdict, err)
	}
	if report.Verdict != want {
		t.Errorf("%s: %v, want %v: %v", subject, report.Verdict, want, err)
	}
	if code != "" && !slices.ContainsFunc(report.Findings, func(f sealwax.Finding) bool { return f.Code == code }) {
		t.Errorf("%s: no %s among %v", subject, code, report.Findings)
	}
}

// TestExamples: every policy in docs/policies is loaded, checked, and decides.
func TestExamples(t *testing.T) {
	m, c := module("debug"), append([]byte("\x00asm\x0d\x00\x01\x00"), wasmbin.AppendCustom(nil, "x", nil)...)
	f, n, p := []byte("any bytes"), []byte(compiledCode), []byte(programCode)
	tests := map[string][]trial{
		"one-maker.toml": {
			{name: "tool-1.tar.gz", content: f, by: "maker", want: sealwax.Allow},
			{name: "tool-1.tar.gz", content: f, want: sealwax.Deny, code: sealwax.CodeSignatureNone},
			{name: "tool-1.tar.gz", content: f, by: "mallory", want: sealwax.Deny, code: sealwax.CodeSignerUnknown},
			{name: "tool-2.tar.gz", content: f, by: "maker", signed: "tool-1.tar.gz", want: sealwax.Deny, code: sealwax.CodeMetadataUnmet},
			{name: "other.tar.gz", content: f, by: "maker", want: sealwax.Deny, code: sealwax.CodePolicyNoRule},
		},
		"maker-and-ci.toml": {
			{name: "app.wasm", content: m, by: "maker ci", fields: "version=1.2.0", want: sealwax.Allow},
			{name: "app.wasm", content: m, by: "maker ci", fields: "version=0.9.0", want: sealwax.Deny, code: sealwax.CodeMetadataUnmet},
			{name: "app.wasm", content: m, by: "maker ci", want: sealwax.Deny, code: sealwax.CodeMetadataUnmet},
			{name: "app.wasm", content: m, by: "ci ci", fields: "version=1.2.0", want: sealwax.Deny, code: sealwax.CodePolicyUnmet},
			{name: "app.wasm", content: m, by: "maker", fields: "version=1.2.0", want: sealwax.Deny, code: sealwax.CodePolicyUnmet},
			{name: "app-nightly.wasm", content: m, by: "ci", want: sealwax.Allow},
			{name: "app-nightly.wasm", content: m, by: "maker", want: sealwax.Deny, code: sealwax.CodeSignerUnknown},
		},
		"two-of-three.toml": {
			{name: "app.wasm", content: m, by: "anna boris", want: sealwax.Allow},
			{name: "app.wasm", content: m, by: "boris chen", want: sealwax.Allow},
			{name: "app.wasm", content: c, by: "anna chen", want: sealwax.Allow},
			{name: "app.wasm", content: m, by: "anna boris chen", want: sealwax.Allow},
			{name: "app.wasm", content: m, by: "anna boris", signed: "other.wasm", want: sealwax.Deny, code: sealwax.CodeNameMismatch},
			{name: "app.wasm", content: m, by: "anna", want: sealwax.Deny, code: sealwax.CodePolicyUnmet},
			{name: "app.wasm", content: m, by: "anna anna", want: sealwax.Deny, code: sealwax.CodePolicyUnmet},
			{name: "app.wasm", content: m, by: "anna mallory", want: sealwax.Deny, code: sealwax.CodePolicyUnmet},
			{name: "app.wasm", content: f, by: "anna boris", want: sealwax.Deny, code: sealwax.CodePolicyNoRule},
			{name: "app.wasm", content: m[:20], by: "anna boris", want: sealwax.Deny, code: sealwax.CodeArtifactMalformed},
		},
		"native-two-keys.toml": {
			{name: "app.cwasm", content: n, by: "source", native: "compiler", want: sealwax.Allow},
			{name: "app.cwasm", content: n, by: "source", native: "compiler", engine: "44.1.0", want: sealwax.Allow},
			{name: "app.cwasm", content: n, by: "source", native: "compiler", engine: "43.0.0", want: sealwax.Deny, code: sealwax.CodeMetadataUnmet},
			{name: "app.cwasm", content: n, by: "source", native: "compiler", engine: "44.0.1", want: sealwax.Deny, code: sealwax.CodeMetadataUnmet},
			{name: "app.cwasm", content: n, native: "compiler", want: sealwax.Deny, code: sealwax.CodeSourceUnsigned},
			{name: "app.cwasm", content: n, by: "compiler", native: "source", want: sealwax.Deny, code: sealwax.CodeSignerRole},
			{name: "app.cwasm", content: n, by: "source", native: "source", want: sealwax.Deny, code: sealwax.CodeSignerRole},
			{name: "app.cwasm", content: n, by: "source", native: "mallory", want: sealwax.Deny, code: sealwax.CodeSourceUnbound},
			{name: "app.cwasm", content: n, by: "source compiler", want: sealwax.Deny, code: sealwax.CodeSourceUnbound},
			{name: "app.cwasm", content: p, native: "compiler", want: sealwax.Allow},
			{name: "tool", content: p, native: "compiler", want: sealwax.Allow},
			{name: "tool", content: p, native: "source", want: sealwax.Deny, code: sealwax.CodeSignerUnknown},
			{name: "tool", content: f, by: "source", want: sealwax.Deny, code: sealwax.CodePolicyNoRule},
			{name: "app.wasm", content: n, by: "source", native: "compiler", want: sealwax.Deny, code: sealwax.CodePolicyNoRule},
			{name: "app.wasm", content: m, by: "source", want: sealwax.Allow},
			{name: "app.wasm", content: m, by: "compiler", want: sealwax.Deny, code: sealwax.CodeSignerUnknown},
		},
		"native-rebuilt.toml": {
			{name: "app.cwasm", content: n, by: "source", native: "compiler", want: sealwax.Allow},
			{name: "app.cwasm", content: n, by: "source", native: "mallory", want: sealwax.Deny, code: sealwax.CodeSourceUnbound},
			{name: "audit-app.cwasm", content: n, by: "source", native: "compiler", want: sealwax.Deny, code: sealwax.CodeSignerUnknown},
			{name: "app.wasm", content: m, by: "source", want: sealwax.Deny, code: sealwax.CodePolicyNoRule},
		},
		"only-acme.toml": {
			{name: "acme-tool.tgz", content: f, by: "acme-release", want: sealwax.Allow},
			{name: "acme-tool.tgz", content: f, by: "mallory", want: sealwax.Deny, code: sealwax.CodeSignerUnknown},
			{name: "acme-tool.tgz", content: f, by: "acme-root", want: sealwax.Deny},
			{name: "acme-tool.tgz", content: f, by: "maker", want: sealwax.Deny, code: sealwax.CodeSignerUnknown},
			{name: "other.tgz", content: f, by: "acme-release", want: sealwax.Deny}, // not pinned
		},
		"debug-sections.toml": {
			{name: "app.wasm", content: m, by: "maker", want: sealwax.Allow},
			{name: "app.wasm", content: m, by: "mallory", want: sealwax.Deny, code: sealwax.CodeSignerUnknown},
			{name: "app.wasm", content: c, by: "maker", want: sealwax.Deny, code: sealwax.CodePolicyNoRule},
		},
	}
	files, err := filepath.Glob(filepath.Join(examples, "*.toml"))
	if err != nil || len(files) != len(tests) {
		t.Errorf("%d examples and %d tests: %v", len(files), len(tests), err)
	}
	for name, trials := range tests {
		t.Run(name, func(t *testing.T) {
			f := loadExample(t, name)
			c := &choose.Chooser{Formats: format.All(), Now: func() time.Time { return exampleTime }, User: f}
			if problems := policy.Check(f, c.Facts(context.Background(), f)); len(problems) > 0 {
				t.Errorf("check says %v", problems)
			}
			for _, tt := range trials {
				judge(t, f, tt.name, tt.artifact(t), tt.want, tt.code)
			}
		})
	}
}

// TestExampleDebugSections: what the example lets go uncovered, and what not.
func TestExampleDebugSections(t *testing.T) {
	f := loadExample(t, "debug-sections.toml")
	var out bytes.Buffer
	err := wasmsig.Format{}.Embed(context.Background(), sealwaxtest.Bytes("app.wasm", module("own names")), &out,
		person("maker").Key, sealwax.SignOptions{Now: exampleTime, Extensible: true})
	if err != nil {
		t.Fatal(err)
	}
	signed := out.Bytes()
	with := func(name string) []byte { return wasmbin.AppendCustom(bytes.Clone(signed), name, []byte("x")) }
	for what, tt := range map[string]struct {
		content []byte
		want    sealwax.Verdict
	}{
		"as it was signed":              {signed, sealwax.Allow},
		"a debug section":               {with(".debug_line"), sealwax.Allow},
		"names":                         {with("name"), sealwax.Allow},
		"a debug section, then more":    {wasmbin.AppendCustom(with(".debug_line"), "config", nil), sealwax.Deny},
		"another section":               {with("config"), sealwax.Deny},
		"a section for the linker":      {with("linking"), sealwax.Deny},
		"a name that only begins so":    {with("names"), sealwax.Deny},
		"code":                          {append(bytes.Clone(signed), 0x0a, 1, 0), sealwax.Deny},
		"other code":                    {bytes.Replace(signed, []byte("\x02\x00\x0b"), []byte("\x02\x01\x0b"), 1), sealwax.Deny},
		"other names in what is signed": {bytes.Replace(signed, []byte("own names"), []byte("own NAMES"), 1), sealwax.Deny},
	} {
		t.Run(what, func(t *testing.T) {
			judge(t, f, "app.wasm", sealwaxtest.Bytes("app.wasm", tt.content), tt.want, "")
		})
	}
}

func TestExampleAcmeGoesStale(t *testing.T) {
	f := loadExample(t, "only-acme.toml")
	c := &choose.Chooser{Formats: format.All(), Now: func() time.Time { return exampleTime.AddDate(3, 0, 0) }, User: f}
	a := trial{name: "acme-tool.tgz", content: []byte("any bytes"), by: "acme-release"}.artifact(t)
	_, err := c.Verify(context.Background(), "acme-tool.tgz", a)
	if denied := (*sealwax.DeniedError)(nil); !errors.As(err, &denied) {
		t.Errorf("stale, and %v", err)
	}
}

// acmeChain is a publisher of one document.
func acmeChain(t *testing.T) *publisher.Chain {
	t.Helper()
	d := publisher.Begin("acme", exampleTime, exampleTime.AddDate(1, 0, 0))
	root, next, release := person("acme-root").Key, person("acme-next").Key, person("acme-release").Key
	d.AddKey(publisher.RoleRoot, root.Public())
	d.AddKey(sealwax.RoleRelease, release.Public())
	d.Threshold(publisher.RoleRoot, 1)
	d.Threshold(sealwax.RoleRelease, 1)
	d.Commit(1, []key.Fingerprint{next.Public().Fingerprint()})
	for _, k := range []key.Signer{root, release} {
		if err := d.Sign(context.Background(), k); err != nil {
			t.Fatal(err)
		}
	}
	chain, err := d.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return chain
}
