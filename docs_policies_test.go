// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// digests differ with the keys.
var digests = regexp.MustCompile(`sha256:[0-9a-f]{64}`)

// TestDocsPoliciesSession runs the session of docs/policies as a person who reads
// it would, and compares every line.
func TestDocsPoliciesSession(t *testing.T) {
	page := readText(t, "docs/policies/README.md")
	policy := fenced(t, page, "toml")
	if policy+"\n" != readText(t, "docs/policies/two-of-three.toml") {
		t.Error("the policy that the page shows is not two-of-three.toml")
	}
	dir := workplace(t)
	t.Setenv("HOME", dir)
	for _, name := range []string{"SEALWAX_CONFIG_DIR", "SEALWAX_STATE_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME"} {
		t.Setenv(name, "")
	}
	if err := os.WriteFile(filepath.Join(dir, "two-of-three.toml"), []byte(policy+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "app.wasm")); err != nil { // who reads the page has none: it makes one
		t.Fatal(err)
	}
	var want, have []string
	for _, step := range strings.Split("\n"+fenced(t, page, "console"), "\n$ ")[1:] {
		line, output, _ := strings.Cut(step, "\n")
		want = append(want, "$ "+line, output)
		have = append(have, "$ "+line, shell(t, dir, line))
	}
	if len(want) < 10 {
		t.Fatalf("only %d lines of a session: the test looks at the wrong thing", len(want))
	}
	even := func(lines []string) string {
		return digests.ReplaceAllString(steady(strings.Join(lines, "\n")), "sha256:X")
	}
	if diff := cmp.Diff(even(want), even(have)); diff != "" {
		t.Errorf("the session of docs/policies is not today's (-page +now)\n%s", diff)
	}
}
