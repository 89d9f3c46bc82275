// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax/source"
)

func isSig(data []byte) bool { return strings.HasPrefix(string(data), "SIG") }

func walk(t *testing.T, dir string) (*source.Tree, []string) {
	t.Helper()
	tree, err := source.Walk(t.Context(), dir, isSig)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range tree.Files {
		rel, err := filepath.Rel(dir, f)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.ToSlash(rel))
	}
	return tree, names
}

// TestWalk: every file is judged, save what is a signature, or a publisher's file, by name and by
// content, and lies beside its subject.
func TestWalk(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"app": "x", "app.minisig": "SIG", "app.alice.minisig": "SIG", "app.sig": "SIG",
		"app.wasmsig":        "evil, called like a signature",
		"orphan.minisig":     "SIG without a subject",
		"app.alice.sig":      "SIG under a name that is not looked for",
		"sub/app.minisig":    "SIG whose subject is in another folder",
		"sub/deep/b.txt":     "x",
		"sub/deep/b.txt.sig": "SIG",
		"b.minisig":          "x", "b.minisig.minisig": "SIG of something called like one",
		"app.big.minisig": "SIG" + strings.Repeat("x", source.MaxCompanion),
		".hidden":         "x",

		"c.txt": "x", "c.txt.publisher": "SIG of the publisher" + strings.Repeat("x", source.MaxCompanion),
		"d.txt": "x", "d.txt.publisher": "called like a publisher's file",
		"e.txt": "x", "e.txt.publisher": "SIG" + strings.Repeat("x", source.MaxPublisher),
		"f.txt": "x", "f.txt.acme.publisher": "SIG under a name that is not looked for",
		"acme.publisher": "SIG of nothing", "sub/c.txt.publisher": "SIG whose subject is in another folder",
	} {
		write(t, dir, name, data)
	}
	tree, got := walk(t, dir)
	want := []string{
		".hidden", "acme.publisher", "app", "app.alice.sig", "app.big.minisig", "app.wasmsig", "b.minisig", "c.txt", "d.txt", "d.txt.publisher",
		"e.txt", "e.txt.publisher", "f.txt", "f.txt.acme.publisher", "orphan.minisig", "sub/app.minisig", "sub/c.txt.publisher", "sub/deep/b.txt",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if tree.Signatures != 6 || tree.Skipped != 0 {
		t.Errorf("%d signatures, %d skipped", tree.Signatures, tree.Skipped)
	}
}

// TestWalkUnreadSignature: what could not be read is recognised as nothing.
func TestWalkUnreadSignature(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "app", "x")
	write(t, dir, "app.minisig", strings.Repeat("x", source.MaxCompanion+1))
	tree, err := source.Walk(t.Context(), dir, func([]byte) bool { return true })
	if err != nil || len(tree.Files) != 2 || tree.Signatures != 0 {
		t.Errorf("%+v, %v", tree, err)
	}
}

// TestWalkListing: the listing serves Open, with the same companions as a folder.
func TestWalkListing(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "sub/app", "x")
	write(t, dir, "sub/app.minisig", "SIG")
	write(t, dir, "sub/app.minisig.d/x", "x")
	tree, _ := walk(t, dir)
	got := besides(t, open(t, app, source.Options{Listing: tree.Listing}))
	if diff := cmp.Diff(besides(t, open(t, app, source.Options{})), got); diff != "" {
		t.Error(diff)
	}
	if names, err := tree.Listing(filepath.Join(dir, "elsewhere")); names != nil || err != nil {
		t.Error(names, err)
	}
}

func TestWalkRefuses(t *testing.T) {
	dir := t.TempDir()
	app := write(t, dir, "app", "x")
	for _, path := range []string{app, filepath.Join(dir, "absent")} {
		if _, err := source.Walk(t.Context(), path, isSig); err == nil {
			t.Errorf("%s was walked", path)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := source.Walk(ctx, dir, isSig); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if tree, got := walk(t, t.TempDir()); got != nil || tree.Signatures != 0 {
		t.Error(got)
	}
}

func TestWalkUnreadableFolder(t *testing.T) {
	dir := publicDir(t)
	asUser(t, func() { // what can be read is walked, so that the error below is the folder's
		if _, err := source.Walk(t.Context(), dir, isSig); err != nil {
			t.Error(err)
		}
	})
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o000); err != nil {
		t.Fatal(err)
	}
	asUser(t, func() {
		if _, err := source.Walk(t.Context(), dir, isSig); err == nil {
			t.Error("a folder that cannot be read is nothing to it")
		}
	})
}
