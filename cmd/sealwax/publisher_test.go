// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/trust/publisher"
)

// TestPublisherJSON: what publisher show prints as JSON is what the schema says,
// and no more: with limits, ended keys and artifacts of both kinds.
func TestPublisherJSON(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	file, root := at("acme.publisher"), at("acme-root.key")
	gone, kept := "sha256:"+hexOf('a'), "sha256:"+hexOf('b')
	for _, args := range [][]string{
		{"init", "acme", "-o", file, "--no-password"},
		{"add-key", file, "--role", "native", "--key", at("acme-release.key"), "--limit", "native=*.cwasm", "--root", root},
		{"revoke", file, "--key", at("acme-release.pub"), "--reason", "compromised", "--compromised-since", "2020-01-31", "--root", root},
		{"revoke", file, "--artifact", gone, "--why", "bad", "--root", root},
		{"endorse", file, kept, "--root", root},
	} {
		if code, out := policyRun(t, dir, append([]string{"publisher"}, args...)...); code != exitYes {
			t.Fatalf("%v: code %d: %s", args, code, out)
		}
	}
	code, out := policyRun(t, dir, "publisher", "show", file, "--json")
	if err := holdsTo(t, "publisher-v1.json", out); code != exitYes || err != nil {
		t.Errorf("code %d, %v: %s", code, err, out)
	}
}

func hexOf(c byte) string {
	out := make([]byte, 64)
	for i := range out {
		out[i] = c
	}
	return string(out)
}

// TestPublisherMeanwhile: what somebody else wrote while a password was typed is
// not written over: two documents that follow the same one are a fork.
func TestPublisherMeanwhile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "acme.publisher")
	now := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	root, next, release := sealwaxtest.Key(1), sealwaxtest.Key(2), sealwaxtest.Key(3)
	d := publisher.Begin("acme", now, now.AddDate(1, 0, 0))
	d.AddKey(publisher.RoleRoot, root.Public())
	d.AddKey("release", release.Public())
	d.Commit(1, fingerprints([]key.Public{next.Public()}))
	first := finished(t, d, root, release)
	second := finished(t, first.Draft(now, now.AddDate(1, 0, 0)), root)
	a := docsApp(t, t.TempDir())
	write := func(c *publisher.Chain) {
		if err := os.WriteFile(file, c.Marshal(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(first)
	if err := a.stillEndsWith(file, first); err != nil {
		t.Error(err)
	}
	write(second)
	if err := a.stillEndsWith(file, first); err == nil || exitCode(err) != exitUndecided {
		t.Errorf("changed meanwhile: %v", err)
	}
	if err := stillIs(file, second.Marshal()); err != nil {
		t.Error(err)
	}
	if err := stillIs(file, first.Marshal()); err == nil || exitCode(err) != exitUndecided {
		t.Errorf("a proposal that was changed meanwhile: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := a.stillEndsWith(file, first); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("gone meanwhile: %v", err)
	}
	if err := stillIs(file, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a proposal that is gone meanwhile: %v", err)
	}
}

func finished(t *testing.T, d *publisher.Draft, by ...key.Signer) *publisher.Chain {
	t.Helper()
	if err := signDraft(t.Context(), d, by...); err != nil {
		t.Fatal(err)
	}
	c, err := finishDraft(d, "acme.publisher")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRolesText: a key of a publisher whose role nothing names has none.
func TestRolesText(t *testing.T) {
	if got := rolesText(nil); got != "no role" {
		t.Error(got)
	}
}
