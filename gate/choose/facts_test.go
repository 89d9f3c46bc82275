// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package choose

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/trust/publisher"
)

// TestFacts: what a check is told of publishers that are known, unknown and
// broken. No store is needed to look at a file.
func TestFacts(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	stale := now.AddDate(1, 0, 0)
	root, release := sealwaxtest.Key(1), sealwaxtest.Key(2)
	d := publisher.Begin("acme", now, stale)
	d.AddKey(publisher.RoleRoot, root.Public())
	d.AddKey(sealwax.RoleRelease, release.Public())
	d.Commit(1, []key.Fingerprint{sealwaxtest.Key(3).Public().Fingerprint()})
	for _, s := range []*key.Secret{root, release} {
		if err := d.Sign(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	chain, err := d.Finish()
	if err != nil {
		t.Fatal(err)
	}
	id := func(n string) sealwax.PartyID { return sealwax.PartyID("publisher:" + strings.Repeat(n, 32)) }
	f := &policy.File{Name: "p.toml", Publishers: []policy.Publisher{
		{Name: "acme", ID: chain.ID(), Chain: chain.Marshal(), From: "acme.publisher"},
		{Name: "ghost", ID: id("01")},
		{Name: "other", ID: id("02"), Chain: chain.Marshal(), From: "acme.publisher"},
		{Name: "broken", ID: id("03"), Chain: []byte("x"), From: "broken.publisher"},
	}}
	c := &Chooser{Formats: []sealwax.Format{minisign.Format{}}, Now: func() time.Time { return now }}
	facts := c.Facts(ctx, f)
	for _, name := range []string{"other", "broken"} {
		if facts.Publishers[name].Err == nil {
			t.Errorf("%s can be used", name)
		}
		delete(facts.Publishers, name)
	}
	same := cmp.Comparer(func(a, b key.Public) bool { return a.Equal(b) })
	want := policy.Facts{Now: now, Formats: []string{"minisign"}, Publishers: map[string]policy.Known{
		"acme": {Stale: stale, Roles: map[sealwax.Role]policy.KnownRole{
			publisher.RoleRoot:  {Threshold: 1, Keys: []key.Public{root.Public()}},
			sealwax.RoleRelease: {Threshold: 1, Keys: []key.Public{release.Public()}},
		}},
	}}
	if d := cmp.Diff(want, facts, same); d != "" {
		t.Error(d)
	}
	if got := (&Chooser{}).Facts(ctx, &policy.File{}); !got.Now.IsZero() {
		t.Errorf("without a clock: %v", got.Now)
	}
}
