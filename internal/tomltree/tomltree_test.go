// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package tomltree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

// text writes a tree with its positions, one key a line.
func text(b *strings.Builder, prefix string, t *Table) {
	for _, e := range t.Entries {
		fmt.Fprintf(b, "%d:%d %s%s ", e.Pos.Line, e.Pos.Column, prefix, e.Key)
		valueText(b, prefix+e.Key, e.Value)
	}
}

func valueText(b *strings.Builder, name string, v *Value) {
	fmt.Fprintf(b, "@%d:%d %s", v.Pos.Line, v.Pos.Column, v.Kind)
	switch v.Kind {
	case List:
		fmt.Fprintf(b, " of %d\n", len(v.List))
		for i, item := range v.List {
			fmt.Fprintf(b, "  %s[%d] ", name, i)
			valueText(b, fmt.Sprintf("%s[%d]", name, i), item)
		}
	case Dict:
		b.WriteString("\n")
		text(b, name+".", v.Table)
	default:
		fmt.Fprintf(b, " %q %d %v\n", v.Text, v.Int, v.Bool)
	}
}

func TestPositions(t *testing.T) {
	root, err := Parse([]byte(`version = 0x1_0
"é".x   =   "ü\n"
[signer."al ice"]
key = """
a
b"""
old = 2020-01-01
[[rule]]
of = ["ä", {need = 1.5, of = ["b", [true]]},
  -7]
empty = []
[[rule]]
[rule.sub]
z = {}
`))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	text(&b, "", root)
	want := `1:1 version @1:11 a whole number "" 16 false
2:1 é @2:1 a table
2:5 é.x @2:13 a string "ü\n" 0 false
3:2 signer @3:2 a table
3:9 signer.al ice @3:9 a table
4:1 signer.al ice.key @4:7 a string "a\nb" 0 false
7:1 signer.al ice.old @7:7 a date or time "2020-01-01" 0 false
8:3 rule @8:3 a list of 2
  rule[0] @8:3 a table
9:1 rule[0].of @9:6 a list of 3
  rule[0].of[0] @9:7 a string "ä" 0 false
  rule[0].of[1] @9:12 a table
9:13 rule[0].of[1].need @9:20 a number with a fraction "1.5" 0 false
9:25 rule[0].of[1].of @9:30 a list of 2
  rule[0].of[1].of[0] @9:31 a string "b" 0 false
  rule[0].of[1].of[1] @9:30 a list of 1
  rule[0].of[1].of[1][0] @9:37 true or false "" 0 true
  rule[0].of[2] @10:3 a whole number "" -7 false
11:1 rule[0].empty @11:9 a list of 0
  rule[1] @12:3 a table
13:7 rule[1].sub @13:7 a table
14:1 rule[1].sub.z @14:5 a table
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

func TestRefuses(t *testing.T) {
	for _, tt := range []struct{ doc, want string }{
		{"a = 1\na = 2", `2:1: "a" is there twice: the first is in line 1`},
		{"[a]\n\n[a]\n", `3:2: "a" is there twice: the first is in line 1`},
		{"[a]\nb = 1\n[a.b]", `3:4: "b" is there twice: the first is in line 2`},
		{"[[a]]\n[a]\n", `2:2: "a" is there twice: the first is in line 1`},
		{"[a]\n[[a]]\n", `2:3: "a" is there twice: the first is in line 1`},
		{"é = 1", "1:1: invalid character"},
		{"a = [{é = 1}]", "1:"},
		{`a = ["é", {x = 1, x = 2}]`, `1:19: "x" is there twice`},
		{"a = 1\n[a.b]", `2:2: "a" is a whole number since line 1, and no table`},
		{"a.b = 1\na.b.c = 2", `2:3: "b" is a whole number since line 1`},
		{"a.b = 1\n[a]\n", "2:2: table a already exists"},
		{"a = {b = 1}\na.c = 2", "2:1: "},
		{"a = [{}]\n[[a]]", "2:3: "},
		{"a = [1\n2]", "2:1: expected ','"},
		{`é = "` + "\x01" + `"`, "1:1: "},
		{`"é" = "` + "\x01" + `"`, "1:8: basic strings cannot have control characters"},
		{"\ufeffa = 1", "1:1: a byte order mark"},
		{"a = 1 # \xff", "1:9: a byte that is not UTF-8"},
		{"a = 99999999999999999999", "1:5: a number that is too large"},
		{"a = [" + strings.Repeat("[", 40) + strings.Repeat("]", 41), "1:5: nested more than 32 deep"},
		{"a = " + strings.Repeat("{a = ", 40) + "1" + strings.Repeat("}", 40), "nested more than 32 deep"},
		{strings.Repeat("a.", 16) + "a = 1", "1:1: a key of more than 16 parts"},
		{"[" + strings.Repeat("a.", 16) + "a]", "1:2: a key of more than 16 parts"},
		{"[[" + strings.Repeat("a.", 16) + "a]]", "1:3: a key of more than 16 parts"},
		{"a = " + strings.Repeat("[", 500_000), "nested"},
	} {
		_, err := Parse([]byte(tt.doc))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40q: %v, want %s", tt.doc, err, tt.want)
		}
		if _, ok := err.(*Error); err != nil && !ok {
			t.Errorf("%.40q: the error is a %T", tt.doc, err)
		}
	}
}

// TestManyKeys: go-toml compares each key with those before, so there is an end to
// them, and it is found before go-toml's decoder is asked.
func TestManyKeys(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, tt := range []struct{ doc, want string }{
		{many(MaxKeys+1, "a%d = 1\n"), "20001:1: more than 20000 keys"},
		{many(MaxKeys+1, "[a%d]\n"), "20001:2: more than 20000 keys"},
		{strings.Repeat("[[a]]\n", MaxKeys+1), "20001:3: more than 20000 keys"},
		{many(MaxKeys/4, "a.b%d.c.d = 1\n") + "e = 1", "5001:1: more than 20000 keys"},
		{"a = {" + many(MaxKeys, "a%d=1,") + "b=1}", "more than 20000 keys"},
		{"a = [" + strings.Repeat("{a=1},", MaxKeys) + "]", "more than 20000 keys"},
	} {
		if _, err := Parse([]byte(tt.doc)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.20q: %v, want %s", tt.doc, err, tt.want)
		}
	}
	if _, err := Parse([]byte(strings.Repeat("[[a.b.c.d]]\n", MaxKeys/4))); err != nil {
		t.Error(err)
	}
}

// plain is a tree as go-toml would decode it.
func plain(v *Value) any {
	switch v.Kind {
	case String:
		return v.Text
	case Integer:
		return v.Int
	case Bool:
		return v.Bool
	case List:
		out := []any{}
		for _, item := range v.List {
			out = append(out, plain(item))
		}
		return out
	case Dict:
		return plainTable(v.Table)
	default:
		return "?"
	}
}

func plainTable(t *Table) map[string]any {
	out := map[string]any{}
	for _, e := range t.Entries {
		out[e.Key] = plain(e.Value)
	}
	return out
}

// same levels what the two give for dates and fractions.
func same(v any) any {
	switch v := v.(type) {
	case string, int64, bool:
		return v
	case []any:
		out := []any{}
		for _, item := range v {
			out = append(out, same(item))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, item := range v {
			out[k] = same(item)
		}
		return out
	default:
		return "?"
	}
}

// FuzzParse: no document panics, each place is in the document, and the tree says
// what go-toml's decoder says.
func FuzzParse(f *testing.F) {
	f.Add("version = 1\n[signer.\"a\"]\nkey = 'x'\n[[rule]]\nof = [\"a\", {need = 1, of = []}]\n[[rule]]\n[rule.sub]\n")
	f.Add("a.b = 0x1f\na.c = 1979-05-27T07:32:00Z\nd = 1e3\n[a.d]\n")
	f.Add("a = [[1], [2, {x.y = true}]]\r\nb = \"\"\"\\\n  é\"\"\"")
	f.Add("[a.b]\n[a]\nc = nan\n[[a.l]]\n[[a.l.m]]\n[a.l.m.n]")
	f.Fuzz(func(t *testing.T, doc string) {
		if len(doc) > 1<<16 {
			return
		}
		root, err := Parse([]byte(doc))
		if err != nil {
			e, ok := err.(*Error)
			if !ok || e.Line < 1 || e.Column < 1 || e.Line > strings.Count(doc, "\n")+1 {
				t.Fatalf("%q: %v", doc, err)
			}
			return
		}
		var want map[string]any
		if err := toml.Unmarshal([]byte(doc), &want); err != nil {
			t.Fatalf("%q: go-toml refuses it: %v", doc, err)
		}
		if d := cmp.Diff(same(want), same(plainTable(root))); d != "" {
			t.Errorf("%q: %s", doc, d)
		}
	})
}
