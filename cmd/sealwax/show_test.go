// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// TestWantedFrom: who has yet to sign, as a person would say it.
func TestWantedFrom(t *testing.T) {
	keys := map[string]key.Public{}
	for i, name := range []string{"anna", "boris", "chen"} { // seeds that only a test has
		k, err := key.NewSecret(bytes.Repeat([]byte{byte(i)}, 32))
		if err != nil {
			t.Fatalf("key %d: %v", i, err)
		}
		keys[name] = k.Public()
	}
	member := func(name string) sealwax.Member {
		a := sealwax.Anchor{Key: keys[name]}
		return sealwax.Member{Name: name, Signer: a.Signer()}
	}
	claim := func(name string) *sealwax.Claim {
		by := sealwax.Anchor{Key: keys[name], Name: name, Role: sealwax.RoleRelease}
		return &sealwax.Claim{Signer: by.Signer(), By: by}
	}
	party := func(role sealwax.Role) sealwax.Member {
		return sealwax.Member{Name: "acme", Party: "publisher:x", Role: role}
	}
	three := []sealwax.Member{member("anna"), member("boris"), member("chen")}
	one := []*sealwax.Claim{claim("anna")}
	for _, c := range []struct {
		name               string
		q                  sealwax.Quorum
		counted, uncounted []*sealwax.Claim
		want               string
	}{
		{"one of three", sealwax.Quorum{Need: 1, Members: three}, nil, nil, "anna or boris or chen"},
		{"two of three", sealwax.Quorum{Need: 2, Members: three}, nil, nil, "2 of anna, boris, chen"},
		{"one signed", sealwax.Quorum{Need: 2, Members: three}, one, nil, "boris or chen"},
		{"all", sealwax.Quorum{Need: 3, Members: three}, one, nil, "boris and chen"},
		{"met", sealwax.Quorum{Need: 1, Members: three}, one, nil, ""},
		{"signed in vain", sealwax.Quorum{Need: 1, Members: three[:1]}, nil, one, ""},
		{"pinned alone", sealwax.Quorum{Need: 1, Role: sealwax.RoleRelease}, nil, nil, ""},
		{"or pinned", sealwax.Quorum{Need: 1, Members: three[:1], Role: "native"}, nil, nil, "anna or whoever is trusted for native"},
		{"a publisher", sealwax.Quorum{Need: 2, Members: []sealwax.Member{party(sealwax.RoleRelease), party("native")}}, nil, nil, "acme and acme/native"},
		{"sets", sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{
			{Need: 1, Members: three[1:]}, {Need: 1, Members: three[:1]},
		}}, nil, nil, "(boris or chen) and anna"},
		{"a set that is met", sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{
			{Need: 1, Members: three[1:]}, {Need: 1, Members: three[:1]},
		}}, one, nil, "boris or chen"},
	} {
		if diff := cmp.Diff(c.want, wantedFrom(c.q, &sealwax.Report{Counted: c.counted, Uncounted: c.uncounted})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

// TestShowDeniedBesideUndecided: of a policy that could not be told nobody knows who
// is missing.
func TestShowDeniedBesideUndecided(t *testing.T) {
	missing := sealwax.Quorum{Need: 1, Members: []sealwax.Member{{Name: "anna", Signer: "key:a"}}}
	denied := &sealwax.Report{Verdict: sealwax.Deny, Need: 1, Quorum: missing, Also: []*sealwax.Report{
		{Verdict: sealwax.Undecided, Need: 1, Quorum: missing, Demand: "the system's policy"},
		{Verdict: sealwax.Allow, Need: 1, Quorum: missing},
	}}
	errs, err := os.Create(filepath.Join(t.TempDir(), "err"))
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	(&app{err: errs}).showDenied(denied)
	got, err := os.ReadFile(errs.Name())
	if err != nil {
		t.Fatal(err)
	}
	want := `sealwax: : refused: 0 of 1 required signer
sealwax:   not signed by: anna (key:a)
sealwax: : undecided (the system's policy)
`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
