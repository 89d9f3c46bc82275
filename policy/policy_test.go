// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/sealwaxtest"
)

const acme = sealwax.PartyID("publisher:0101010101010101010101010101010101010101010101010101010101010101")

const head = `version = 1
[signer.alice]
key = "alice.pub"
[signer.bob]
key = "bob.pub"
[signer.carol]
key = "carol.pub"
[publisher.acme]
id = "` + string(acme) + `"
`

func signer(n int) sealwax.SignerID {
	return sealwax.SignerID(sealwaxtest.Key(n).Public().Fingerprint())
}

func TestMatch(t *testing.T) {
	f := mustParse(t, "p.toml", []byte(head+`
[[rule]]
name = "modules"
for = ["acme-*", "oci:ghcr.io/acme/**"]
kind = ["module", "component"]
of = ["alice"]
[[rule]]
name = "files"
for = ["*.txt", "acme-*"]
of = ["alice"]
[[rule]]
name = "late"
for = ["*.txt", "late"]
of = ["alice"]
`))
	for _, tt := range []struct {
		subject string
		kind    sealwax.Kind
		want    string
	}{
		{"acme-1", sealwax.KindModule, "modules"},
		{"dir/acme-1", sealwax.KindComponent, "modules"},
		{"acme-1", sealwax.KindFile, "files"},
		{"a.txt", sealwax.KindModule, "files"},
		{"late", sealwax.KindFile, "late"},
		{"other", sealwax.KindFile, ""},
		{"oci:ghcr.io/acme/app", sealwax.KindModule, "modules"},
		{"./oci:ghcr.io/acme/app", sealwax.KindModule, ""},
		{"oci:ghcr.io/acme/app", sealwax.KindFile, ""},
		{"crate:acme-1", sealwax.KindModule, ""},
		{"acme-1", "", "files"},
		{"", sealwax.KindFile, ""},
	} {
		rule, ok := f.Match(tt.subject, tt.kind)
		got := ""
		if ok {
			got = rule.Name
		}
		if got != tt.want || ok != (rule != nil) {
			t.Errorf("%s of kind %s: rule %q, want %q", tt.subject, tt.kind, got, tt.want)
		}
	}
	if _, ok := (&File{}).Match("a", sealwax.KindFile); ok {
		t.Error("the zero File has a rule")
	}
	if p := (&Rule{}).Policy(sealwax.KindFile); p.Need.Need > 0 {
		t.Error("the zero Rule admits something")
	}
}

// TestDefaults: what a rule takes that says only who signs.
func TestDefaults(t *testing.T) {
	f := mustParse(t, "dir/p.toml", []byte(head+"[[rule]]\nname = \"r\"\nfor = [\"*\"]\nof = [\"alice\", \"bob\", \"acme\"]\n"))
	want := &sealwax.Policy{
		Name: "dir/p.toml:10 r", NamesAgree: true,
		Need: sealwax.Quorum{Label: "r", Need: 3, Members: []sealwax.Member{
			{Name: "alice", Signer: signer(1)},
			{Name: "bob", Signer: signer(2)},
			{Name: "acme", Party: acme, Role: sealwax.RoleRelease},
		}},
	}
	if d := cmp.Diff(want, f.Rules[0].Policy(sealwax.KindModule)); d != "" {
		t.Error(d)
	}
}

// TestEverything: each key of a rule arrives in the policy.
func TestEverything(t *testing.T) {
	f := mustParse(t, "p.toml", []byte(head+`
[[rule]]
name = "r"
for = ["*"]
kind = ["module", "component"]
mode = "warn"
role = "native"
need = 2
of = ["alice", "acme", "acme/release", {of = ["bob", {need = 1, distinct = "publisher", of = ["carol", "pinned"]}]}]
coverage = "prefix"
allow-uncovered = ["name", ".debug_*", '\[a?\]', "x.y"]
require = ["file", "expires", "channel = stable beta", "version >= 1.2.0", "version<2.0.0", "a>1.0.0", "b <=  1.0.0"]
formats = ["minisign", "wasmsig"]
allow-legacy = true
stale = "refuse"
`))
	rule := &f.Rules[0]
	p := rule.Policy(sealwax.KindComponent)
	want := &sealwax.Policy{
		Name: "p.toml:11 r",
		Need: sealwax.Quorum{
			Label: "r", Need: 2,
			Members: []sealwax.Member{
				{Name: "alice", Signer: signer(1)},
				{Name: "acme", Party: acme, Role: sealwax.RoleNative},
				{Name: "acme/release", Party: acme, Role: sealwax.RoleRelease},
			},
			Of: []sealwax.Quorum{{
				Label: "the set in line 18", Need: 2,
				Members: []sealwax.Member{{Name: "bob", Signer: signer(2)}},
				Of: []sealwax.Quorum{{
					Label: "the set in line 18", Need: 1, Role: sealwax.RoleNative, Distinct: true,
					Members: []sealwax.Member{{Name: "carol", Signer: signer(3)}},
				}},
			}},
		},
		Prefix:         true,
		AllowUncovered: p.AllowUncovered,
		Kind:           sealwax.KindComponent,
		Require: []sealwax.Requirement{
			{Name: "file", Any: true},
			{Name: "expires", Any: true},
			{Name: "channel", Value: "stable beta"},
			{Name: "version", Value: "1.2.0", Op: ">="},
			{Name: "version", Value: "2.0.0", Op: "<"},
			{Name: "a", Value: "1.0.0", Op: ">"},
			{Name: "b", Value: "1.0.0", Op: "<="},
		},
		NamesAgree:   true,
		Formats:      []string{"minisign", "wasmsig"},
		AllowLegacy:  true,
		FreshParties: true,
		Warn:         true,
	}
	if d := cmp.Diff(want, p, cmp.Comparer(func(a, b interface{ String() string }) bool { return a == b })); d != "" {
		t.Error(d)
	}
	for name, want := range map[string]bool{
		"name": true, "names": false, "a name": false, ".debug_line": true, ".debug_a/b\n": true, "x.debug_line": false,
		"[ab]": true, "[a]": false, "a": false, "x.y": true, "x-y": false, "": false, "signature_delimiter": true, "signature": false,
	} {
		if got := p.AllowUncovered.MatchString(name); got != want {
			t.Errorf("section %q: %v", name, got)
		}
	}
	var named []string
	for _, s := range rule.Signers() {
		named = append(named, s.Name)
	}
	for _, pub := range rule.Publishers() {
		named = append(named, pub.Name+"/"+string(pub.Role))
	}
	for _, role := range rule.Pinned() {
		named = append(named, "pinned/"+string(role))
	}
	if d := cmp.Diff([]string{"alice", "bob", "carol", "acme/native", "acme/release", "pinned/native"}, named); d != "" {
		t.Error(d)
	}
}

func TestKeyForms(t *testing.T) {
	line := sealwaxtest.Key(1).Public().MinisignLine()
	for _, text := range []string{line, "alice.pub", `untrusted comment: x\n` + line + `\n`} {
		f := mustParse(t, "p.toml", []byte("version = 1\n[signer.alice]\nkey = \""+text+"\"\n"))
		if got := f.Signer("alice"); !got.Key.Equal(sealwaxtest.Key(1).Public()) || (got.From != "") != (text == "alice.pub") || got.Line != 2 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// TestLoad: files beside the policy are found from the policy's folder, and the
// digest is of the policy's own bytes.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bob := write("elsewhere/bob.pub", sealwaxtest.Key(2).Public().MinisignLine())
	write("conf/keys/alice.pub", sealwaxtest.Key(1).Public().MinisignLine())
	write("conf/acme.publisher", "chain")
	doc := "version = 1\n[signer.alice]\nkey = \"keys/alice.pub\"\n[signer.bob]\nkey = '" + bob + "'\n[publisher.acme]\nid = \"" + string(acme) + "\"\nchain = \"acme.publisher\"\n"
	path := write("conf/policy.toml", doc)
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(doc))
	if f.Digest != "sha256:"+hex.EncodeToString(sum[:]) || f.Name != path || string(f.Publisher("acme").Chain) != "chain" || !f.Signer("bob").Key.Equal(sealwaxtest.Key(2).Public()) {
		t.Errorf("%+v", f)
	}

	if _, err := Load(filepath.Join(dir, "nothing.toml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.Remove(bob); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); !errors.Is(err, ErrBeside) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no key file, which must not look like no policy: %v", err)
	}
	unsafe := (*safefile.Error)(nil)
	if _, err := Load(dir); !errors.As(err, &unsafe) {
		t.Errorf("a folder: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); !errors.As(err, &unsafe) {
		t.Errorf("a policy that everybody may write: %v", err)
	}
	write("elsewhere/bob.pub", sealwaxtest.Key(2).Public().MinisignLine())
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "conf/keys/alice.pub"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); !errors.Is(err, ErrBeside) {
		t.Errorf("a key file that everybody may write: %v", err)
	}
}

// TestEmpty: a file in which nothing stands is a policy, and admits nothing.
func TestEmpty(t *testing.T) {
	for _, doc := range []string{"", "\n", "# nothing\n", "version = 1\n"} {
		f := mustParse(t, "p.toml", []byte(doc))
		if _, ok := f.Match("a", sealwax.KindFile); ok || len(f.Rules) != 0 {
			t.Errorf("%q admits something", doc)
		}
	}
}

// FuzzParse: no text panics; what is accepted has a policy for each rule whose
// need somebody can meet, and what is refused has a place.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		head + "[[rule]]\nname = \"r\"\nfor = [\"*\"]\nof = [\"alice\", {need = 1, of = [\"pinned\"]}]\n",
		head + "[[rule]]\nname = \"r\"\nfor = [\"a\"]\nof = [\"acme/native\"]\nrequire = [\"v >= 1.0.0\"]\ncoverage = \"prefix\"\nallow-uncovered = [\"*\"]\n",
		head + "[[rule]]\nname = \"r\"\nfor = [\"a\"]\nof = [\"acme\"]\nnative = {need = 1, of = [\"rebuilt\", \"pinned\", \"acme\"]}\nengine = \"w >= 1.0.0\"\nengine-deny = [\"1.0.1\"]\n",
		head + "[[rule]]\nname = \"r\"\nfor = [\"a\"]\nkind = [\"program\"]\nnative = \"pinned\"\n",
		"version = 1\nlog = 'x'\n[[rule]]\n",
		"version = 2\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		if len(doc) > 1<<16 {
			return
		}
		file, err := Parse("p.toml", []byte(doc), besideFiles)
		if err != nil {
			own := (*Error)(nil)
			if !errors.As(err, &own) || own.Line < 1 || own.Column < 1 || own.Line > strings.Count(doc, "\n")+1 {
				t.Fatalf("%q: %v", doc, err)
			}
			if sealwax.Printable(err.Error()) != err.Error() {
				t.Fatalf("%q: the error is %q", doc, err.Error())
			}
			return
		}
		for i := range file.Rules {
			for _, kind := range file.Rules[i].kinds() {
				p := file.Rules[i].Policy(kind)
				if p.NoRule == "" && !sound(p.Need) || len(file.Rules[i].For) == 0 {
					t.Fatalf("%q: %s: %+v", doc, kind, p)
				}
				if kind == sealwax.KindCompiled && p.NoRule == "" && (p.Need.Need != 2 || len(p.Need.Of) != 2) {
					t.Fatalf("%q: one of two halves is enough: %+v", doc, p)
				}
			}
		}
		Check(file, Facts{})
		file.Show()
	})
}

func sound(q sealwax.Quorum) bool {
	for _, m := range q.Members {
		if (m.Signer == "") == (m.Party == "") || m.Party != "" && m.Role == "" {
			return false
		}
	}
	for _, sub := range q.Of {
		if !sound(sub) {
			return false
		}
	}
	return q.Need > 0 && (q.Role != "" || q.Need <= len(q.Members)+len(q.Of))
}

// FuzzCases: no table panics.
func FuzzCases(f *testing.F) {
	f.Add("allow a b # c\ndeny:signer.unknown \"x \\\" y\"\nrule:a b module\nno-rule c\n")
	f.Fuzz(func(t *testing.T, table string) {
		cases, err := ParseCases("t", []byte(table))
		if own := (*Error)(nil); err != nil && !errors.As(err, &own) {
			t.Fatal(err)
		}
		for _, c := range cases {
			if c.Artifact == "" || c.Line < 1 {
				t.Fatalf("%q: %+v", table, c)
			}
		}
	})
}
