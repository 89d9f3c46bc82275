// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestPolicyJSON: what the policy commands print as JSON is what the schemas say,
// and no more.
func TestPolicyJSON(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("p.toml", "version = 1\n[signer.a]\nkey = \""+sealwaxtest.Key(1).Public().MinisignLine()+"\"\n"+
		"[[rule]]\nname = \"r\"\nfor = [\"*.txt\"]\nof = [\"a\"]\n[[rule]]\nname = \"s\"\nfor = [\"x.txt\"]\nof = [\"a\"]\n")
	write("x.txt", "text")
	table := write("cases", "deny x.txt\nallow x.txt\nundecided gone.txt\nallow gone.txt\nrule:r x.txt\nrule:s x.txt\nno-rule y\nallow:policy.unmet y\n")
	for _, tc := range []struct {
		args   []string
		schema string
		code   int
		lines  int
	}{
		{[]string{"policy", "check", file, "--json"}, "policy-check-v1.json", exitNo, 1},
		{[]string{"policy", "show", file, "--json"}, "policy-v1.json", exitYes, 1},
		{[]string{"policy", "test", file, table, "--json"}, "policy-test-v1.json", exitNo, 8},
	} {
		code, out := policyRun(t, dir, tc.args...)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if code != tc.code || len(lines) != tc.lines {
			t.Errorf("%v: code %d and %d lines: %s", tc.args, code, len(lines), out)
		}
		for _, line := range lines {
			if err := holdsTo(t, tc.schema, line); err != nil {
				t.Errorf("%v: %s: %v", tc.args, line, err)
			}
		}
	}
	code, out := policyRun(t, dir, "policy", "check", table, "--json")
	if code != exitUsage || !strings.HasPrefix(out, `{"schema":"sealwax.error/v1","error":`) || !strings.HasSuffix(out, "\"exit_code\":2}\n") {
		t.Errorf("an error in JSON: code %d, %s", code, out)
	}
}

func policyRun(t *testing.T, dir string, args ...string) (code int, out string) {
	t.Helper()
	streams := t.TempDir()
	a := docsApp(t, streams)
	a.env = func(name string) (string, bool) {
		if name == "SEALWAX_CONFIG_DIR" || name == "SEALWAX_STATE_DIR" {
			return filepath.Join(dir, name), true
		}
		return "", false
	}
	code = a.main(t.Context(), args)
	b, err := os.ReadFile(filepath.Join(streams, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return code, string(b)
}

// holdsTo validates a line of JSON, of which every field must be in the schema.
func holdsTo(t *testing.T, schema, line string) error {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "docs", "schema", schema))
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte(`"properties": {`), []byte(`"additionalProperties": false, "properties": {`))
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("file:///schema", doc); err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("file:///schema").Validate(instance)
}
