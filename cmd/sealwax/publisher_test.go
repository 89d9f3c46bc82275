// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"testing"
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
