// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package choose

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

var nativeFormats = []sealwax.Format{minisign.Format{}, wasmsig.Format{}, trailer.Format{Carried: []sealwax.Format{minisign.Format{}, wasmsig.Format{}}}}

const (
	aModule  = "\x00asm\x01\x00\x00\x00\x00\x02\x01x"
	compiled = "\x7fELF\x02\x01\x01\xc8 what an engine made of a module"
	program  = "\x7fELF\x02\x01\x01\x00 what a compiler made of C"
)

// sums are what is remembered of a module.
func sums(t *testing.T, a *sealwax.Artifact) sealwax.Ancestor {
	t.Helper()
	remember := (&sealwax.Verifier{Formats: nativeFormats}).Remember(a)
	if err := a.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	source, err := remember()
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// native is app.cwasm, which a test key compiled from app.wasm with an engine of a
// version, and which others signed app.wasm for.
func native(t *testing.T, version string, compiler int, sources ...int) *sealwax.Artifact {
	t.Helper()
	var carried []trailer.Carried
	for _, n := range sources {
		by := sealwaxtest.NewPublisher("x", n, minisign.Format{})
		made, err := by.Sign(t.Context(), sealwaxtest.Bytes("app.wasm", []byte(aModule)), sealwax.SignOptions{
			Now: now, Fields: []sealwax.Field{{Name: "version", Value: "1.2.0"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		carried = append(carried, trailer.Carried{Format: "minisign", Data: made[0].Data})
	}
	return appended(t, "app.cwasm", compiled, compiler, trailer.Statement{
		Kind: trailer.KindCompiled, Source: sums(t, sealwaxtest.Bytes("app.wasm", []byte(aModule))), Verified: len(sources) > 0,
		Engine: "wasmtime", EngineVersion: version, Binding: "v" + version, Library: version, Target: "x86_64-unknown-linux-gnu",
		CPU: "baseline", OptLevel: "speed",
	}, carried)
}

// tool is a program that a test key signed.
func tool(t *testing.T, by int) *sealwax.Artifact {
	t.Helper()
	return appended(t, "tool", program, by, trailer.Statement{Kind: trailer.KindProgram}, nil)
}

func appended(t *testing.T, name, content string, by int, s trailer.Statement, carried []trailer.Carried) *sealwax.Artifact {
	t.Helper()
	s.Tool, s.Time = "sealwax/0.0.0", now
	var out bytes.Buffer
	f := trailer.Format{Carried: []sealwax.Format{minisign.Format{}, wasmsig.Format{}}}
	if err := f.Append(t.Context(), sealwaxtest.Bytes(name, []byte(content)), &out, sealwaxtest.Key(by), s, carried); err != nil {
		t.Fatal(err)
	}
	return sealwaxtest.Bytes(name, out.Bytes())
}

// module is app.wasm, signed by some test keys in files beside it.
func module(t *testing.T, signers ...int) *sealwax.Artifact {
	t.Helper()
	var beside []sealwax.Companion
	for _, n := range signers {
		made, err := sealwaxtest.NewPublisher("x", n, minisign.Format{}).Sign(t.Context(), sealwaxtest.Bytes("app.wasm", []byte(aModule)), sealwax.SignOptions{})
		if err != nil {
			t.Fatal(err)
		}
		made[0].Name = fmt.Sprintf("app.wasm.%d.minisig", n)
		beside = append(beside, made...)
	}
	return sealwaxtest.Bytes("app.wasm", []byte(aModule), beside...)
}

func (c *Chooser) says(t *testing.T, a *sealwax.Artifact) *sealwax.Report {
	t.Helper()
	c.Formats, c.Now = nativeFormats, func() time.Time { return now }
	r, err := c.Verify(t.Context(), trust.FileSubject(a.Name()), a)
	if (err == nil) != (r.Verdict == sealwax.Allow) {
		t.Fatalf("%v, %v", r.Verdict, err)
	}
	return r
}

// givenKeys are test keys in a role, as a command line gives them; nil is no flag.
func givenKeys(role sealwax.Role, keys []int) sealwax.Trust {
	var out trust.Keys
	for _, n := range keys {
		out = append(out, sealwax.Anchor{Key: pub(n), Name: fmt.Sprint("key ", n), Role: role, Origin: "-k"})
	}
	if out == nil {
		return nil
	}
	return out
}

// pin is a test key that is pinned for the base names of files.
type pin struct {
	key  int
	role sealwax.Role
	for_ string
}

func pinned(t *testing.T, pins []pin) *trust.Store {
	t.Helper()
	s := trust.OpenStore(t.TempDir(), t.TempDir())
	for i, p := range pins {
		pattern, err := trust.ParsePattern(p.for_)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Add(t.Context(), trust.Pin{Name: fmt.Sprint("pin", i), Key: pub(p.key), Role: p.role, For: []trust.Pattern{pattern}, Added: now}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

const rel, nat = sealwax.RoleRelease, sealwax.RoleNative

// TestHalves: compiled code needs both roles, and each has its own keys or its own
// pins. Test key 1 signs the source, 2 compiles, 3 signs the source as well.
func TestHalves(t *testing.T) {
	type keys = []int
	type pins = []pin
	chain := func(t *testing.T) *sealwax.Artifact { return native(t, "44.0.0", 2, 1) }
	twice := func(t *testing.T) *sealwax.Artifact { return native(t, "44.0.0", 2, 1, 3) }
	own := func(t *testing.T) *sealwax.Artifact { return native(t, "44.0.0", 1, 1) }
	unsigned := func(t *testing.T) *sealwax.Artifact { return native(t, "44.0.0", 2) }
	aTool := func(t *testing.T) *sealwax.Artifact { return tool(t, 2) }
	aModule := func(t *testing.T) *sealwax.Artifact { return module(t, 1) }
	for _, tc := range []struct {
		name     string
		artifact func(*testing.T) *sealwax.Artifact
		k        keys // -k
		native   keys // --native-key
		pins     pins
		need     int
		want     sealwax.Verdict
		code     sealwax.Code
	}{
		{"both keys", chain, keys{1}, keys{2}, nil, 1, sealwax.Allow, ""},
		{"several keys", chain, keys{3, 1}, keys{4, 2}, nil, 1, sealwax.Allow, ""},
		{"no keys", chain, nil, nil, nil, 1, sealwax.Deny, sealwax.CodeSignerUnknown},
		{"the wrong way round", chain, keys{2}, keys{1}, nil, 1, sealwax.Deny, sealwax.CodeSignerRole},
		{"both as signers of the source", chain, keys{1, 2}, nil, nil, 1, sealwax.Deny, sealwax.CodeSignerRole},
		{"both as compilers", chain, nil, keys{1, 2}, nil, 1, sealwax.Deny, sealwax.CodeSignerRole},
		{"both in both", chain, keys{1, 2}, keys{1, 2}, nil, 1, sealwax.Allow, ""},
		{"the source's alone", chain, keys{1}, nil, nil, 1, sealwax.Deny, sealwax.CodeSignerUnknown},
		{"the compiler's alone", chain, nil, keys{2}, nil, 1, sealwax.Deny, sealwax.CodeSourceUnsigned},
		{"another source's", chain, keys{3}, keys{2}, nil, 1, sealwax.Deny, sealwax.CodeSourceUnsigned},
		{"another compiler's", chain, keys{1}, keys{3}, nil, 1, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"one key that is given in both", own, keys{1}, keys{1}, nil, 1, sealwax.Allow, ""},
		{"one key that is given for the source", own, keys{1}, nil, nil, 1, sealwax.Deny, sealwax.CodeSignerRole},
		{"one key that is given for the code", own, nil, keys{1}, nil, 1, sealwax.Deny, sealwax.CodeSignerRole},
		{"no signature on the source", unsigned, keys{1, 2}, keys{2}, nil, 1, sealwax.Deny, sealwax.CodeSourceUnsigned},
		{"a threshold is the source's: one of two", chain, keys{1, 3}, keys{2}, nil, 2, sealwax.Deny, sealwax.CodePolicyUnmet},
		{"a threshold is the source's: both", twice, keys{1, 3}, keys{2}, nil, 2, sealwax.Allow, ""},
		{"a threshold is not the compilers'", twice, keys{1, 3}, keys{2, 3}, nil, 2, sealwax.Allow, ""},

		{"pins in both roles", chain, nil, nil, pins{{1, rel, "*"}, {2, nat, "*.cwasm"}}, 1, sealwax.Allow, ""},
		{"pins for other names", chain, nil, nil, pins{{1, rel, "*.wasm"}, {2, nat, "*.cwasm"}}, 1, sealwax.Deny, sealwax.CodeSourceUnsigned},
		{"pins the wrong way round", chain, nil, nil, pins{{2, rel, "*"}, {1, nat, "*"}}, 1, sealwax.Deny, sealwax.CodeSignerRole},
		{"-k, and a pin for the code", chain, keys{1}, nil, pins{{2, nat, "*"}}, 1, sealwax.Allow, ""},
		{"-k, and a pin in its own role", chain, keys{1}, nil, pins{{2, rel, "*"}}, 1, sealwax.Deny, sealwax.CodeSignerUnknown},
		{"--native-key, and a pin for the source", chain, nil, keys{2}, pins{{1, rel, "*"}}, 1, sealwax.Allow, ""},
		{"--native-key, and a pin in its own role", chain, nil, keys{2}, pins{{1, nat, "*"}}, 1, sealwax.Deny, sealwax.CodeSignerUnknown},
		{"-k replaces a pin", chain, keys{3}, keys{2}, pins{{1, rel, "*"}}, 1, sealwax.Deny, sealwax.CodeSourceUnsigned},
		{"--native-key replaces a pin", chain, keys{1}, keys{3}, pins{{2, nat, "*"}}, 1, sealwax.Deny, sealwax.CodeSourceUnbound},

		{"a program", aTool, nil, keys{2}, nil, 1, sealwax.Allow, ""},
		{"a program of somebody else's", aTool, nil, keys{3}, nil, 1, sealwax.Deny, sealwax.CodeSignerUnknown},
		{"a program by -k", aTool, keys{2}, nil, nil, 1, sealwax.Deny, sealwax.CodeSignerRole},
		{"a program, where sources are spoken of", aTool, keys{3}, keys{2}, nil, 1, sealwax.Allow, ""},
		{"a program by a pin", aTool, nil, nil, pins{{2, nat, "*"}}, 1, sealwax.Allow, ""},
		{"a program by a pin in the other role", aTool, nil, nil, pins{{2, rel, "*"}}, 1, sealwax.Deny, sealwax.CodeSignerRole},
		{"a program by a pin that -k replaces", aTool, keys{3}, nil, pins{{2, nat, "*"}}, 1, sealwax.Deny, sealwax.CodeSignerUnknown},
		{"a program by a pin that --native-key replaces", aTool, nil, keys{3}, pins{{2, nat, "*"}}, 1, sealwax.Deny, sealwax.CodeSignerUnknown},

		{"a module by -k", aModule, keys{1}, nil, nil, 1, sealwax.Allow, ""},
		{"a module by a pin", aModule, nil, nil, pins{{1, rel, "*"}}, 1, sealwax.Allow, ""},
		{"a module by a pin for native code", aModule, nil, nil, pins{{1, nat, "*"}}, 1, sealwax.Deny, sealwax.CodeSignerRole},
		{"a module, where native code is spoken of", aModule, nil, keys{2}, pins{{1, rel, "*"}}, 1, sealwax.Allow, ""},
		{"a module, where both are", aModule, keys{1}, keys{2}, nil, 1, sealwax.Allow, ""},
		{"a module by a key for native code", aModule, nil, keys{1}, nil, 1, sealwax.Deny, sealwax.CodeSignerRole},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &Chooser{Store: pinned(t, tc.pins), Given: sealwax.AnyOf(tc.need, rel), Trust: givenKeys(rel, tc.k), Native: givenKeys(nat, tc.native)}
			r := c.says(t, tc.artifact(t))
			if r.Verdict != tc.want || tc.code != "" && !r.Has(tc.code) {
				t.Errorf("%v: %v", r.Verdict, r.Findings)
			}
		})
	}
}

// TestNativeAlone: a door for programs asks for the role native and nothing else.
func TestNativeAlone(t *testing.T) {
	for _, tc := range []struct {
		name     string
		artifact *sealwax.Artifact
		native   []int
		pins     []pin
		want     sealwax.Verdict
		code     sealwax.Code
	}{
		{"a key", tool(t, 2), []int{2}, nil, sealwax.Allow, ""},
		{"a pin", tool(t, 2), nil, []pin{{2, nat, "tool"}}, sealwax.Allow, ""},
		{"a pin in the role release", tool(t, 2), nil, []pin{{2, rel, "tool"}}, sealwax.Deny, sealwax.CodeSignerRole},
		{"another key than is pinned", tool(t, 2), []int{3}, []pin{{2, nat, "tool"}}, sealwax.Deny, sealwax.CodeSignerUnknown},
		{"compiled code", native(t, "44.0.0", 2, 1), []int{2}, []pin{{1, rel, "*"}}, sealwax.Deny, sealwax.CodeSourceUnsigned},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &Chooser{Store: pinned(t, tc.pins), Given: sealwax.AnyOf(1, nat), Native: givenKeys(nat, tc.native)}
			if r := c.says(t, tc.artifact); r.Verdict != tc.want || tc.code != "" && !r.Has(tc.code) {
				t.Errorf("%v: %v", r.Verdict, r.Findings)
			}
		})
	}
}

// TestNameless: no pin speaks of what has no name, in either role.
func TestNameless(t *testing.T) {
	store := pinned(t, []pin{{1, rel, "**"}, {2, nat, "**"}})
	for name, c := range map[string]*Chooser{
		"pins":                    {Store: store},
		"pins for the source":     {Store: store, Native: givenKeys(nat, []int{2})},
		"pins for native code":    {Store: store, Trust: givenKeys(rel, []int{1})},
		"a rule about the pinned": {Store: store, User: rules(t, "[[rule]]\nname = \"n\"\nfor = [\"**\"]\nof = [\"pinned\"]\nnative = \"pinned\"\n", nil)},
	} {
		c.Formats, c.Now = nativeFormats, func() time.Time { return now }
		if r, err := c.Verify(t.Context(), "", native(t, "44.0.0", 2, 1)); err == nil || r.Verdict != sealwax.Deny {
			t.Errorf("%s: %v", name, r.Verdict)
		}
	}
}

// TestNamedCompilesNothing: where keys for native code are given, those of somebody
// who is named besides are none.
func TestNamedCompilesNothing(t *testing.T) {
	both := append(givenKeys(rel, []int{1}).(trust.Keys), givenKeys(nat, []int{2}).(trust.Keys)...)
	for _, tc := range []struct {
		native []int
		want   sealwax.Verdict
	}{{nil, sealwax.Allow}, {[]int{2}, sealwax.Allow}, {[]int{3}, sealwax.Deny}} {
		c := &Chooser{Given: sealwax.AnyOf(1, rel), Trust: both, Native: givenKeys(nat, tc.native)}
		if r := c.says(t, native(t, "44.0.0", 2, 1)); r.Verdict != tc.want {
			t.Errorf("--native-key %v: %v: %v", tc.native, r.Verdict, r.Findings)
		}
	}
}

// TestEachHalfIsFull: as many keys as are tried in one role leave those of the other
// their turn.
func TestEachHalfIsFull(t *testing.T) {
	many := make([]int, sealwax.MaxTries)
	for i := range many {
		many[i] = 100 + i
	}
	many[0] = 1
	fills := func(own int) []int { return append([]int{own}, many[1:]...) }
	c := &Chooser{Given: sealwax.AnyOf(1, rel), Trust: givenKeys(rel, fills(1)), Native: givenKeys(nat, fills(2))}
	if r := c.says(t, native(t, "44.0.0", 2, 1)); r.Verdict != sealwax.Allow {
		t.Errorf("%v: %v", r.Verdict, r.Findings)
	}
}

// acmeNative is a publisher with test key 2 in the role native, and 4 in release.
func acmeNative(t *testing.T) *publisher.Chain {
	t.Helper()
	d := publisher.Begin("acme", now, now.AddDate(1, 0, 0))
	d.AddKey(publisher.RoleRoot, pub(5))
	d.AddKey(sealwax.RoleRelease, pub(4))
	d.AddKey(sealwax.RoleNative, pub(2))
	d.Commit(1, []key.Fingerprint{pub(6).Fingerprint()})
	return finish(t, d, 5, 4, 2)
}

// TestNativeRules: what rules say of native code. Test key 1 signs the source, and 2
// compiles.
func TestNativeRules(t *testing.T) {
	people := signer("source", 1) + signer("compiler", 2) + signer("third", 3)
	chain := acmeNative(t)
	acme := fmt.Sprintf("[publisher.acme]\nid = %q\nchain = \"acme.publisher\"\n", chain.ID())
	theirs := acme + signer("source", 1) + signer("compiler", 2)
	both := "of = [\"source\"]\nnative = [\"compiler\"]\n"
	code := func(t *testing.T) *sealwax.Artifact { return native(t, "44.0.0", 2, 1) }
	old := func(t *testing.T) *sealwax.Artifact { return native(t, "43.9.0", 2, 1) }
	own := func(t *testing.T) *sealwax.Artifact { return native(t, "44.0.0", 1, 1) }
	aTool := func(t *testing.T) *sealwax.Artifact { return tool(t, 2) }
	by := func(n int) func(*testing.T) *sealwax.Artifact {
		return func(t *testing.T) *sealwax.Artifact { return module(t, n) }
	}
	for _, tc := range []struct {
		name     string
		artifact func(*testing.T) *sealwax.Artifact
		policy   string
		pins     []pin
		want     sealwax.Verdict
		code     sealwax.Code
	}{
		{"both", code, people + rule("n", both), nil, sealwax.Allow, ""},
		{"of its kind", code, people + rule("n", "kind = [\"compiled\"]\n"+both), nil, sealwax.Allow, ""},
		{"the wrong way round", code, people + rule("n", "of = [\"compiler\"]\nnative = [\"source\"]\n"), nil, sealwax.Deny, sealwax.CodeSignerRole},
		{"both in one list", code, people + rule("n", "of = [\"source\", \"compiler\"]\n"), nil, sealwax.Deny, sealwax.CodePolicyNoRule},
		{"both in one list, in the role native", code, people + rule("n", "role = \"native\"\nof = [\"source\", \"compiler\"]\n"), nil, sealwax.Deny, sealwax.CodePolicyNoRule},
		{"nobody for native code, and it only warns", code, people + rule("n", "mode = \"warn\"\nof = [\"source\"]\n"), nil, sealwax.Deny, sealwax.CodePolicyNoRule},
		{"one key in both lists", own, people + rule("n", "of = [\"source\"]\nnative = [\"source\"]\n"), nil, sealwax.Allow, ""},
		{"one key in one list", own, people + rule("n", both), nil, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"one of several", code, people + rule("n", "of = [\"source\"]\nnative = {need = 1, of = [\"third\", \"compiler\"]}\n"), nil, sealwax.Allow, ""},
		{"all of several", code, people + rule("n", "of = [\"source\"]\nnative = [\"third\", \"compiler\"]\n"), nil, sealwax.Deny, sealwax.CodePolicyUnmet},
		{"a pin", code, people + rule("n", "of = [\"source\"]\nnative = \"pinned\"\n"), []pin{{2, nat, "*"}}, sealwax.Allow, ""},
		{"a pin in the other role", code, people + rule("n", "of = [\"source\"]\nnative = \"pinned\"\n"), []pin{{2, rel, "*"}}, sealwax.Deny, sealwax.CodeSourceUnbound},
		{"pins for both", code, rule("n", "of = [\"pinned\"]\nnative = \"pinned\"\n"), []pin{{1, rel, "*"}, {2, nat, "*"}}, sealwax.Allow, ""},
		{"pins for both, the wrong way round", code, rule("n", "of = [\"pinned\"]\nnative = \"pinned\"\n"), []pin{{1, nat, "*"}, {2, rel, "*"}}, sealwax.Deny, sealwax.CodeSignerRole},
		{"a publisher's compiler", code, theirs + rule("n", "of = [\"source\"]\nnative = [\"acme\"]\n"), nil, sealwax.Allow, ""},
		{"a publisher's compiler as its source's signer", code, theirs + rule("n", "of = [\"acme\"]\nnative = [\"compiler\"]\n"), nil, sealwax.Deny, sealwax.CodeSourceUnsigned},
		{"only a rebuild", code, people + rule("n", "of = [\"source\"]\nnative = \"rebuilt\"\n"), nil, sealwax.Deny, sealwax.CodeSignerUnknown},
		{"a rebuild or a compiler", code, people + rule("n", "of = [\"source\"]\nnative = {need = 1, of = [\"rebuilt\", \"compiler\"]}\n"), nil, sealwax.Allow, ""},

		{"an engine", code, people + rule("n", both+"engine = \"wasmtime\"\n"), nil, sealwax.Allow, ""},
		{"another engine", code, people + rule("n", both+"engine = \"wasmer\"\n"), nil, sealwax.Deny, sealwax.CodeMetadataUnmet},
		{"an engine that is new enough", code, people + rule("n", both+"engine = \"wasmtime >= 44.0.0\"\n"), nil, sealwax.Allow, ""},
		{"an engine that is too old", old, people + rule("n", both+"engine = \"wasmtime >= 44.0.0\"\n"), nil, sealwax.Deny, sealwax.CodeMetadataUnmet},
		{"an engine that is denied", code, people + rule("n", both+"engine-deny = [\"43.0.0\", \"44.0.0\"]\n"), nil, sealwax.Deny, sealwax.CodeMetadataUnmet},
		{"an engine that is not denied", old, people + rule("n", both+"engine-deny = [\"43.0.0\", \"44.0.0\"]\n"), nil, sealwax.Allow, ""},
		{"what the source states", code, people + rule("n", both+"require = [\"file\", \"version >= 1.0.0\"]\n"), nil, sealwax.Allow, ""},
		{"what the source does not state", code, people + rule("n", both+"require = [\"version >= 2.0.0\"]\n"), nil, sealwax.Deny, sealwax.CodeMetadataUnmet},
		{"formats", code, people + rule("n", both+"formats = [\"minisign\", \"trailer\"]\n"), nil, sealwax.Allow, ""},
		{"formats without native code's", code, people + rule("n", both+"formats = [\"minisign\"]\n"), nil, sealwax.Deny, sealwax.CodeSignatureFormat},

		{"a program", aTool, people + rule("n", "kind = [\"program\"]\nnative = [\"compiler\"]\n"), nil, sealwax.Allow, ""},
		{"a program in the older words", aTool, people + rule("n", "role = \"native\"\nof = [\"compiler\"]\n"), nil, sealwax.Allow, ""},
		{"a program, where sources are spoken of too", aTool, people + rule("n", both+"engine = \"wasmtime\"\n"), nil, sealwax.Allow, ""},
		{"a program of a signer of sources", aTool, people + rule("n", "of = [\"compiler\"]\nnative = [\"source\"]\n"), nil, sealwax.Deny, sealwax.CodeSignerRole},
		{"a program, in the role release", aTool, people + rule("n", "of = [\"compiler\"]\n"), nil, sealwax.Deny, sealwax.CodeSignerRole},
		{"a module", by(1), people + rule("n", both), nil, sealwax.Allow, ""},
		{"a module of a compiler", by(2), people + rule("n", both), nil, sealwax.Deny, sealwax.CodeSignerRole},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := rules(t, tc.policy, map[string][]byte{"acme.publisher": chain.Marshal()})
			r := (&Chooser{Store: pinned(t, tc.pins), User: f}).says(t, tc.artifact(t))
			if r.Verdict != tc.want || tc.code != "" && !r.Has(tc.code) {
				t.Errorf("%v: %v", r.Verdict, r.Findings)
			}
		})
	}
}

// TestNativeBesidePolicies: what is given loosens no policy, and no policy what is
// given.
func TestNativeBesidePolicies(t *testing.T) {
	people := signer("source", 1) + signer("compiler", 2) + signer("third", 3)
	good := rules(t, people+rule("n", "of = [\"source\"]\nnative = [\"compiler\"]\n"), nil)
	bad := rules(t, people+rule("n", "of = [\"source\"]\nnative = [\"third\"]\n"), nil)
	silent := rules(t, people+rule("n", "of = [\"source\"]\n"), nil)
	for _, tc := range []struct {
		name      string
		system    *policy.File
		k, native []int
		want      sealwax.Verdict
		demands   []string
	}{
		{"both allow", good, []int{1}, []int{2}, sealwax.Allow, []string{SystemDemand, GivenDemand}},
		{"the system refuses", bad, []int{1}, []int{2}, sealwax.Deny, []string{SystemDemand, GivenDemand}},
		{"the system does not speak of it", silent, []int{1}, []int{2}, sealwax.Deny, []string{SystemDemand, GivenDemand}},
		{"what is given refuses", good, []int{1}, []int{3}, sealwax.Deny, []string{GivenDemand, SystemDemand}},
		{"the other half is not given", good, []int{1}, nil, sealwax.Deny, []string{GivenDemand, SystemDemand}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &Chooser{System: tc.system, Given: sealwax.AnyOf(1, rel), Trust: givenKeys(rel, tc.k), Native: givenKeys(nat, tc.native)}
			r := c.says(t, native(t, "44.0.0", 2, 1))
			var demands []string
			for _, one := range r.All() {
				demands = append(demands, one.Demand)
			}
			if r.Verdict != tc.want || !slices.Equal(demands, tc.demands) {
				t.Errorf("%v of %q", r.Verdict, demands)
			}
		})
	}
}
