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

	"github.com/sealwax/sealwax/internal/peers"
)

// TestNativePage runs every session of docs/native.md, in order, and compares
// every line: from a module to trusted native code in five commands.
func TestNativePage(t *testing.T) {
	page := readText(t, "docs/native.md")
	dir := workplace(t)
	t.Setenv("PATH", peers.Wasmtime(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, name := range []string{"STATE", "CACHE"} {
		t.Setenv("SEALWAX_"+name+"_DIR", filepath.Join(dir, strings.ToLower(name)))
	}
	// What the reader has, says the page.
	shell(t, dir, "sealwax keygen --no-password -o maker")
	shell(t, dir, "sealwax sign app.wasm -k maker.key")
	policies := everyFenced(page, "toml")
	for i, name := range []string{"policy.toml", "rebuilt.toml"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(policies[i]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var want, have []string
	for _, block := range everyFenced(page, "console") {
		for _, step := range strings.Split("\n"+block, "\n$ ")[1:] {
			line, output, _ := strings.Cut(step, "\n")
			want = append(want, "$ "+line, output)
			have = append(have, "$ "+line, shell(t, dir, line))
		}
	}
	if len(want) < 20 {
		t.Fatalf("only %d lines of sessions: the test looks at the wrong thing", len(want))
	}
	if diff := cmp.Diff(anyMachine(want), anyMachine(have)); diff != "" {
		t.Errorf("the sessions of docs/native.md are not today's (-page +now)\n%s", diff)
	}
}

// everyFenced are all blocks of a language in a Markdown text.
func everyFenced(text, language string) []string {
	var blocks []string
	for _, part := range strings.Split(text, "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		blocks = append(blocks, block)
	}
	return blocks
}

// anyMachine replaces what differs from one machine and one run to the next.
func anyMachine(lines []string) string {
	build := regexp.MustCompile(`tool = sealwax/\S+`) // of whatever was built
	s := digests.ReplaceAllString(steady(strings.Join(lines, "\n")), "sha256:X")
	s = build.ReplaceAllString(s, "tool = sealwax/V")
	for _, r := range []struct{ pattern, with string }{
		{`\b[0-9a-f]{128}\b`, "DIGEST"},
		{`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\b`, "TIME"},
		{`\b(x86_64|aarch64)-[a-z]+-[a-z-]+\b`, "TARGET"},
		{`key id:? [0-9A-F]{16}\b`, "key id ID"},
		{`\b\d+ bytes\b`, "N bytes"},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.with)
	}
	return s
}
