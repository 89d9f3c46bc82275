// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

var update = flag.Bool("update", false, "write what is said instead of comparing it")

// besideFiles are what lies beside the policies of the tests.
func besideFiles(name string, limit int64) ([]byte, error) {
	line := func(n int) []byte { return []byte(sealwaxtest.Key(n).Public().MinisignLine() + "\n") }
	switch name {
	case "alice.pub":
		return line(1), nil
	case "bob.pub", "keys/bob2.pub":
		return line(2), nil
	case "carol.pub":
		return line(3), nil
	case "two.pub":
		return append(key.MarshalSSHPublic(sealwaxtest.Key(1).Public()), key.MarshalSSHPublic(sealwaxtest.Key(2).Public())...), nil
	case "secret.key":
		return key.MarshalMinisignSecret(sealwaxtest.Key(1), nil, strings.NewReader(strings.Repeat("r", 100)))
	case "text.txt":
		return []byte("hello\n"), nil
	case "acme.publisher":
		return []byte("a chain"), nil
	case "large.publisher":
		return make([]byte, min(limit, MaxChainBytes)), nil
	case "denied.pub":
		return nil, fs.ErrPermission
	}
	return nil, fs.ErrNotExist
}

// TestErrors: testdata/errors.txtar holds policies, and what is said of each.
func TestErrors(t *testing.T) {
	const file = "testdata/errors.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	said := &txtar.Archive{Comment: archive.Comment}
	for i, f := range archive.Files {
		name, isPolicy := strings.CutSuffix(f.Name, ".toml")
		if !isPolicy {
			continue
		}
		want := []byte("missing")
		if i+1 < len(archive.Files) && archive.Files[i+1].Name == name+".said" {
			want = archive.Files[i+1].Data
		}
		_, err := Parse(f.Name, f.Data, besideFiles)
		got := []byte("nothing\n")
		if err != nil {
			got = []byte(err.Error() + "\n")
			if own := (*Error)(nil); !errors.As(err, &own) || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: the error is a %T", f.Name, err)
			}
		} else if !*update {
			t.Errorf("%s is accepted", f.Name)
		}
		said.Files = append(said.Files, f, txtar.File{Name: name + ".said", Data: got})
		if d := cmp.Diff(string(want), string(got)); d != "" && !*update {
			t.Errorf("%s: %s", f.Name, d)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(said), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBesideIsUndecided(t *testing.T) {
	doc := "version = 1\n[signer.alice]\nkey = %s\n"
	for name, want := range map[string]bool{`"nobody.pub"`: true, `"denied.pub"`: true, `"text.txt"`: false, `""`: false} {
		_, err := Parse("p.toml", []byte(strings.ReplaceAll(doc, "%s", name)), besideFiles)
		if got := errors.Is(err, ErrBeside); err == nil || got != want {
			t.Errorf("%s: %v, could not be read: %v", name, err, got)
		}
	}
	if _, err := Parse("p.toml", []byte(strings.ReplaceAll(doc, "%s", `"alice.pub"`)), nil); !errors.Is(err, ErrBeside) {
		t.Errorf("without a reader: %v", err)
	}
}

// TestErrorsShowNoSecret: a secret key in place of a public one is not repeated.
func TestErrorsShowNoSecret(t *testing.T) {
	secret, err := besideFiles("secret.key", 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Split(string(secret), "\n")[1]
	for _, text := range []string{line, line[:len(line)-1], strings.ReplaceAll(string(secret), "\n", `\n`), "secret.key"} {
		_, err := Parse("p.toml", []byte("version = 1\n[signer.alice]\nkey = \""+text+"\"\n"), besideFiles)
		if err == nil || strings.Contains(err.Error(), line[40:60]) {
			t.Errorf("%v", err)
		}
	}
}

// TestErrorsAreShort: what a file says is repeated for people, and not a megabyte
// of it.
func TestErrorsAreShort(t *testing.T) {
	const rule = "[[rule]]\nname = \"r\"\nfor = [\"*\"]\nof = [\"pinned\"]\n"
	long := strings.Repeat("long", 100_000)
	for _, doc := range []string{
		long + " = 1\n",
		"[signer.\"" + long + "\"]\n",
		strings.Replace(rule, "r\"", long+"\"", 1),
		strings.Replace(rule, "*", long, 1),
		strings.Replace(rule, "pinned", long, 1),
		rule + "role = \"" + long + "\"\n",
		rule + "formats = [\"" + long + "\", \"" + long + "\"]\n",
		rule + "require = [\"x" + long + " ~\"]\n",
		rule + "coverage = \"prefix\"\nallow-uncovered = [\"" + long + "\"]\n",
		rule + "require = [\"x >= " + long + "\"]\n",
		rule + "native = \"" + long + "\"\n",
		rule + "native = [\"" + long + "\"]\n",
		rule + "native = [\"acme/" + long + "\"]\n",
		rule + "native = \"pinned\"\nengine = \"" + long + "\"\n",
		rule + "native = \"pinned\"\nengine = \"" + long + " = 1.0.0\"\n",
		rule + "native = \"pinned\"\nengine = \"w = " + long + "\"\n",
		rule + "native = \"pinned\"\nengine-deny = [\"" + long + "\"]\n",
	} {
		_, err := Parse("p.toml", []byte("version = 1\n"+doc), besideFiles)
		if own := (*Error)(nil); !errors.As(err, &own) || len(err.Error()) > 1024 {
			t.Errorf("%.60s: %.200v", doc, err)
		}
	}
}

func TestLimits(t *testing.T) {
	rule := func(b *bytes.Buffer, name, rest string) {
		b.WriteString("[[rule]]\nname = \"" + name + "\"\n" + rest)
	}
	num := func(n int) string {
		return string(rune('a'+n/26/26)) + string(rune('a'+n/26%26)) + string(rune('a'+n%26))
	}
	build := map[string]func(n int, b *bytes.Buffer){
		"rules": func(n int, b *bytes.Buffer) {
			for i := range n {
				rule(b, num(i), "for = [\"*\"]\nof = [\"pinned\"]\n")
			}
		},
		"patterns of a rule": func(n int, b *bytes.Buffer) {
			b.WriteString("[[rule]]\nname = \"x\"\nof = [\"pinned\"]\nfor = [")
			for i := range n {
				b.WriteString("\"" + num(i) + "\",")
			}
			b.WriteString("]\n")
		},
		"patterns of all rules": func(n int, b *bytes.Buffer) {
			for i := 0; n > 0; i++ {
				b.WriteString("[[rule]]\nname = \"" + num(i) + "\"\nof = [\"pinned\"]\nfor = [")
				for j := range min(n, MaxPatterns) {
					b.WriteString("\"" + num(j) + "\",")
				}
				b.WriteString("]\n")
				n -= MaxPatterns
			}
		},
		"people": func(n int, b *bytes.Buffer) {
			for i := range n {
				b.WriteString("[signer." + num(i) + "]\nkey = \"" + sealwaxtest.Key(i).Public().MinisignLine() + "\"\n")
			}
		},
		"members": func(n int, b *bytes.Buffer) {
			for i := range n {
				b.WriteString("[signer." + num(i) + "]\nkey = \"" + sealwaxtest.Key(i).Public().MinisignLine() + "\"\n")
			}
			b.WriteString("[[rule]]\nname = \"x\"\nfor = [\"*\"]\nof = [")
			for i := range n {
				if i%40 == 0 {
					b.WriteString(strings.Repeat("]},", min(i, 1)) + "{need = 1, of = [")
				}
				b.WriteString("\"" + num(i) + "\",")
			}
			b.WriteString("]}")
			b.WriteString("]\n")
		},
		"nesting": func(n int, b *bytes.Buffer) {
			b.WriteString("[[rule]]\nname = \"x\"\nfor = [\"*\"]\nof = [")
			b.WriteString(strings.Repeat("{of = [", n-1) + `"pinned"` + strings.Repeat("]}", n-1) + "]\n")
		},
		"bytes": func(n int, b *bytes.Buffer) {
			b.WriteString("#" + strings.Repeat("x", n-b.Len()-1))
		},
		"chains": func(n int, b *bytes.Buffer) {
			for i := range n {
				b.WriteString("[publisher." + num(i) + "]\nid = \"publisher:" + strings.Repeat("00", 31) + string("0123456789abcdef"[i/16]) + string("0123456789abcdef"[i%16]) + "\"\nchain = \"large.publisher\"\n")
			}
		},
	}
	for what, most := range map[string]int{
		"rules": MaxRules, "patterns of a rule": MaxPatterns, "patterns of all rules": MaxAllPatterns,
		"people": MaxPeople, "members": MaxMembers, "nesting": MaxNesting, "bytes": MaxBytes,
	} {
		for over := range 2 {
			b := bytes.NewBufferString("version = 1\n")
			build[what](most+over, b)
			_, err := Parse("p.toml", b.Bytes(), besideFiles)
			if (err != nil) != (over == 1) {
				t.Errorf("%s, %d of %d: %v", what, most+over, most, err)
			}
		}
	}
	// However many chains are named, no more than the limit is read.
	b := bytes.NewBufferString("version = 1\n")
	build["chains"](100, b)
	f, err := Parse("p.toml", b.Bytes(), besideFiles)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, p := range f.Publishers {
		total += len(p.Chain)
	}
	if total > MaxAllChainBytes {
		t.Errorf("%d bytes of chains were read", total)
	}
}
