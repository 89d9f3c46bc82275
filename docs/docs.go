// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package docs carries the parts of the documentation that the command prints:
// one text, read here and read there.
package docs

import (
	"embed"
	"strings"
)

//go:embed findings.md
var findings string

//go:embed topics/*.md
var topics embed.FS

// Finding is the page of a finding's code: what, why, what to do. ok is false if
// there is none.
func Finding(code string) (page string, ok bool) {
	_, rest, ok := strings.Cut(findings, "\n## "+code+"\n")
	if !ok {
		return "", false
	}
	page, _, _ = strings.Cut(rest, "\n## ")
	return code + "\n\n" + strings.TrimSpace(page) + "\n", true
}

// Topic is the text of a help topic.
func Topic(name string) (text string, ok bool) {
	b, err := topics.ReadFile("topics/" + name + ".md")
	return string(b), err == nil
}

// Topics lists the help topics.
func Topics() []string {
	return []string{"publishers", "policies", "exit-codes", "environment", "formats", "json", "ci", "caching", "native"}
}
