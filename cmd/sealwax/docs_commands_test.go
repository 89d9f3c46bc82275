// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/docs"
)

// TestDocsOverviewNamesEveryCommand: nobody has to guess what there is.
func TestDocsOverviewNamesEveryCommand(t *testing.T) {
	text, err := os.ReadFile(manFolder + "sealwax.1.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range ownCommands(docsApp(t, t.TempDir()).rootCommand(nil)) {
		ref := "**" + strings.TrimSuffix(pageName(c), ".1") + "**(1)"
		if !c.Parent().HasParent() && !strings.Contains(string(text), ref) {
			t.Errorf("sealwax.1.md does not name %s", ref)
		}
	}
}

// TestDocsCommands: every command says what it does, and shows it.
func TestDocsCommands(t *testing.T) {
	plain := []string{"version", "quickstart", "list", "show", "remove"} // their whole use is one line
	for _, c := range ownCommands(docsApp(t, t.TempDir()).rootCommand(nil)) {
		if c.Short == "" {
			t.Errorf("%s has no short description", c.CommandPath())
		}
		if !c.HasSubCommands() && c.Example == "" && !slices.Contains(plain, c.Name()) {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for line := range strings.SplitSeq(c.Example, "\n") {
			if words := strings.Fields(line); len(words) > 1 && words[0] == "sealwax" {
				checkExample(t, c, words)
			}
		}
	}
}

// checkExample holds an example to the command and the flags that there are.
func checkExample(t *testing.T, c *cobra.Command, words []string) {
	t.Helper()
	if path := strings.Fields(c.CommandPath()); !slices.Equal(words[:min(len(path), len(words))], path) {
		t.Errorf("%s: the example %q is of another command", c.CommandPath(), words)
	}
	for _, w := range words {
		if w == "#" || w == "--" || w == "|" {
			return
		}
		name, long := strings.CutPrefix(w, "--")
		name, _, _ = strings.Cut(name, "=")
		if long && c.Flags().Lookup(name) == nil {
			t.Errorf("%s: the example has --%s, which is no flag", c.CommandPath(), name)
		}
	}
}

// commandLine is a command in a text: indented, behind a prompt or in backticks.
var commandLine = regexp.MustCompile("(?m)(?:^ {2,}|^\\$ |`)sealwax ([a-z-]+(?: [^`\n]*)?)(?:`|$)")

// TestDocsCommandLines: every command that a document shows has the name and the
// flags of a command that there is.
func TestDocsCommandLines(t *testing.T) {
	seen := 0
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range commandLine.FindAllStringSubmatch(string(text), -1) {
			seen++
			if why := wrongCommand(docsApp(t, t.TempDir()).rootCommand(nil), strings.Fields(m[1])); why != "" {
				t.Errorf("%s: sealwax %s: %s", file, m[1], why)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d command lines in all documents: the test looks at the wrong thing", seen)
	}
}

// documents are the texts for people that show commands.
func documents(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/*/*.md", "changelog/unreleased/*"} {
		found, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, found...)
	}
	return out
}

// wrongCommand says what is wrong with a command line, or nothing.
func wrongCommand(root *cobra.Command, words []string) string {
	if words[0] == "help" || words[0] == "completion" {
		return "" // cobra's own, made when it runs
	}
	c, _, err := root.Find(words)
	if err != nil || c == root {
		return "there is no such command"
	}
	for _, w := range words {
		if w == "#" || w == "--" || w == "|" || c.Name() == "exec" && strings.HasPrefix(w, "./") { // what follows is the program's own
			return ""
		}
		name, long := strings.CutPrefix(strings.Trim(w, "[]"), "--")
		name, _, _ = strings.Cut(name, "=")
		if long && name != "help" && c.Flags().Lookup(name) == nil {
			return "there is no flag --" + name
		}
	}
	return ""
}

// TestDocsTopics: sealwax help TOPIC prints the text that lies in docs/topics.
func TestDocsTopics(t *testing.T) {
	files, err := filepath.Glob(repository + "/docs/topics/*.md")
	if err != nil || len(files) != len(docs.Topics()) {
		t.Fatalf("%d files of topics, %d topics: %v", len(files), len(docs.Topics()), err)
	}
	for _, name := range docs.Topics() {
		want, _ := docs.Topic(name)
		code, out := docsRun(t, "help", name)
		if code != exitYes || !strings.Contains(out, strings.TrimSpace(want)) {
			t.Errorf("sealwax help %s: code %d, %q", name, code, out)
		}
	}
}

// TestDocsCompletion: each shell gets a script that calls back.
func TestDocsCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, out := docsRun(t, "completion", shell)
		if code != exitYes || !strings.Contains(out, "__complete") || !strings.Contains(out, "sealwax") {
			t.Errorf("sealwax completion %s: code %d, %d bytes", shell, code, len(out))
		}
	}
	code, out := docsRun(t, cobra.ShellCompRequestCmd, "explain", "signer.u")
	if code != exitYes || !strings.HasPrefix(out, "signer.unknown\n") {
		t.Errorf("completing a code: code %d, %q", code, out)
	}
}

// docsApp is an app whose output goes to files in dir.
func docsApp(t *testing.T, dir string) *app {
	t.Helper()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	return &app{
		in: open("in"), out: open("out"), err: open("err"), now: time.Now,
		env:           func(string) (string, bool) { return "", false },
		system:        filepath.Join(dir, "etc"),
		interruptible: func(ctx context.Context) (context.Context, func()) { return ctx, func() {} },
	}
}

// docsRun runs a command line and gives its exit code and standard output.
func docsRun(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	dir := t.TempDir()
	code = docsApp(t, dir).main(t.Context(), args)
	b, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return code, string(b)
}
