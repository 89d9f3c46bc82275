// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/docs"
	"github.com/sealwax/sealwax/gate/engine"
)

// -update rewrites what tests of this package compare with; the diff is for a
// reviewer to judge.
var update = flag.Bool("update", false, "rewrite the committed pages")

const (
	repository = "../.."
	manFolder  = repository + "/docs/man/"
)

// TestDocsManPages: the pages in docs/man are those that today's commands make.
// go test ./cmd/sealwax -run TestDocsManPages -update rewrites them.
func TestDocsManPages(t *testing.T) {
	want := map[string]string{"sealwax.1": overviewPage(t)}
	for _, c := range ownCommands(docsApp(t, t.TempDir()).rootCommand(nil)) {
		want[pageName(c)] = commandPage(t, c)
	}
	if *update {
		rewritePages(t, want)
	}
	for name, page := range want {
		have, err := os.ReadFile(manFolder + name)
		if err != nil {
			t.Errorf("%v; write it with -update", err)
			continue
		}
		if diff := cmp.Diff(string(have), page); diff != "" {
			t.Errorf("%s is not today's page (-committed +now); -update rewrites it\n%s", name, diff)
		}
	}
	for _, p := range pages(t) {
		if _, ok := want[filepath.Base(p)]; !ok {
			t.Errorf("%s is the page of no command", p)
		}
	}
}

func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(manFolder + "*.1")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func rewritePages(t *testing.T, want map[string]string) {
	t.Helper()
	for _, p := range pages(t) {
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	for name, page := range want {
		if err := os.WriteFile(manFolder+name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// ownCommands are all commands below root that do something, in order; not
// cobra's own, whose texts are not ours.
func ownCommands(root *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" && c.Name() != "completion" {
			out = append(append(out, c), ownCommands(c)...)
		}
	}
	return out
}

func pageName(c *cobra.Command) string {
	return strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
}

// manHeader has a fixed date, so that pages change with their text only.
func manHeader(c *cobra.Command) *doc.GenManHeader {
	date := time.Date(2026, time.November, 24, 0, 0, 0, 0, time.UTC)
	return &doc.GenManHeader{
		Title: strings.ToUpper(strings.TrimSuffix(pageName(c), ".1")), Section: "1",
		Date: &date, Source: "sealwax", Manual: "sealwax",
	}
}

func commandPage(t *testing.T, c *cobra.Command) string {
	t.Helper()
	c.DisableAutoGenTag = true
	if c.Long == "" {
		c.Long = strings.ToUpper(c.Short[:1]) + c.Short[1:] + "."
	}
	c.Long = literalMarkdown(c.Long)
	var page bytes.Buffer
	if err := doc.GenMan(c, manHeader(c), &page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// literalMarkdown keeps a terminal's text from being read as Markdown.
func literalMarkdown(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "<", `\<`).Replace(s)
}

var topicMark = regexp.MustCompile(`(?m)^\{\{topic ([a-z-]+)\}\}$`)

// overviewPage is docs/man/sealwax.1.md, with the help topics that it names.
func overviewPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(manFolder + "sealwax.1.md")
	if err != nil {
		t.Fatal(err)
	}
	whole := topicMark.ReplaceAllStringFunc(string(text), func(mark string) string {
		topic, ok := docs.Topic(topicMark.FindStringSubmatch(mark)[1])
		if !ok {
			t.Fatalf("sealwax.1.md names a topic that is not there: %s", mark)
		}
		_, body, _ := strings.Cut(topic, "\n")
		return "```\n" + strings.Trim(body, "\n") + "\n```"
	})
	return string(md2man.Render([]byte(whole)))
}

var heading = regexp.MustCompile(`(?m)^## (.*)$`)

// TestDocsFindings: each code has a page, no page is without a code, and each
// page says what, why and what to do.
func TestDocsFindings(t *testing.T) {
	text, err := os.ReadFile(repository + "/docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		headings = append(headings, m[1])
	}
	if diff := cmp.Diff(codeNames(), headings); diff != "" {
		t.Errorf("docs/findings.md has other pages than there are codes (-codes +pages)\n%s", diff)
	}
	for _, code := range sealwax.Codes() {
		page, _ := docs.Finding(string(code))
		for _, part := range []string{"\nWhat: ", "\nWhy: ", "\nWhat to do: "} {
			if !strings.Contains(page, part) {
				t.Errorf("the page of %s has no %q", code, strings.TrimSpace(part))
			}
		}
	}
}

// TestDocsExitCodes: the codes in the topic are those in exit.go, and the one
// of a trap.
func TestDocsExitCodes(t *testing.T) {
	want := []string{strconv.Itoa(engine.TrapCode)}
	ast.Inspect(parseGo(t, "exit.go"), func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(v.Names[0].Name, "exit") {
			return true
		}
		if lit, ok := v.Values[0].(*ast.BasicLit); ok {
			want = append(want, lit.Value)
		}
		return true
	})
	topic, _ := docs.Topic("exit-codes")
	var have []string
	for _, m := range regexp.MustCompile(`(?m)^  (\d+) `).FindAllStringSubmatch(topic, -1) {
		have = append(have, m[1])
	}
	slices.Sort(want)
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("docs/topics/exit-codes.md differs from exit.go (-code +text)\n%s", diff)
	}
}

// TestDocsEnvironment: each variable that is read is in the topic, and each in
// the topic is read, and described once.
func TestDocsEnvironment(t *testing.T) {
	read := variablesRead(t)
	topic, _ := docs.Topic("environment")
	for name, file := range read {
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(topic) {
			t.Errorf("%s reads %s, and docs/topics/environment.md does not say so", file, name)
		}
	}
	described := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  ([A-Z][A-Z_]+) `).FindAllStringSubmatch(topic, -1) {
		if described[m[1]] {
			t.Errorf("docs/topics/environment.md describes %s twice", m[1])
		}
		described[m[1]] = true
		if _, ok := read[m[1]]; !ok && m[1] != "TMPDIR" { // the standard library's
			t.Errorf("docs/topics/environment.md names %s, which nothing reads", m[1])
		}
	}
	if len(read) < 8 {
		t.Errorf("only %d variables were found in the code: the search is broken", len(read))
	}
}

var variable = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)

// variablesRead maps names of environment variables to a file that reads them:
// arguments of functions that look one up, and texts that look like one.
func variablesRead(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range sourceFiles(t) {
		ast.Inspect(parseGo(t, file), func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if name, ok := lookedUp(n); ok {
					found[name] = file
				}
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && variable.MatchString(s) {
					found[s] = file
				}
			}
			return true
		})
	}
	return found
}

func lookedUp(call *ast.CallExpr) (string, bool) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	if !slices.Contains([]string{"env", "getenv", "Getenv", "LookupEnv"}, name) || len(call.Args) != 1 {
		return "", false
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// sourceFiles are the Go files of the program, without tests and tools.
func sourceFiles(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(repository, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != repository && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"peers", "scripts", "testdata", "tools", "x"}, d.Name())): // what is no part of the command
			return filepath.SkipDir
		case strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go"):
			out = append(out, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func parseGo(t *testing.T, file string) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
