// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/trust/publisher"
)

// anchorsOf asks and demands as many.
func anchorsOf(t *testing.T, by sealwax.Trust, h sealwax.Hint, want int) []sealwax.Anchor {
	t.Helper()
	got, err := by.Anchors(t.Context(), h)
	if err != nil || len(got) != want {
		t.Fatalf("%+v, %v; want %d", got, err, want)
	}
	return got
}

// anchorOf is the anchor of the key n.
func anchorOf(t *testing.T, all []sealwax.Anchor, n int) sealwax.Anchor {
	t.Helper()
	i := slices.IndexFunc(all, func(a sealwax.Anchor) bool { return a.Key.Equal(mustKey(n)) })
	if i < 0 {
		t.Fatalf("key %d is not offered: %+v", n, all)
	}
	return all[i]
}

func TestForPublisher(t *testing.T) {
	m := acme()
	s, _ := withAcme(t, m)
	both := []sealwax.Role{sealwax.RoleRelease, sealwax.RoleNative}
	a := anchorsOf(t, s.For("x", both...), sealwax.Hint{}, 1)[0] // neither native, which is not pinned, nor root
	want := sealwax.Party{ID: m.chain().ID(), Name: "acme", Threshold: 1, Stale: day.AddDate(1, 0, 0)}
	if !a.Key.Equal(mustKey(acmeRelease)) || a.Role != sealwax.RoleRelease || a.Name != "acme" || a.Origin != "pin acme" || a.Party != want {
		t.Errorf("%+v", a)
	}
	if s := a.Standing; s.Blocked != "" || s.Limited != "" || s.Ended != "" || s.Compromised || len(s.Endorsed)+len(s.Revoked) > 0 {
		t.Errorf("%+v", s)
	}
	anchorsOf(t, s.For("x", sealwax.RoleNative), sealwax.Hint{}, 0)
	anchorsOf(t, s.For("crate:x", both...), sealwax.Hint{}, 0)
	anchorsOf(t, s.For("x", "root"), sealwax.Hint{}, 0)
	anchorsOf(t, s.Only("acme", "crate:x", both...), sealwax.Hint{}, 0)
	anchorsOf(t, s.Only("acme", "x", both...), sealwax.Hint{}, 1)
	anchorsOf(t, s.Only("acme", "x", sealwax.RoleNative), sealwax.Hint{}, 0)
	if _, err := s.Only("nobody", "x", both...).Anchors(t.Context(), sealwax.Hint{}); err == nil {
		t.Error("nobody is offered, without an error")
	}
}

func TestThreshold(t *testing.T) {
	m := acme().then(func(m *maker) {
		m.list(acmeSecond)
		m.role(sealwax.RoleRelease, 2, acmeRelease, acmeSecond)
	}, acmeRoot, acmeSecond)
	s, _ := withAcme(t, m)
	for _, a := range anchorsOf(t, s.For("x", sealwax.RoleRelease), sealwax.Hint{}, 2) {
		if a.Party.Threshold != 2 {
			t.Errorf("%+v", a)
		}
	}
}

func TestEnded(t *testing.T) {
	digest := "sha256:" + hash("1")
	for status, compromised := range map[publisher.Status]bool{publisher.Retired: false, publisher.Lost: false, publisher.Compromised: true} {
		m := acme().then(func(m *maker) {
			m.list(acmeSecond)
			m.role(sealwax.RoleRelease, 1, acmeRelease, acmeSecond)
		}, acmeRoot, acmeSecond).then(func(m *maker) {
			m.end(acmeRelease, status)
			m.doc.Endorsed = []string{digest}
			m.doc.Revoked = []publisher.Revocation{{Digest: "sha256:" + hash("2"), Reason: "bad"}}
		}, acmeRoot)
		s, _ := withAcme(t, m)
		all := anchorsOf(t, s.For("x", sealwax.RoleRelease), sealwax.Hint{}, 2)
		ended, active := anchorOf(t, all, acmeRelease).Standing, anchorOf(t, all, acmeSecond).Standing
		if !strings.HasPrefix(ended.Ended, string(status)+" since 2026-01-31") || ended.Compromised != compromised || ended.Endorsed[digest] == "" {
			t.Errorf("%s: %+v", status, ended)
		}
		if active.Ended != "" || active.Compromised || len(active.Endorsed) > 0 {
			t.Errorf("%s: %+v", status, active)
		}
		for _, s := range []sealwax.Standing{ended, active} {
			if s.Revoked["sha256:"+hash("2")] != "bad" {
				t.Errorf("%s: %+v", status, s)
			}
		}
		// Given for one call it is no better.
		for _, given := range anchorsOf(t, s.Guard(Keys{{Key: mustKey(acmeRelease).WithID(key.ID{1}), Role: sealwax.RoleRelease}}), sealwax.Hint{}, 1) {
			if g := given.Standing; !strings.HasPrefix(g.Ended, string(status)) || g.Compromised != compromised || g.Endorsed[digest] == "" || g.Revoked["sha256:"+hash("2")] != "bad" {
				t.Errorf("%s: %+v", status, g)
			}
			if given.Party.ID != "" {
				t.Errorf("the guard gives it a party: %+v", given)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	m := acme().then(func(m *maker) {
		m.doc.Limits = []publisher.Limit{
			{Role: sealwax.RoleRelease, Pattern: mustPattern("acme-*")}, {Role: sealwax.RoleRelease, Pattern: mustPattern("acme:**")},
		}
	}, acmeRoot)
	s, _ := withAcme(t, m)
	for subject, want := range map[string]string{"acme-1.wasm": "", "dir/acme-1.wasm": "", "other.wasm": "limits the role release to acme-*, acme:**"} {
		for _, by := range []sealwax.Trust{
			s.For(subject, sealwax.RoleRelease), s.Only("acme", subject, sealwax.RoleRelease),
			Keys(PublisherAnchors(m.chain(), "acme", "policy.toml:3", subject, sealwax.RoleRelease)),
		} {
			got := anchorsOf(t, by, sealwax.Hint{}, 1)[0].Standing.Limited
			if want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("%s: %q", subject, got)
			}
		}
	}
}

// TestRootKeysSignNoArtifacts: not active, not retired, in whatever role they are
// asked for.
func TestRootKeysSignNoArtifacts(t *testing.T) {
	m := acme().recover()
	roles := []sealwax.Role{"root", sealwax.RoleRelease, sealwax.RoleNative}
	for _, a := range PublisherAnchors(m.chain(), "acme", "", "x", roles...) {
		if a.Key.Equal(mustKey(acmeRoot)) || a.Key.Equal(mustKey(acmeNext)) {
			t.Errorf("%+v", a)
		}
	}
	if got := PublisherAnchors(m.chain(), "acme", "", "x", roles...); len(got) != 2 {
		t.Errorf("%+v", got)
	}
}

// TestBlockedPublisher: all that it lists is blocked, however it is offered.
func TestBlockedPublisher(t *testing.T) {
	m := acme()
	s, _ := withAcme(t, m, testPin(t, "alice", acmeRelease, "*"))
	if err := s.AddBlock(t.Context(), testBlock(string(m.chain().ID()))); err != nil {
		t.Fatal(err)
	}
	policy := Keys(PublisherAnchors(m.chain(), "acme", "policy.toml:3", "x", sealwax.RoleNative))
	for name, by := range map[string]sealwax.Trust{
		"pins": s.For("x", sealwax.RoleRelease), "one pin": s.Only("acme", "x", sealwax.RoleRelease),
		"a key": s.Guard(Keys{{Key: mustKey(acmeNative)}}), "a policy": s.Guard(policy),
	} {
		anchors, err := by.Anchors(t.Context(), sealwax.Hint{})
		if err != nil || len(anchors) == 0 {
			t.Fatalf("%s: %+v, %v", name, anchors, err)
		}
		for _, a := range anchors {
			if a.Standing.Blocked != "steals cookies" {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
	// A publisher that is not pinned is known by its id alone.
	if err := s.Remove(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if a := anchorsOf(t, s.Guard(policy), sealwax.Hint{}, 1)[0]; a.Standing.Blocked == "" {
		t.Errorf("%+v", a)
	}
}

// TestGuardKeepsTheWorse: what is known of a key from two sides.
func TestGuardKeepsTheWorse(t *testing.T) {
	one, two := "sha256:"+hash("1"), "sha256:"+hash("2")
	m := acme().then(func(m *maker) {
		m.end(acmeRelease, publisher.Compromised)
		m.doc.Endorsed = []string{one}
	}, acmeRoot)
	s, _ := withAcme(t, m)
	given := func(standing sealwax.Standing, party sealwax.PartyID) sealwax.Standing {
		a := sealwax.Anchor{Key: mustKey(acmeRelease), Role: sealwax.RoleRelease, Standing: standing, Party: sealwax.Party{ID: party}}
		return anchorsOf(t, s.Guard(Keys{a}), sealwax.Hint{}, 1)[0].Standing
	}
	elsewhere := map[string]string{one: "there", two: "there"}
	got := given(sealwax.Standing{Ended: "retired", Endorsed: elsewhere, Blocked: "mine", Limited: "so"}, sealwax.PartyID("publisher:"+hash("3")))
	if !got.Compromised || !strings.HasPrefix(got.Ended, "compromised") || !slices.Equal(slices.Collect(maps.Keys(got.Endorsed)), []string{one}) || got.Blocked != "mine" || got.Limited != "so" {
		t.Errorf("%+v", got)
	}
	if len(elsewhere) != 2 {
		t.Error("the caller's map was written to")
	}
	// An older word of the same publisher: what it vouched for stays so.
	if got := given(sealwax.Standing{Ended: "retired", Endorsed: map[string]string{two: "before"}}, m.chain().ID()); len(got.Endorsed) != 2 {
		t.Errorf("%+v", got)
	}
	if got := given(sealwax.Standing{Revoked: map[string]string{two: "bad"}}, ""); got.Revoked[two] != "bad" || len(got.Endorsed) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestGuardAddsNobody(t *testing.T) {
	s, _ := withAcme(t, acme(), testPin(t, "alice", 7, "*"))
	checkOffered(t, s.Guard(Keys{}), sealwax.Hint{})
	checkOffered(t, s.Guard(nil), sealwax.Hint{})
	checkOffered(t, s.Guard(keysOf(t, 2)), sealwax.Hint{}, "0", "1")
}

// TestOneKeyTwoPins: a key that the user pinned for itself stands for itself.
func TestOneKeyTwoPins(t *testing.T) {
	s, _ := withAcme(t, acme(), testPin(t, "zoe", acmeRelease, "*"))
	if all := anchorsOf(t, s.For("x", sealwax.RoleRelease), sealwax.Hint{}, 2); all[0].Party.ID != "" || all[1].Party.ID == "" {
		t.Errorf("%+v", all)
	}
}
