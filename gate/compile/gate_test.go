// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/gate/compile"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/source"
)

// TestCompile: what was made passes for those who trust the maker and the compiler,
// says what it was made of, and carries every signature that counted.
func TestCompile(t *testing.T) {
	people := sealwaxtest.NewPublisher("maker", 1, wasmsig.Format{})
	embedded, err := people.Embed(t.Context(), sealwaxtest.Bytes("app.wasm", module("code")), sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	app := sealed(t, "dir/app.wasm", embedded, signed(t, maker, embedded), signed(t, stranger, embedded))
	var out bytes.Buffer
	job := engine.CompileJob{CPU: "native", Features: []string{"+sse3"}, OptLevel: "none"}
	report, made, err := gate(t).Compile(t.Context(), app, job, &out)
	if err != nil || report.Verdict != sealwax.Allow {
		t.Fatal(err, codes(report))
	}
	s := made.Statement
	if !made.Signed || len(made.Carried) != 2 || made.Size != int64(out.Len()) || !s.Verified || s.Source.Name != "app.wasm" ||
		s.Engine != "toy" || s.EngineVersion != "1.0.0" || s.Binding != "b1" || s.Library != "1.0.0" || s.Target != "toy-64" ||
		s.CPU != "native" || s.OptLevel != "none" || !slices.Equal(s.Features, []string{"+fast", "+sse3"}) ||
		s.Tool != "test/1" || !s.Time.Equal(now) || s.Key != compiler.Public().MinisignID() {
		t.Errorf("made %+v", made)
	}
	for _, sum := range []string{"blake2b-512:", "sha256:", "wasmsig:"} {
		if !strings.Contains(s.Source.Sums, sum) {
			t.Errorf("the source's sums are %s", s.Source.Sums)
		}
	}
	// What was compiled are the bytes that were verified.
	code := engines["toy"].code(embedded, []string{"+fast", "+sse3"}, "none")
	if !bytes.HasPrefix(out.Bytes(), code) {
		t.Error("the code is of something else")
	}
	r, err := runGate(maker, compiler).Verify(t.Context(), sealwaxtest.Bytes("app.cwasm", out.Bytes()))
	if err != nil || len(r.Counted) != 3 {
		t.Errorf("%v, %s", err, codes(r))
	}
	for name, ds := range map[string]sealwax.Demands{"source": runGate(stranger, compiler), "native": runGate(maker, stranger), "swapped": runGate(compiler, maker)} {
		if _, err := ds.Verify(t.Context(), sealwaxtest.Bytes("app.cwasm", out.Bytes())); err == nil {
			t.Errorf("passes with another %s", name)
		}
	}
	// Signing changes no digest.
	v := known()
	plain := sealwaxtest.Bytes("app.cwasm", code)
	digest := v.Digest(plain)
	if err := plain.Read(t.Context()); err != nil || digest() != made.Digest {
		t.Errorf("%v; digest %s, and of the code %s", err, made.Digest, digest())
	}
}

// TestRefused: nothing is started and nothing written unless the source passes, as
// a whole.
func TestRefused(t *testing.T) {
	data := module("code")
	maker2 := sealwaxtest.NewPublisher("maker", 1, wasmsig.Format{})
	var split bytes.Buffer
	if err := (wasmsig.Format{}).Split(t.Context(), sealwaxtest.Bytes("a", append(data, data[8:]...)), &split, nil); err != nil {
		t.Fatal(err)
	}
	parts, err := maker2.Embed(t.Context(), sealwaxtest.Bytes("a", split.Bytes()), sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	prefix := asking(known(maker))
	prefix[0].Policy.Prefix, prefix[0].Policy.AllowUncovered = true, regexp.MustCompile(".*")
	longer := append(slices.Clone(parts), data[8:]...)
	if _, err := prefix.Verify(t.Context(), sealwaxtest.Bytes("app.wasm", longer)); err != nil {
		t.Fatal(err) // elsewhere it passes
	}
	void := known(maker)
	a := sealwaxtest.Bytes("a", data)
	digest := void.Digest(a)
	if err := a.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	void.Void = map[string]string{digest(): "known bad"}
	for name, tc := range map[string]struct {
		data    []byte
		beside  []sealwax.Companion
		demands sealwax.Demands
	}{
		"unsigned":       {data, nil, asking(known(maker))},
		"a stranger's":   {data, []sealwax.Companion{signed(t, stranger, data)}, asking(known(maker))},
		"changed":        {module("c0de"), []sealwax.Companion{signed(t, maker, data)}, asking(known(maker))},
		"no demands":     {data, []sealwax.Companion{signed(t, maker, data)}, nil},
		"blocked":        {data, []sealwax.Companion{signed(t, maker, data)}, asking(void)},
		"a part":         {longer, nil, prefix},
		"one of several": {data, []sealwax.Companion{signed(t, maker, data)}, append(asking(known(maker)), asking(known(second))...)},
	} {
		g := gate(t)
		g.Child, g.Demands = nothing, tc.demands
		var out bytes.Buffer
		report, made, err := g.Compile(t.Context(), sealed(t, "app.wasm", tc.data, tc.beside...), engine.CompileJob{}, &out)
		if denied := (*sealwax.DeniedError)(nil); !errors.As(err, &denied) || report.Verdict != sealwax.Deny || made != nil || out.Len() > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, a := range []*sealwax.Artifact{nil, {}} {
		if report, _, err := gate(t).Compile(t.Context(), a, engine.CompileJob{}, nil); err == nil || report == nil {
			t.Error("no artifact, and no error")
		}
	}
}

// TestSwapped: what is compiled was held before it was verified, whatever becomes
// of the file.
func TestSwapped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.wasm")
	good := module("good")
	write := func(data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(good)
	if err := os.WriteFile(path+".minisig", signed(t, maker, good).Data, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := source.Open(t.Context(), path, source.Options{Holding: source.Sealed})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	g := gate(t)
	passed, _, err := g.Judge(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	write(module("evil"))
	var out bytes.Buffer
	if _, err := passed.Make(t.Context(), engine.CompileJob{}, &out); err != nil {
		t.Fatal(err)
	}
	if want := engines["toy"].code(good, nil, "speed"); !bytes.HasPrefix(out.Bytes(), want) {
		t.Error("something else was compiled")
	}
}

// TestNotCompilable: what passed and is no module, or is not held, is not compiled.
func TestNotCompilable(t *testing.T) {
	data := module("code")
	for name, tc := range map[string]struct {
		a    *sealwax.Artifact
		want error
		says string
	}{
		"not held":  {sealwaxtest.Bytes("app.wasm", data, signed(t, maker, data)), compile.ErrNotHeld, ""},
		"component": {of(t, "\x00asm\x0d\x00\x01\x00"), compile.ErrNotModule, "component"},
		"program":   {of(t, "\x7fELF\x02\x01\x01\x00 and more"), compile.ErrNotModule, "native"},
		"a file":    {of(t, "hello"), compile.ErrNotModule, "neither"},
	} {
		g := gate(t)
		g.Child = nothing
		report, made, err := g.Compile(t.Context(), tc.a, engine.CompileJob{}, &bytes.Buffer{})
		if !errors.Is(err, tc.want) || made != nil || report.Verdict != sealwax.Allow || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// of is a signed artifact of these bytes.
func of(t *testing.T, data string) *sealwax.Artifact {
	return sealed(t, "app.wasm", []byte(data), signed(t, maker, []byte(data)))
}

// TestText: the text's signature is verified, its translation compiled, and both
// are stated.
func TestText(t *testing.T) {
	text := []byte(";; hello\n(module)")
	var out bytes.Buffer
	_, made, err := gate(t).Compile(t.Context(), sealed(t, "app.wat", text, signed(t, maker, text)), engine.CompileJob{}, &out)
	if err != nil {
		t.Fatal(err)
	}
	s := made.Statement
	if strings.Contains(s.Source.Sums, "wasmsig") || !strings.Contains(s.Translation, "wasmsig:") || !s.Verified {
		t.Errorf("source %s, translation %s", s.Source.Sums, s.Translation)
	}
	g := gate(t)
	g.Child = with(t, "babbler")
	if _, _, err := g.Compile(t.Context(), sealed(t, "app.wat", text, signed(t, maker, text)), engine.CompileJob{}, &bytes.Buffer{}); !errors.Is(err, compile.ErrNotModule) {
		t.Errorf("a translation that is none: %v", err)
	}
	if want := engines["toy"].code(module(string(text)), nil, "speed"); !bytes.HasPrefix(out.Bytes(), want) {
		t.Error("something else was compiled")
	}
	if _, err := runGate(maker, compiler).Verify(t.Context(), sealwaxtest.Bytes("app.cwasm", out.Bytes())); err != nil {
		t.Error(err)
	}
}

// TestRecord: the decision is kept before anything is compiled, and what cannot be
// kept is not done.
func TestRecord(t *testing.T) {
	errFull := errors.New("the disk is full")
	data := module("code")
	for _, kept := range []error{nil, errFull} {
		for _, beside := range [][]sealwax.Companion{nil, {signed(t, maker, data)}} {
			g, n := gate(t), 0
			g.Record = func(r *sealwax.Report) error {
				n++
				if (r.Verdict == sealwax.Allow) != (beside != nil) {
					t.Errorf("kept: %v", r.Verdict)
				}
				return kept
			}
			if kept != nil {
				g.Child = nothing
			}
			_, made, err := g.Compile(t.Context(), sealed(t, "app.wasm", data, beside...), engine.CompileJob{}, &bytes.Buffer{})
			if n != 1 || kept != nil && !errors.Is(err, kept) || (made != nil) != (kept == nil && beside != nil) {
				t.Errorf("kept %d times: %v, made %v", n, err, made)
			}
		}
	}
}

// TestUnsignedOutput: without a key the code is as the engine made it.
func TestUnsignedOutput(t *testing.T) {
	data := module("code")
	g := gate(t)
	g.Signer, g.Now = nil, nil // the system's clock
	var out bytes.Buffer
	_, made, err := g.Compile(t.Context(), sealed(t, "app.wasm", data, legacy(t, maker, data), signed(t, maker, data)), engine.CompileJob{Size: 9}, &out)
	if err != nil || made.Signed || !bytes.Equal(out.Bytes(), engines["toy"].code(data, nil, "speed")) || made.Size != int64(out.Len()) || made.Digest == "" {
		t.Errorf("%v, %+v", err, made)
	}
	if _, err := trailer.Read(bytes.NewReader(out.Bytes()), int64(out.Len())); !errors.Is(err, trailer.ErrNone) {
		t.Error(err)
	}
}

// TestLegacy: signatures that prove nothing without the source have to be made
// anew, if without them the source would not have passed.
func TestLegacy(t *testing.T) {
	data := module("code")
	two := asking(known(maker, second))
	two[0].Policy.Need.Need = 2
	for name, tc := range map[string]struct {
		demands sealwax.Demands
		beside  []sealwax.Companion
		carried int
	}{
		"only legacy":           {asking(known(maker)), []sealwax.Companion{legacy(t, maker, data)}, 0},
		"one of two":            {two, []sealwax.Companion{legacy(t, maker, data), signed(t, second, data)}, 0},
		"both kinds":            {asking(known(maker)), []sealwax.Companion{legacy(t, maker, data), signed(t, maker, data)}, 1},
		"of two, one is enough": {asking(known(maker, second)), []sealwax.Companion{legacy(t, maker, data), signed(t, second, data)}, 1},
	} {
		g := gate(t)
		g.Demands = tc.demands
		g.Demands[0].Policy.AllowLegacy = true
		if tc.carried == 0 {
			g.Child = nothing // told before anything is compiled
		}
		var out bytes.Buffer
		_, made, err := g.Compile(t.Context(), sealed(t, "app.wasm", data, tc.beside...), engine.CompileJob{}, &out)
		switch {
		case tc.carried == 0:
			if !errors.Is(err, compile.ErrNotCarried) || !strings.Contains(err.Error(), "anew") || out.Len() > 0 {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || len(made.Carried) != tc.carried:
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCarriedOnce: a signature that counts for two demands is carried once.
func TestCarriedOnce(t *testing.T) {
	data := module("code")
	g := gate(t)
	g.Demands = append(asking(known(maker)), asking(known(maker, second))...)
	beside := []sealwax.Companion{signed(t, maker, data), signed(t, second, data)}
	_, made, err := g.Compile(t.Context(), sealed(t, "app.wasm", data, beside...), engine.CompileJob{}, &bytes.Buffer{})
	if err != nil || len(made.Carried) != 2 {
		t.Errorf("%v, %+v", err, made)
	}
}

// TestOneKey: the maker may compile with the key that signs modules, for those who
// trust it in both roles.
func TestOneKey(t *testing.T) {
	data := module("code")
	g := gate(t)
	g.Signer = maker
	var out bytes.Buffer
	if _, _, err := g.Compile(t.Context(), sealed(t, "app.wasm", data, signed(t, maker, data)), engine.CompileJob{}, &out); err != nil {
		t.Fatal(err)
	}
	ds := runGate(maker, maker)
	for i := range ds[0].Policy.Need.Of { // one signer in two places, told apart by the role
		q := &ds[0].Policy.Need.Of[i]
		q.Members, q.Role = []sealwax.Member{{Signer: sealwax.SignerID(maker.Public().Fingerprint()), Role: q.Role}}, ""
	}
	for name, ds := range map[string]sealwax.Demands{"by role": runGate(maker, maker), "by name": ds} {
		if r, err := ds.Verify(t.Context(), sealwaxtest.Bytes("app.cwasm", out.Bytes())); err != nil {
			t.Errorf("%s: %v, %s", name, err, codes(r))
		}
	}
}

// TestNames: a name that no statement can hold is not stated.
func TestNames(t *testing.T) {
	data := module("code")
	for name, want := range map[string]string{
		"a b.wasm": "a b.wasm", "a\nb.wasm": sealwax.Nameless, strings.Repeat("x", 300): sealwax.Nameless, sealwax.Nameless: sealwax.Nameless,
	} {
		_, made, err := gate(t).Compile(t.Context(), sealed(t, name, data, signed(t, maker, data)), engine.CompileJob{}, &bytes.Buffer{})
		if err != nil || made.Statement.Source.Name != want {
			t.Errorf("%q: %v, %+v", name, err, made)
		}
	}
}

// TestEngineFails: an engine that fails, or whose output is something else, leaves
// nothing behind.
func TestEngineFails(t *testing.T) {
	for name, data := range map[string][]byte{"toy": module("malformed"), "liar": module("code")} {
		g := gate(t)
		g.Child = with(t, name)
		for _, signer := range []key.Signer{compiler, nil} {
			g.Signer = signer
			var out bytes.Buffer
			_, _, err := g.Compile(t.Context(), sealed(t, "app.wasm", data, signed(t, maker, data)), engine.CompileJob{}, &out)
			guest := (*engine.GuestError)(nil)
			if err == nil || out.Len() > 0 || errors.As(err, &guest) != (name == "toy") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	g := gate(t)
	data := module("code")
	if _, _, err := g.Compile(t.Context(), sealed(t, "app.wasm", data, signed(t, maker, data)), engine.CompileJob{}, full{}); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

var errFull = errors.New("the disk is full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestSelfCheck: what would not pass is not written, whoever is to blame.
func TestSelfCheck(t *testing.T) {
	data := module("code")
	expiring, err := sealwaxtest.NewPublisher("maker", 1, known().Formats[0]).Sign(t.Context(), sealwaxtest.Bytes("app.wasm", data),
		sealwax.SignOptions{Fields: []sealwax.Field{{Name: "expires", Value: now.Add(time.Second).Format(time.RFC3339)}}})
	if err != nil {
		t.Fatal(err)
	}
	g := gate(t)
	g.Now = func() time.Time { return now.Add(time.Minute) } // compiling took long
	var out bytes.Buffer
	if _, _, err := g.Compile(t.Context(), sealed(t, "app.wasm", data, expiring...), engine.CompileJob{}, &out); err == nil || out.Len() > 0 || !strings.Contains(err.Error(), "its own check") {
		t.Error(err)
	}
}
