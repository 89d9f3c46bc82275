// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/sealedmem"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/source"
)

// runCode runs compiled code through the echoing helper.
func runCode(t *testing.T, g Gate, a *sealwax.Artifact) (report *sealwax.Report, res engine.Result, out string, err error) {
	t.Helper()
	f := temp(t)
	g.Child.Stdout = f
	if g.Helper == nil {
		g.Helper = echoHelper(t)
	}
	report, res, err = g.Run(t.Context(), a, engine.Job{})
	return report, res, content(t, f), err
}

// echoed is what the helper says of compiled code that it runs.
func echoed(code []byte) string { return "compiled:" + string(code) }

// TestRunCompiled: the helper gets the original bytes, and nothing of the trailer.
func TestRunCompiled(t *testing.T) {
	code := cwasm("code")
	kept := 0
	g := Gate{Demands: ask(known(), both()), Record: func(r *sealwax.Report) error {
		if kept++; r.Verdict != sealwax.Allow {
			t.Errorf("kept: %v", r.Verdict)
		}
		return nil
	}}
	_, res, out, err := runCode(t, g, held(t, "tool.cwasm", signCode(t, code, compiledBy{})))
	if err != nil || res.ExitCode != 7 || out != echoed(code) || kept != 1 {
		t.Errorf("%+v, %v, %q, kept %d times", res, err, out, kept)
	}
}

// TestRunCompiledRefuses: both roles, each by who has it, in the file itself.
func TestRunCompiledRefuses(t *testing.T) {
	code := cwasm("code")
	good := signCode(t, code, compiledBy{})
	patched := append([]byte{}, good...)
	patched[66] ^= 1
	twice := signCode(t, code, compiledBy{})
	twice = append(twice, good[len(code):]...)
	sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes("tool.cwasm", code), compiler(), sealwax.SignOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	detached := sealwax.Companion{Name: "tool.cwasm.minisig", Data: sig}
	swapped := sealwaxtest.Trust{
		sealwaxtest.Anchor("maker", maker().Public(), sealwax.RoleNative),
		sealwaxtest.Anchor("compiler", compiler().Public(), sealwax.RoleRelease),
	}
	everybody := &sealwax.Policy{Need: sealwax.Quorum{Need: 1, Members: []sealwax.Member{{Signer: sealwax.SignerID(compiler().Public().Fingerprint())}}}}
	loose := *nativeOnly()
	loose.AnySource = true
	warning := *both()
	warning.Warn = true
	for _, tc := range []struct {
		name   string
		data   []byte
		trust  sealwax.Trust
		policy *sealwax.Policy
		beside []sealwax.Companion
		code   sealwax.Code
	}{
		{"unsigned", code, known(), both(), nil, sealwax.CodeSignatureNone},
		{"patched", patched, known(), both(), nil, sealwax.CodeSignatureInvalid},
		{"two trailers", twice, known(), both(), nil, sealwax.CodeSignatureMalformed},
		{"a trailer that was cut", good[:len(good)-1], known(), both(), nil, sealwax.CodeSignatureNone},
		{"detached only", code, known(), nativeOnly(), []sealwax.Companion{detached}, sealwax.CodeSignatureNone},
		{"a stranger compiled", signCode(t, code, compiledBy{by: stranger()}), known(), both(), nil, sealwax.CodeSignerUnknown},
		{"a stranger's source", signCode(t, code, compiledBy{source: stranger()}), known(), both(), nil, sealwax.CodeSignerUnknown},
		{"no signature on the source", signCode(t, code, compiledBy{bare: true}), known(), both(), nil, sealwax.CodePolicyUnmet},
		{"the maker compiled, in the role release", signCode(t, code, compiledBy{by: maker()}), known(), both(), nil, sealwax.CodeSignerRole},
		{"the compiler signed the source, in the role native", signCode(t, code, compiledBy{source: compiler()}), known(), both(), nil, sealwax.CodeSignerRole},
		{"roles swapped", good, swapped, both(), nil, sealwax.CodeSignerRole},
		{"the policy asks for the code's signer alone", good, known(), nativeOnly(), nil, sealwax.CodeSourceUnsigned},
		{"and would do without a source", signCode(t, code, compiledBy{bare: true}), known(), &loose, nil, sealwax.CodeSourceUnsigned},
		{"the policy asks for the source's signer alone", good, known(), sealwax.AnyOf(1, sealwax.RoleRelease), nil, sealwax.CodeSignerRole},
		{"the policy names a key in any role", good, known(), everybody, nil, sealwax.CodeSourceUnsigned},
		{"the policy only warns", code, known(), &warning, nil, sealwax.CodePolicyUnmet},
		{"a program", signProgram(t, elf(0, "code"), compiler()), known(), nativeOnly(), nil, sealwax.CodeArtifactKind},
	} {
		t.Run(tc.name, func(t *testing.T) {
			kept := 0
			g := Gate{Demands: ask(tc.trust, tc.policy), Record: func(r *sealwax.Report) error {
				if kept++; r.Verdict != sealwax.Deny {
					t.Errorf("kept: %v", r.Verdict)
				}
				return nil
			}}
			report, _, out, err := runCode(t, g, held(t, "tool.cwasm", tc.data, tc.beside...))
			denied := (*sealwax.DeniedError)(nil)
			if !errors.As(err, &denied) || out != "" || kept != 1 || report.Verdict != sealwax.Deny {
				t.Fatalf("%v, %v, %q, kept %d times", report.Verdict, err, out, kept)
			}
			if !report.Has(tc.code) {
				t.Errorf("no %s in %+v", tc.code, report.Findings)
			}
		})
	}
}

// TestRunCompiledDemands: each demand asks for itself, and one that asks for no
// native signer lets nothing pass, whatever the others ask.
func TestRunCompiledDemands(t *testing.T) {
	data := signCode(t, cwasm("code"), compiledBy{})
	members := []sealwax.Member{{Signer: sealwax.SignerID(maker().Public().Fingerprint()), Role: sealwax.RoleRelease}}
	// Anybody in the role native may vouch for the source's signer, and need not.
	sourceOnly := &sealwax.Policy{Need: sealwax.Quorum{Need: 1, Members: members}, AnySource: true}
	warning := sealwax.AnyOf(1, sealwax.RoleRelease)
	warning.Warn = true
	for name, tc := range map[string]struct {
		second *sealwax.Policy
		allow  bool
	}{
		"both ask for both":               {both(), true},
		"one asks for the source":         {sourceOnly, false},
		"one only warns":                  {warning, true},
		"one asks for two native signers": {sealwax.AnyOf(2, sealwax.RoleNative), false},
	} {
		g := Gate{Demands: append(ask(known(), both()), ask(known(), tc.second)...)}
		_, _, out, err := runCode(t, g, held(t, "tool.cwasm", data))
		if (err == nil) != tc.allow || (out != "") != tc.allow {
			t.Errorf("%s: %v, %q", name, err, out)
		}
	}
}

// TestTarget: code for another kind of machine is not tried.
func TestTarget(t *testing.T) {
	for _, target := range []string{"sparc-unknown-" + runtime.GOOS, strings.Split(hostTarget(), "-")[0] + "-unknown-plan9", "x"} {
		if target == hostTarget() {
			continue
		}
		g := Gate{Demands: ask(known(), both())}
		report, _, out, err := runCode(t, g, held(t, "tool.cwasm", signCode(t, cwasm("code"), compiledBy{target: target})))
		if denied := (*sealwax.DeniedError)(nil); !errors.As(err, &denied) || !report.Has(sealwax.CodeEngineVersion) || out != "" {
			t.Errorf("%s: %v, %q", target, err, out)
		}
	}
}

// TestEngineVersion: the exact engine, or none.
func TestEngineVersion(t *testing.T) {
	for name, c := range map[string]compiledBy{
		"an older one":                  {version: "43.0.2"},
		"a longer name":                 {version: echoVersion + "0"},
		"another engine":                {engine: "cranelift"},
		"another library of the engine": {library: "44.0.1"},
		"another binding of it":         {binding: "v44.0.1"},
	} {
		data := signCode(t, cwasm("code"), c)
		kept := []sealwax.Verdict{}
		g := Gate{Demands: ask(known(), both()), Record: func(r *sealwax.Report) error { kept = append(kept, r.Verdict); return nil }}
		report, _, out, err := runCode(t, g, held(t, "dir/tool.cwasm", data))
		other, denied := (*EngineError)(nil), (*sealwax.DeniedError)(nil)
		if !errors.As(err, &other) || !errors.As(err, &denied) || denied.Report != report || out != "" {
			t.Fatalf("%s: %v, %q", name, err, out)
		}
		if !report.Has(sealwax.CodeEngineVersion) || report.Verdict != sealwax.Deny || len(kept) != 1 || kept[0] != sealwax.Deny {
			t.Errorf("%s: %v, kept %v", name, report.Findings, kept)
		}
		if want := "sealwax compile tool.wasm -k SOURCE-KEY --sign-key KEY --force -o dir/tool.cwasm"; !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %q does not end with %q", name, err, want)
		}
	}
}

// TestEngineError: whatever is not known, the message says what to do.
func TestEngineError(t *testing.T) {
	have := engine.Identity{Engine: "wasmtime", EngineVersion: "44.0.0"}
	for _, tc := range []struct {
		err  EngineError
		want string
	}{
		{
			EngineError{Artifact: "x/app.cwasm", Have: have},
			"x/app.cwasm was compiled by an engine that its statement does not name, and the engine here is wasmtime 44.0.0, " +
				"which runs only what it compiled itself; compile it again: sealwax compile app.wasm -k SOURCE-KEY --sign-key KEY --force -o x/app.cwasm",
		},
		{
			EngineError{Artifact: "app\x1b", Source: "tool.wat", Want: engine.Identity{Engine: "other"}, Have: have},
			`app\x1b was compiled by other, and the engine here is wasmtime 44.0.0, ` +
				`which runs only what it compiled itself; compile it again: sealwax compile tool.wat -k SOURCE-KEY --sign-key KEY --force -o 'app\x1b'`,
		},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

// TestRunCompiledRecord: what cannot be kept is not run.
func TestRunCompiledRecord(t *testing.T) {
	errFull := errors.New("the disk is full")
	g := Gate{Demands: ask(known(), both()), Record: func(*sealwax.Report) error { return errFull }}
	_, _, out, err := runCode(t, g, held(t, "tool.cwasm", signCode(t, cwasm("code"), compiledBy{})))
	if !errors.Is(err, errFull) || out != "" {
		t.Errorf("%v, %q", err, out)
	}
}

// TestRunCompiledWithoutHelper: the decision is kept, and the error says what to
// install. It is no refusal.
func TestRunCompiledWithoutHelper(t *testing.T) {
	kept := 0
	g := Gate{Demands: ask(known(), both()), Record: func(*sealwax.Report) error { kept++; return nil }}
	report, _, err := g.Run(t.Context(), held(t, "tool.cwasm", signCode(t, cwasm("code"), compiledBy{})), engine.Job{})
	missing := (*engine.NotInstalledError)(nil)
	if !errors.As(err, &missing) || report.Verdict != sealwax.Allow || kept != 1 {
		t.Errorf("%v, %v, kept %d times", err, report.Verdict, kept)
	}
}

// TestRunCompiledNotHeld: bytes that can change are not run.
func TestRunCompiledNotHeld(t *testing.T) {
	g := Gate{Demands: ask(known(), both())}
	_, _, out, err := runCode(t, g, sealwaxtest.Bytes("tool.cwasm", signCode(t, cwasm("code"), compiledBy{})))
	if !errors.Is(err, ErrNotHeld) || out != "" {
		t.Errorf("%v, %q", err, out)
	}
}

// swaps is how many times a file is exchanged between check and use.
const swaps = 200

// swapper gives a file that is good again each time it is asked for, and the
// function that makes it bad: in place, and by another file under its name, in
// turn.
func swapper(t *testing.T, good, bad []byte) (renew func() string, swap func()) {
	t.Helper()
	path, n := filepath.Join(t.TempDir(), "artifact"), 0
	write := func(to string, data []byte) {
		if err := os.WriteFile(to, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	renew = func() string { write(path, good); return path }
	swap = func() {
		if n++; n%2 == 0 {
			write(path, bad)
			return
		}
		write(path+".new", bad)
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	return renew, swap
}

// TestSwappedCompiled: what is run is what was verified, although the file is
// exchanged each time in between.
func TestSwappedCompiled(t *testing.T) {
	code := cwasm("good code")
	renew, swap := swapper(t, signCode(t, code, compiledBy{}), signCode(t, cwasm("evil code"), compiledBy{by: stranger()}))
	find := echoHelper(t)
	for i := range swaps {
		a, err := source.Open(t.Context(), renew(), source.Options{Holding: source.Sealed})
		if err != nil {
			t.Fatal(err)
		}
		g := Gate{Demands: ask(known(), both()), Helper: find, Record: func(*sealwax.Report) error { swap(); return nil }}
		_, _, out, err := runCode(t, g, a)
		a.Close()
		if err != nil || out != echoed(code) {
			t.Fatalf("%d: %v, %q", i, err, out)
		}
		again, err := source.Open(t.Context(), a.Name(), source.Options{Holding: source.Sealed})
		if err != nil {
			t.Fatal(err)
		}
		_, _, out, err = runCode(t, Gate{Demands: ask(known(), both()), Helper: find}, again)
		again.Close()
		if err == nil || out != "" {
			t.Fatalf("%d: the exchanged file ran: %q", i, out)
		}
	}
}

// TestNothingElseIsRun: a job cannot bring other code than was verified, or make a
// module of compiled code.
func TestNothingElseIsRun(t *testing.T) {
	bring := func(name, text string) engine.Job {
		return engine.Job{
			Form: engine.Form(name), Size: 3,
			Known: held(t, "evil", []byte(text)).Content().(*sealedmem.File), Keep: output(t),
		}
	}
	out := temp(t)
	find := echoHelper(t)
	g := Gate{Demands: ask(known(), both()), Helper: find, Child: engine.Child{Stdout: out}}
	code := cwasm("code")
	if _, _, err := g.Run(t.Context(), held(t, "tool.cwasm", signCode(t, code, compiledBy{})), bring("", "evil")); err != nil || content(t, out) != echoed(code) {
		t.Errorf("%v, %q", err, content(t, out))
	}
	module := []byte("\x00asm\x01\x00\x00\x00")
	sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes("tool.wasm", module), maker(), sealwax.SignOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	out = temp(t)
	g = Gate{Demands: ask(known(), sealwax.AnyOf(1, sealwax.RoleRelease)), Child: engine.Child{Stdout: out}}
	if g.Child.Executable, err = find(engine.Wasmtime); err != nil {
		t.Fatal(err)
	}
	beside := sealwax.Companion{Name: "tool.wasm.minisig", Data: sig}
	if _, _, err := g.Run(t.Context(), held(t, "tool.wasm", module, beside), bring("compiled", "evil")); err != nil || content(t, out) != "module:"+string(module) {
		t.Errorf("%v, %q", err, content(t, out))
	}
}

func output(t *testing.T) *sealedmem.Output {
	t.Helper()
	o, err := sealedmem.NewOutput("kept")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Discard)
	return o
}
