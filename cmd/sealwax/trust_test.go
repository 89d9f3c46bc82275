// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestTrustJSON: every line that trust list prints as JSON is what the schema says,
// and no more: of keys, publishers with ended keys, and blocks.
func TestTrustJSON(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	file := at("acme.publisher")
	for _, args := range [][]string{
		{"keygen", "--no-password", "-o", at("alice")},
		{"publisher", "init", "acme", "-o", file, "--no-password"},
		{"publisher", "add-key", file, "--role", "release", "--key", at("alice.key"), "--root", at("acme-root.key")},
		{"trust", "add", file, "--for", "*"},
		{"trust", "add", at("alice.pub"), "--for", "a", "--for", "crate:b"},
		{"publisher", "retire", file, "--key", at("alice.pub"), "--reason", "retired", "--root", at("acme-root.key")},
		{"trust", "update", "acme", file},
		{"trust", "block", at("alice.pub")},
		{"trust", "block", "sha256:" + hexOf('a'), "--reason", "bad"},
	} {
		if code, out := policyRun(t, dir, args...); code != exitYes {
			t.Fatalf("%v: code %d: %s", args, code, out)
		}
	}
	code, out := policyRun(t, dir, "trust", "list", "--json")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if code != exitYes || len(lines) != 4 {
		t.Fatalf("code %d: %s", code, out)
	}
	_, shown := policyRun(t, dir, "trust", "show", "acme", "--json")
	for _, line := range append(lines, shown) {
		if err := holdsTo(t, "pin-v1.json", line); err != nil {
			t.Errorf("%v: %s", err, line)
		}
	}
}
