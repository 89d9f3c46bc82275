// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestSaidOnce: what is endorsed and taken back holds for all later documents, and
// what is taken back is endorsed no more.
func TestSaidOnce(t *testing.T) {
	a, b, c := Digest([]byte("a")), Digest([]byte("b")), Digest([]byte("c"))
	chain := next(t, first(t), 1, func(d *Draft) { d.Endorse(a, b, a) }, 1, 2)
	chain = next(t, chain, 2, func(d *Draft) { d.Revoke(b, "reads too much"); d.Endorse(c) }, 1, 2)
	chain = next(t, chain, 3, func(d *Draft) { d.Revoke(b, "another reason") }, 2, 3)
	if got := slices.Sorted(maps.Keys(chain.Endorsed())); !slices.Equal(got, slices.Sorted(slices.Values([]string{a, c}))) {
		t.Errorf("endorsed: %v", got)
	}
	if got := chain.Revoked(); len(got) != 1 || got[b] != "reads too much" {
		t.Errorf("taken back: %v", got)
	}
	if got := chain.Endorsed()[a]; got != "publisher acme, document 1" {
		t.Errorf("said in %q", got)
	}
}

// TestMembers: an ended key keeps the roles that it had, for what it signed then.
func TestMembers(t *testing.T) {
	chain := next(t, first(t), 1, func(d *Draft) { d.AddKey("native", pub(7)); d.AddKey("native", pub(4)) }, 1, 2, 7)
	chain = next(t, chain, 2, func(d *Draft) { d.End(pub(4), Compromised, Always()) }, 1, 2)
	m, ok := chain.Key(pub(4))
	if !ok || m.Status != Compromised || !slices.Equal(m.Roles, []sealwax.Role{"native", "release"}) {
		t.Errorf("%+v", m)
	}
	if r, _, ok := chain.Role("release"); !ok || r.Threshold != 1 || !slices.Equal(r.Keys, fps(4)) {
		t.Errorf("the role that is no more: %+v", r)
	}
	if r, _, _ := chain.Role("native"); !slices.Equal(r.Keys, fps(7)) {
		t.Errorf("%+v", r)
	}
	if _, ok := chain.Key(pub(9)); ok || chain.Lists(pub(9)) || !chain.Lists(pub(1)) {
		t.Error("who is listed")
	}
}

// TestDraftRefuses: what cannot be, is said before anybody signs.
func TestDraftRefuses(t *testing.T) {
	c := first(t)
	for name, edit := range map[string]func(d *Draft){
		"a root key is added":      func(d *Draft) { d.AddKey(RoleRoot, pub(7)) },
		"an unknown key ends":      func(d *Draft) { d.End(pub(9), Lost, SinceTime(day(1))) },
		"too few root keys left":   func(d *Draft) { d.End(pub(1), Lost, SinceTime(day(1))); d.End(pub(2), Lost, SinceTime(day(1))) },
		"no such role":             func(d *Draft) { d.Threshold("native", 1) },
		"nothing to commit to":     func(d *Draft) { d.Rotate([]key.Public{pub(5)}, 1, nil) },
		"rotated to others":        func(d *Draft) { d.Rotate([]key.Public{pub(7)}, 1, fps(8)) },
		"a reason with a line end": func(d *Draft) { d.Revoke(Digest(nil), "x\ny") },
		"no digest":                func(d *Draft) { d.Endorse("sha256:00") },
		"no name space":            func(d *Draft) { d.Own("Acme") },
		"a key comes back": func(d *Draft) {
			d.AddKey("native", pub(7))
			d.End(pub(7), Lost, SinceTime(day(1)))
			d.AddKey("native", pub(7))
		},
	} {
		d := c.Draft(day(1), day(366))
		edit(d)
		if _, err := d.Text(); err == nil {
			t.Errorf("%s: it passes", name)
		}
		if err := d.Sign(t.Context(), sealwaxtest.Key(1)); err == nil {
			t.Errorf("%s: it is signed", name)
		}
	}
	d := c.Draft(day(1), day(366))
	if err := d.Sign(t.Context(), sealwaxtest.Key(1)); err != nil {
		t.Fatal(err)
	}
	d.Endorse(Digest(nil))
	if _, err := d.Finish(); !errors.Is(err, ErrSigned) {
		t.Errorf("changed after it was signed: %v", err)
	}
	if err := c.Draft(day(1), day(366)).Sign(t.Context(), sealwaxtest.Key(4)); err == nil {
		t.Error("a release key signs")
	}
	if err := Begin("acme", day(0), day(1)).Sign(t.Context(), sealwaxtest.Key(1)); err == nil {
		t.Error("nothing is signed")
	}
}

// TestProposal: several people sign in turn, by way of a file.
func TestProposal(t *testing.T) {
	c := first(t)
	d := c.Draft(day(1), day(366))
	d.AddKey(sealwax.RoleRelease, pub(7))
	pass := func(n int, want int) *Draft {
		t.Helper()
		if n > 0 {
			if err := d.Sign(t.Context(), sealwaxtest.Key(n)); err != nil {
				t.Fatal(err)
			}
		}
		text, err := d.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseChain(text); err == nil || Recognise(text) {
			t.Error("a proposal is taken for a publisher")
		}
		back, err := ParseProposal(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := back.Marshal()
		if err != nil || !bytes.Equal(again, text) || back.Base().HeadDigest() != c.HeadDigest() {
			t.Errorf("read and written it is another: %v", err)
		}
		needs, err := back.Missing()
		if err != nil || len(needs) != want {
			t.Errorf("%d needs, want %d: %+v %v", len(needs), want, needs, err)
		}
		return back
	}
	d = pass(0, 3) // the root before, its own root, the new key
	d = pass(3, 3)
	d = pass(7, 2)
	if _, err := d.Finish(); err == nil {
		t.Error("one of two is enough")
	}
	if err := d.Sign(t.Context(), sealwaxtest.Key(3)); err == nil {
		t.Error("one key signs twice")
	}
	d = pass(1, 0)
	longer, err := d.Finish()
	if err != nil || c.Compare(longer).Kind != Ahead {
		t.Error(err)
	}
	for name, text := range map[string]string{
		"a chain":            string(c.Marshal()),
		"nothing":            proposalHeader + "\n",
		"a bad signature":    proposalHeader + "\n" + strings.Replace(string(longer.Marshal()), "release 1", "release 2", 1),
		"a bad chain":        proposalHeader + "\n" + strings.Replace(string(longer.Marshal()), "name: acme", "name: acne", 1),
		"a skipped document": proposalHeader + "\n" + string(forged(t, c, func(d *Document) { d.Sequence = 2 })),
	} {
		if _, err := ParseProposal([]byte(text)); err == nil {
			t.Errorf("%s is a proposal", name)
		}
	}
	// A first document can be signed in turn too.
	b := Begin("new", day(0), day(1))
	b.AddKey(RoleRoot, pub(1))
	b.AddKey(RoleRoot, pub(2))
	b.Commit(1, fps(3))
	text, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := ParseProposal(text); err != nil || back.Base() != nil {
		t.Error(err)
	}
}

func TestStatement(t *testing.T) {
	c := first(t)
	want := "sealwax-publisher=v1 name=acme id=" + string(c.ID())
	if c.Statement() != want {
		t.Error(c.Statement())
	}
	for text, ok := range map[string]bool{
		want:                                  true,
		"<p>" + want + "</p>":                 true,
		"I am " + want + "\n":                 true,
		"x" + want:                            false,
		want + "0":                            false,
		want + want:                           false,
		"x" + want + " " + want:               true,
		strings.ToUpper(want):                 false,
		strings.Replace(want, "acme", "a", 1): false,
		"":                                    false,
	} {
		if c.States(text) != ok {
			t.Errorf("%q: %v", text, !ok)
		}
	}
}

func TestIDs(t *testing.T) {
	c := first(t)
	if got, err := ParseID(string(c.ID())); err != nil || got != c.ID() {
		t.Error(got, err)
	}
	later := next(t, c, 1, nil, 1, 2)
	if later.ID() != c.ID() || later.HeadDigest() == c.HeadDigest() {
		t.Error("the id changes, or the head does not")
	}
	for _, bad := range []string{"", "publisher:", "key:" + strings.Repeat("0", 64), "publisher:" + strings.Repeat("A", 64), "publisher:" + strings.Repeat("0", 63)} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q is an id", bad)
		}
	}
}

// TestRandomHistories: whatever a publisher does in good order reads back, and each
// part of it relates to the whole.
func TestRandomHistories(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := first(t)
		spare := 20
		roots, commit := []int{1, 2}, []int{5, 6}
		chains := []*Chain{c}
		for i := range rapid.IntRange(0, 6).Draw(r, "documents") {
			d := c.Draft(day(i+1), day(i+400))
			signers := slices.Clone(roots)
			switch rapid.IntRange(0, 4).Draw(r, "change") {
			case 0:
				d.AddKey(sealwax.RoleRelease, pub(spare))
				signers = append(signers, spare)
				spare++
			case 1:
				d.Endorse(Digest([]byte{byte(i)}))
			case 2:
				d.Rotate([]key.Public{pub(commit[0])}, 1, fps(spare))
				signers = append(signers, commit[0])
				roots, commit = commit[:1], []int{spare}
				spare++
			case 3:
				d.Recover([]key.Public{pub(commit[0])}, Lost, SinceTime(day(i)), 1, fps(spare))
				signers = commit[:1]
				roots, commit = commit[:1], []int{spare}
				spare++
			}
			c = finished(t, d, signers...)
			chains = append(chains, c)
		}
		back, err := ParseChain(c.Marshal())
		if err != nil || !bytes.Equal(back.Marshal(), c.Marshal()) {
			r.Fatalf("%v\n%s", err, c.Marshal())
		}
		for i, part := range chains {
			want := Ahead
			if i == len(chains)-1 {
				want = Same
			}
			if got := part.Compare(back).Kind; got != want {
				r.Fatalf("part %d: %s", i, got)
			}
		}
	})
}

// TestFlip: no bit of a publisher's file can be changed.
func TestFlip(t *testing.T) {
	text := next(t, first(t), 1, func(d *Draft) { d.End(pub(4), Compromised, Always()); d.Revoke(Digest(nil), "bad") }, 1, 2).Marshal()
	for i := range text {
		for bit := range 8 {
			flipped := bytes.Clone(text)
			flipped[i] ^= 1 << bit
			if _, err := ParseChain(flipped); err == nil {
				t.Fatalf("bit %d of byte %d (%q) can be changed", bit, i, text[i])
			}
		}
		if i > 0 {
			if c, err := ParseChain(text[:i]); err == nil && c.Len() == 2 {
				t.Fatalf("cut off at %d it is whole", i)
			}
		}
	}
}

// TestMinisign: stock minisign checks every link, and what it signs counts.
func TestMinisign(t *testing.T) {
	minisign := peers.Look(t, "minisign")
	c := next(t, first(t), 1, nil, 1, 2)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(minisign, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("minisign %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	for _, l := range c.Links() {
		doc := write(l.Name, l.Data)
		for _, s := range l.Signatures {
			out := run("-Vm", doc, "-x", write(s.Name, s.Data), "-P", s.By.MinisignLine())
			if !strings.Contains(out, "Trusted comment: "+l.Comment+"\n") {
				t.Errorf("%s: %s", s.Name, out)
			}
		}
	}
	run("-G", "-W", "-p", "new.pub", "-s", "new.key")
	list, err := key.ParsePublic(read(t, filepath.Join(dir, "new.pub")))
	if err != nil {
		t.Fatal(err)
	}
	d := c.Draft(day(2), day(400))
	d.AddKey("native", list.Keys[0].Public)
	text, err := d.Text()
	if err != nil {
		t.Fatal(err)
	}
	comment, err := d.Comment()
	if err != nil {
		t.Fatal(err)
	}
	run("-S", "-H", "-m", write("next", text), "-s", "new.key", "-t", comment, "-x", "next.minisig")
	if err := d.AddSignature(read(t, filepath.Join(dir, "next.minisig"))); err != nil {
		t.Fatal(err)
	}
	finished(t, d, 1, 2)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
