// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// golden runs say on every NAME.toml of an archive and compares what it returns
// with the NAME.said behind it.
func golden(t *testing.T, file string, say func(name string, data []byte) string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	said := &txtar.Archive{Comment: archive.Comment}
	for i, f := range archive.Files {
		name, isInput := strings.CutSuffix(f.Name, ".toml")
		if !isInput {
			continue
		}
		want := "missing"
		if i+1 < len(archive.Files) && archive.Files[i+1].Name == name+".said" {
			want = string(archive.Files[i+1].Data)
		}
		got := say(f.Name, f.Data)
		said.Files = append(said.Files, f, txtar.File{Name: name + ".said", Data: []byte(got)})
		if d := cmp.Diff(want, got); d != "" && !*update {
			t.Errorf("%s: %s", f.Name, d)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(said), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func mustParse(t *testing.T, name string, data []byte) *File {
	t.Helper()
	f, err := Parse(name, data, besideFiles)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// testFacts: alice is key 1, bob 2, carol 3.
func testFacts() Facts {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	keys := func(ns ...int) []key.Public {
		var out []key.Public
		for _, n := range ns {
			out = append(out, sealwaxtest.Key(n).Public())
		}
		return out
	}
	one := func(threshold int, ns ...int) map[sealwax.Role]KnownRole {
		return map[sealwax.Role]KnownRole{sealwax.RoleRelease: {threshold, keys(ns...)}}
	}
	later := now.Add(100 * 24 * time.Hour)
	return Facts{
		Now:     now,
		Formats: []string{"minisign", "wasmsig", "trailer"},
		Publishers: map[string]Known{
			"acme": {Stale: later, Roles: map[sealwax.Role]KnownRole{
				sealwax.RoleRelease: {2, keys(1, 2)},
				sealwax.RoleNative:  {2, keys(5)},
			}},
			"soon":   {Stale: now.Add(20 * 24 * time.Hour), Roles: one(1, 1)},
			"old":    {Stale: now, Roles: one(1, 4)},
			"zero":   {Stale: later, Roles: one(0, 4)},
			"twin":   {Stale: later, Roles: one(2, 4, 4)},
			"broken": {Err: errors.New("document 3 is missing")},
		},
	}
}

// TestCheck: testdata/check.txtar holds policies, and what Check says of each.
func TestCheck(t *testing.T) {
	golden(t, "testdata/check.txtar", func(name string, data []byte) string {
		out := ""
		for _, p := range Check(mustParse(t, name, data), testFacts()) {
			out += p.String() + "\n"
		}
		return out
	})
}

func TestCheckWithoutFacts(t *testing.T) {
	f := mustParse(t, "p.toml", []byte("version = 1\n[publisher.soon]\nid = \"publisher:"+strings.Repeat("03", 32)+
		"\"\n[[rule]]\nname = \"m\"\nfor = [\"*\"]\nof = [\"soon\"]\nformats = [\"other\"]\nstale = \"refuse\"\n"))
	facts := testFacts()
	facts.Now, facts.Formats = time.Time{}, nil
	if got := Check(f, facts); len(got) != 0 {
		t.Errorf("without a time and formats: %v", got)
	}
	if got := Check(f, Facts{}); len(got) != 1 {
		t.Errorf("without anything: %v", got)
	}
}

// TestShow: testdata/show.txtar holds policies, and what Show spells out.
func TestShow(t *testing.T) {
	golden(t, "testdata/show.txtar", func(name string, data []byte) string {
		out := ""
		for _, l := range mustParse(t, name, data).Show() {
			out += l.Text + "  <- " + l.Origin + "\n"
		}
		return out
	})
}

// TestCases: testdata/cases.txtar holds tables, and how each is read.
func TestCases(t *testing.T) {
	golden(t, "testdata/cases.txtar", func(name string, data []byte) string {
		cases, err := ParseCases(strings.TrimSuffix(name, ".toml")+".cases", data)
		if err != nil {
			own := (*Error)(nil)
			if !errors.As(err, &own) {
				t.Errorf("%s: the error is a %T", name, err)
			}
			return err.Error() + "\n"
		}
		out := ""
		for _, c := range cases {
			if c.ForRule {
				out += fmt.Sprintf("%d: %q of kind %s: rule %q\n", c.Line, c.Artifact, c.Kind, c.Rule)
			} else {
				out += fmt.Sprintf("%d: %q with %q: %v %q\n", c.Line, c.Artifact, c.Signatures, c.Want, c.Code)
			}
		}
		return out
	})
}

func TestCasesLimits(t *testing.T) {
	for over := range 2 {
		for what, table := range map[string]string{
			"cases": strings.Repeat("allow a\n", MaxCases+over),
			"words": "allow" + strings.Repeat(" a", MaxCaseWords-1+over),
			"bytes": "#" + strings.Repeat("x", MaxCasesBytes-1+over),
		} {
			if _, err := ParseCases("t", []byte(table)); (err != nil) != (over == 1) {
				t.Errorf("%s, one more %d: %v", what, over, err)
			}
		}
	}
	if _, err := ParseCases("t", []byte("allow a\n\nallow \xff\n")); err == nil || !strings.HasPrefix(err.Error(), "t:3:1: not UTF-8") {
		t.Error(err)
	}
}
