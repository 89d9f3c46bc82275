// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repositoryFiles lists what is or would be committed; without git, what lies here.
func repositoryFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err == nil {
		return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
	}
	var files []string
	err = filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (p == ".git" || p == "bin" || p == "dist"):
			return filepath.SkipDir
		case d.Type().IsRegular():
			files = append(files, filepath.ToSlash(p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// comment is how a file that needs a header begins a comment; "" when it needs none.
func comment(file string) string {
	base := file[strings.LastIndexByte(file, '/')+1:]
	switch {
	case strings.Contains(file, "testdata/"):
		return ""
	case strings.HasSuffix(file, ".go"):
		return "//"
	case strings.HasSuffix(file, ".sh"), base == "Makefile", base == ".golangci.yml", strings.HasPrefix(file, ".ci/"):
		return "#"
	case strings.HasPrefix(file, "scripts/") && !strings.Contains(base, "."):
		return "#"
	}
	return ""
}

// missingHeader says which of the two lines a file lacks; a shebang may precede them.
func missingHeader(mark string, content []byte) string {
	lines := strings.SplitN(string(content), "\n", 4)
	if strings.HasPrefix(lines[0], "#!") {
		lines = lines[1:]
	}
	for i, want := range []string{" Copyright The sealwax Authors", " SPDX-License-Identifier: Apache-2.0"} {
		if i >= len(lines) || strings.TrimRight(lines[i], "\r") != mark+want {
			return mark + want
		}
	}
	return ""
}

func TestHeaders(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		mark := comment(file)
		if mark == "" {
			continue
		}
		content, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue // deleted, not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if lacks := missingHeader(mark, content); lacks != "" {
			t.Errorf("%s: the header lacks %q", file, lacks)
		}
	}
}

// forbiddenWords are put together here, so that this file does not hold them:
// a registry's host is its client's business, and a path of somebody's machine
// is nobody else's.
func forbiddenWords() []string {
	return []string{
		"proxy.golang" + ".org", "registry.npmjs" + ".org", "static.crates" + ".io", "index.crates" + ".io",
		"deb.debian" + ".org", "pypi" + ".org", "/wor" + "k/",
	}
}

func forbiddenIn(content []byte) string {
	for _, word := range forbiddenWords() {
		if bytes.Contains(content, []byte(word)) {
			return word
		}
	}
	return ""
}

func TestHeadersForbiddenWords(t *testing.T) {
	for _, file := range repositoryFiles(t) {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // deleted, or a link that leads nowhere
		}
		if word := forbiddenIn(content); word != "" {
			t.Errorf("%s holds %q", file, word)
		}
	}
}

// TestHeadersCatch shows that the two rules above can fail.
func TestHeadersCatch(t *testing.T) {
	good := "#!/usr/bin/env bash\n# Copyright The sealwax Authors\n# SPDX-License-Identifier: Apache-2.0\n"
	if lacks := missingHeader("#", []byte(good)); lacks != "" {
		t.Errorf("a good header lacks %q", lacks)
	}
	for _, bad := range []string{"", "package x\n", "// Copyright The sealwax Authors\n", "\n" + good} {
		if missingHeader("//", []byte(bad)) == "" {
			t.Errorf("no header missed in %q", bad)
		}
	}
	for _, word := range forbiddenWords() {
		if forbiddenIn([]byte("see https://"+word+" now")) == "" {
			t.Errorf("%q is not caught", word)
		}
	}
}
