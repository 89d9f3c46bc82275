// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// schema compiles a schema of docs/schema. The published one lets fields be
// added later; strict does not, so that no field is written and not described.
func schema(t *testing.T, name string, strict bool) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("docs", "schema", name))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if strict {
		forbidMore(doc)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("file:///"+name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("file:///" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func forbidMore(doc any) {
	m, ok := doc.(map[string]any)
	if !ok {
		return
	}
	delete(m, "$id") // resolve within the file
	if _, more := m["additionalProperties"]; m["type"] == "object" && !more {
		m["additionalProperties"] = false
	}
	for _, v := range m {
		forbidMore(v)
	}
}

func holds(t *testing.T, name string, data []byte) {
	t.Helper()
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, strict := range []bool{false, true} {
		if err := schema(t, name, strict).Validate(instance); err != nil {
			t.Errorf("against %s (strict: %v): %v\n%s", name, strict, err, data)
		}
	}
}

// reports makes one report of each kind.
func reports(t *testing.T) map[string]*sealwax.Report {
	t.Helper()
	partial := covering(sealwax.Coverage{Prefix: 1, Parts: 2, End: 7, Uncovered: []sealwax.Section{{ID: 0, Name: "name", Offset: 7, Size: 3}}})
	out := map[string]*sealwax.Report{}
	out["allow"], _ = verdict(t, verifier(signed(1, states("version", "1.2"), states("file", "app"))), artifact(), anyOne)
	out["prefix"], _ = verdict(t, verifier(signed(1, partial)), artifact(), &sealwax.Policy{Need: anyOne.Need, Prefix: true, AllowUncovered: regexp.MustCompile("name")})
	out["deny"], _ = verdict(t, verifier(signed(1, partial), signed(2, states("expires", "2001-01-01T00:00:00Z")), signed(9)), artifact(), sealwax.AnyOf(2, sealwax.RoleRelease))
	out["undecided"], _ = verdict(t, verifier(), artifact(sealwax.Companion{Name: "app.sig", Err: errNet}), anyOne)
	acme := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(signed(1), signed(2))}, Trust: acmeKeys(2, nil), Digests: true}
	source := sealwax.Ancestor{Name: "app.wasm", Digest: "sha256:" + strings.Repeat("0a", 32), Sums: "sha256:" + strings.Repeat("0a", 32)}
	chained := &sealwax.Verifier{Formats: []sealwax.Format{onPaper(built(2, source), carriedBy(1, source))}, Trust: roles()}
	out["compiled"], _ = verdict(t, chained, sealwaxtest.Bytes("app.cwasm", []byte(native)), both())
	demands := sealwax.Demands{
		{Name: "the user's policy", Verifier: *acme, Policy: &sealwax.Policy{Name: "policy.toml:3 all", Need: anyOne.Need}},
		{Name: "the system's policy", Verifier: *acme, Policy: &sealwax.Policy{Name: "policy.toml:1 try", Need: sealwax.Quorum{Need: 2, Role: sealwax.RoleRelease}, Warn: true}},
	}
	out["demands"], _ = demands.Verify(t.Context(), artifact())
	out["zero"] = &sealwax.Report{Err: errors.New("it could not be opened")}
	return out
}

func TestReportJSON(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(r, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			holds(t, "report-v1.json", got)
			file := filepath.Join("testdata", "report-"+name+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
			if strings.Contains(string(got), "null") {
				t.Error("something is null")
			}
		})
	}
}

// TestReportSchemaRefuses: the schema says something.
func TestReportSchemaRefuses(t *testing.T) {
	good, err := json.Marshal(reports(t)["deny"])
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"sealwax.report/v1"`, `"sealwax.report/v2"`},
		{`"deny"`, `"perhaps"`},
		{`"deny"`, `"undecided"`}, // without saying why
		{`"counted":false`, `"counted":"no"`},
		{`"kind":"file"`, `"kind":"folder"`},
		{`"findings"`, `"found"`},
		{`"severity":"error"`, `"severity":"fatal"`},
		{`"uncovered":[]`, `"uncovered":null`},
		{`"uncovered":[]`, `"uncovered":[],"from":{"name":"app.wasm"}`},
		{`"uncovered":[]`, `"uncovered":[],"of":{"digest":"0a"}`},
	} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) {
			t.Errorf("nothing to change: %s", change[0])
		}
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if schema(t, "report-v1.json", false).Validate(instance) == nil {
			t.Errorf("the schema takes %s", change[1])
		}
	}
}

func TestInspectionSchema(t *testing.T) {
	module := []byte("\x00asm\x01\x00\x00\x00\x00\x05\x04name")
	alice := sealwaxtest.NewPublisher("alice", 1, format.All()...)
	embedded, err := alice.Embed(t.Context(), sealwaxtest.Bytes("m.wasm", module), sealwax.SignOptions{
		Extensible: true, Fields: []sealwax.Field{{Name: "version", Value: "1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sigs, err := alice.Sign(t.Context(), sealwaxtest.Bytes("m.wasm", embedded), sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	broken := sealwax.Companion{Name: "m.wasm.minisig", Data: []byte("untrusted comment: x\n")}
	for _, a := range []*sealwax.Artifact{
		sealwaxtest.Bytes("empty", nil),
		sealwaxtest.Bytes("m.wasm", module),
		sealwaxtest.Bytes("m.wasm", embedded, append(sigs, broken)...),
		sealwaxtest.Bytes("cut.wasm", embedded[:20]),
	} {
		in := &sealwax.Inspection{
			Schema: sealwax.InspectionSchema, NotProven: []string{},
			Artifact:   sealwax.ArtifactInfo{Name: a.Name(), Kind: a.Kind(), Size: a.Size(), Digests: map[string]string{}},
			Signatures: []sealwax.FoundSignature{},
		}
		for _, f := range format.All() {
			if i, ok := f.(sealwax.Inspector); ok {
				if err := i.Inspect(t.Context(), a, in); err != nil {
					t.Fatal(err)
				}
			}
		}
		data, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, "inspection-v1.json", data)
	}
}

func TestDeniedErrorSaysWhy(t *testing.T) {
	if got := (&sealwax.DeniedError{Report: &sealwax.Report{}}).Error(); !strings.Contains(got, "refused") {
		t.Error(got)
	}
	_, err := verdict(t, verifier(), artifact(), anyOne)
	if want := "dir/app: refused: no signature was found in it or beside it"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}
