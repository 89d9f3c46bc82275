// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fenced is the first block of a language in a Markdown text.
func fenced(t *testing.T, text, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n```"+language+"\n")
	block, _, ended := strings.Cut(rest, "\n```\n")
	if !ok || !ended {
		t.Fatalf("no block of %s", language)
	}
	return block
}

// TestDocsReadmeExample: what the README shows as Go is what example_test.go
// compiles, letter for letter.
func TestDocsReadmeExample(t *testing.T) {
	block := fenced(t, readText(t, "README.md"), "go")
	if !strings.Contains(readText(t, "example_test.go"), "\n"+block+"\n") {
		t.Errorf("the README's Go example is not in example_test.go:\n%s", block)
	}
}

// TestDocsReadmeSession runs the README's session, and compares every line.
func TestDocsReadmeSession(t *testing.T) {
	dir := workplace(t)
	session := fenced(t, readText(t, "README.md"), "console")
	var want, have []string
	for _, step := range strings.Split("\n"+session, "\n$ ")[1:] {
		line, output, _ := strings.Cut(step, "\n")
		want = append(want, "$ "+line, output)
		have = append(have, "$ "+line, shell(t, dir, line))
		if strings.HasPrefix(line, "sealwax sign --embed") {
			flip(t, filepath.Join(dir, "app.signed.wasm"), filepath.Join(dir, "evil.wasm"))
		}
	}
	if len(want) < 10 {
		t.Fatalf("only %d lines of a session: the test looks at the wrong thing", len(want))
	}
	if diff := cmp.Diff(steady(strings.Join(want, "\n")), steady(strings.Join(have, "\n"))); diff != "" {
		t.Errorf("the README's session is not today's (-README +now)\n%s", diff)
	}
}

// TestDocsReadmeLibrary calls the README's example, on a module that passes and
// on one that does not.
func TestDocsReadmeLibrary(t *testing.T) {
	dir := workplace(t)
	shell(t, dir, "sealwax keygen --no-password -o me")
	shell(t, dir, "sealwax sign --embed app.wasm -k me.key -o app.signed.wasm")
	list, err := key.ParsePublic([]byte(readText(t, filepath.Join(dir, "me.pub"))))
	if err != nil {
		t.Fatal(err)
	}
	if code, err := runSigned(t.Context(), filepath.Join(dir, "app.signed.wasm"), list.Keys[0].Public); code != 0 || err != nil {
		t.Errorf("the signed module: code %d, %v", code, err)
	}
	denied := (*sealwax.DeniedError)(nil)
	if _, err := runSigned(t.Context(), filepath.Join(dir, "app.wasm"), list.Keys[0].Public); !errors.As(err, &denied) {
		t.Errorf("the unsigned module: %v, want a DeniedError", err)
	}
}

// workplace is a folder with what the README's session finds there, and sealwax
// on the path.
func workplace(t *testing.T) string {
	t.Helper()
	commandExists(t)
	if testing.Short() {
		t.Skip("builds the binary")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the session is one of a Unix shell")
	}
	dir, bin := t.TempDir(), t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "sealwax"), "./cmd/sealwax")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("SEALWAX_CONFIG_DIR", filepath.Join(dir, "config"))
	for name, content := range map[string]string{
		"app.wasm":       readText(t, "cmd/sealwax/quickstart/hello.wasm"),
		"release.tar.gz": "any bytes at all",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// shell runs one line and gives all that it prints. $? is the code of the line
// before, kept in a file.
func shell(t *testing.T, dir, line string) string {
	t.Helper()
	script := "(exit $(cat .code 2>/dev/null || echo 0))\n" + line + "\necho $? > .code"
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func flip(t *testing.T, from, to string) {
	t.Helper()
	b := []byte(readText(t, from))
	b[len(b)-100] ^= 1
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// steady replaces what differs from one run to the next.
func steady(s string) string {
	for _, r := range []struct{ pattern, with string }{
		{`key:[0-9a-f]{6}([0-9a-f]{58}|…)`, "key:KEY"},
		{`RW[A-Za-z0-9+/]{4}([A-Za-z0-9+/]{50}|…)`, "RWKEY"},
		{`timestamp=\d+`, "timestamp=TIME"},
		{`key id [0-9a-f]{24}`, "key id ID"},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.with)
	}
	return s
}

var link = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)

// TestDocsLinks: every link between documents leads somewhere.
func TestDocsLinks(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		if !strings.HasSuffix(file, ".md") || strings.Contains(file, "testdata/") {
			continue
		}
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
		}
	}
}
