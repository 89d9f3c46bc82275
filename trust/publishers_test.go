// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/trust/publisher"
)

func codeOf(err error) sealwax.Code {
	if c := (*sealwax.CodedError)(nil); errors.As(err, &c) {
		return c.Code
	}
	return ""
}

// withAcme is a store in which a publisher is pinned.
func withAcme(t testing.TB, m *maker, pins ...Pin) (*Store, string) {
	t.Helper()
	s, dir := storeWith(t, pins...)
	if err := pinning(m)(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func checkChain(t *testing.T, s *Store, want *maker) {
	t.Helper()
	k, err := s.GetKnown(t.Context(), "acme")
	if err != nil || k.Chain == nil || k.Chain.HeadDigest() != want.chain().HeadDigest() {
		t.Errorf("%+v, %v", k, err)
	}
}

func TestAddPublisher(t *testing.T) {
	m := acme().renewed(1)
	s, dir := withAcme(t, m)
	p, err := openStore(dir).Get(t.Context(), "acme")
	if err != nil || p.Publisher != m.chain().ID() || p.Sequence != 1 || p.Head != m.chain().HeadDigest() {
		t.Errorf("%+v, %v", p, err)
	}
	checkChain(t, s, m)
	again := acmePin(sealwax.RoleRelease, "*")
	again.Name = "other"
	for _, p := range []Pin{acmePin(sealwax.RoleNative, "x"), again} {
		if err := s.AddPublisher(t.Context(), p, m.chain()); !errors.Is(err, ErrPinExists) {
			t.Error(err)
		}
	}
	again.Role = sealwax.RoleNative
	if err := s.AddPublisher(t.Context(), again, m.chain()); err != nil {
		t.Error(err)
	}
	empty, _ := storeWith(t)
	if err := empty.Add(t.Context(), p); err == nil {
		t.Error("a publisher is pinned without its chain")
	}
	if err := s.AddPublisher(t.Context(), acmePin("root", "*"), m.chain()); err == nil {
		t.Error("pinned for the role root")
	}
}

func TestAdvance(t *testing.T) {
	zero := acme()
	one := zero.renewed(1)
	two := one.renewed(1)
	s, dir := withAcme(t, one)
	for _, tt := range []struct {
		name    string
		offered *maker
		want    publisher.Kind
		now     *maker
	}{
		{"older", zero, publisher.Behind, one},
		{"the same", one, publisher.Same, one},
		{"newer", two, publisher.Ahead, two},
		{"older than what was seen", one, publisher.Behind, two},
		{"a recovery", zero.recover(), publisher.Recovers, zero.recover()},
	} {
		weighed, err := s.Weigh(t.Context(), "acme", tt.offered.chain())
		if err != nil || weighed.Relation != tt.want {
			t.Errorf("%s: weighed %+v, %v", tt.name, weighed, err)
		}
		r, err := s.Advance(t.Context(), "acme", tt.offered.chain())
		if err != nil || r.Relation != tt.want || r.Chain.HeadDigest() != tt.now.chain().HeadDigest() {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
		checkChain(t, s, tt.now)
		checkChain(t, openStore(dir), tt.now)
	}
	// What was recovered from is void.
	for _, offered := range []*maker{two, two.renewed(1)} {
		if r, err := s.Advance(t.Context(), "acme", offered.chain()); codeOf(err) != sealwax.CodePublisherFork || r.Relation != publisher.Superseded {
			t.Errorf("%+v, %v", r, err)
		}
	}
	checkChain(t, openStore(dir), zero.recover())
	if _, err := os.Stat(filepath.Join(dir+"-state", "evidence")); err != nil {
		t.Error("no evidence of the branch:", err)
	}
}

// TestAdvanceWritesNothing: where nothing can be written, what is known already is
// no question, and a refusal stays one.
func TestAdvanceWritesNothing(t *testing.T) {
	zero := acme()
	one := zero.renewed(1)
	s, dir := withAcme(t, one)
	for _, m := range []*maker{one, zero} {
		if r, err := s.Advance(t.Context(), "acme", m.chain()); err != nil || r.Changes() {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if _, err := os.Stat(dir + "-state"); err == nil {
		t.Error("a folder is made for nothing")
	}
	if err := os.MkdirAll(filepath.Join(dir+"-state", "publishers", lockName), 0o700); err != nil { // nobody can lock it
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir+"-state", "evidence"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Advance(t.Context(), "acme", zero.chain()); err != nil || r.Relation != publisher.Behind {
		t.Errorf("%+v, %v", r, err)
	}
	_, err := s.Advance(t.Context(), "acme", zero.renewed(2).chain())
	if codeOf(err) != sealwax.CodePublisherFork || !strings.Contains(err.Error(), "could not be kept as evidence") {
		t.Error(err)
	}
	if _, err := s.Advance(t.Context(), "acme", publisherOf("other", acmeOther, acmeSecond, acmeAfter, acmeNext).chain()); codeOf(err) != sealwax.CodePublisherChanged {
		t.Error(err)
	}
	if _, err := s.Advance(t.Context(), "acme", one.renewed(1).chain()); err == nil || codeOf(err) != "" {
		t.Errorf("what is new is kept nowhere: %v", err)
	}
}

func TestFork(t *testing.T) {
	zero := acme()
	s, dir := withAcme(t, zero.renewed(1))
	fork := zero.renewed(2).renewed(1)
	if _, err := s.Weigh(t.Context(), "acme", fork.chain()); codeOf(err) != sealwax.CodePublisherFork {
		t.Error(err)
	}
	evidence := filepath.Join(dir+"-state", "evidence")
	if _, err := os.Stat(evidence); err == nil {
		t.Error("weighing leaves evidence")
	}
	for range 2 { // the second time it is there already
		_, err := s.Advance(t.Context(), "acme", fork.chain())
		if codeOf(err) != sealwax.CodePublisherFork || !strings.Contains(err.Error(), evidence) {
			t.Error(err)
		}
	}
	checkChain(t, openStore(dir), zero.renewed(1))
	var chains, notes int
	files, err := os.ReadDir(evidence)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(evidence, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		switch filepath.Ext(f.Name()) {
		case ".publisher":
			chains++
			if c, err := publisher.ParseChain(data); err != nil || !strings.HasPrefix(f.Name(), "acme-1-"+strings.TrimPrefix(c.HeadDigest(), "sha256:")[:8]) {
				t.Errorf("%s: %v", f.Name(), err)
			}
		case ".txt":
			notes++
			if !strings.Contains(string(data), string(zero.chain().ID())) {
				t.Errorf("%s", data)
			}
		}
	}
	if chains != 2 || notes != 1 {
		t.Errorf("%d chains and %d notes", chains, notes)
	}
}

// TestEvidenceIsLimited: whoever makes forks cannot fill the disk.
func TestEvidenceIsLimited(t *testing.T) {
	zero := acme()
	s, dir := withAcme(t, zero.renewed(1))
	evidence := filepath.Join(dir+"-state", "evidence")
	if err := os.MkdirAll(evidence, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range MaxEvidence - 3 { // with the lock too many
		if err := os.WriteFile(filepath.Join(evidence, fmt.Sprint(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Advance(t.Context(), "acme", zero.renewed(2).chain())
	if codeOf(err) != sealwax.CodePublisherFork || !strings.Contains(err.Error(), "could not be kept") {
		t.Error(err)
	}
}

func TestChanged(t *testing.T) {
	stranger := publisherOf("acme", 1, 2, 3, 4)
	s, dir := withAcme(t, acme(), testPin(t, "alice", 7, "*"))
	for name, was := range map[string]string{"acme": string(acme().chain().ID()), "alice": string(testKey(t, 7).Fingerprint())} {
		for _, look := range []func() error{
			func() error { _, err := s.Advance(t.Context(), name, stranger.chain()); return err },
			func() error { _, err := s.Weigh(t.Context(), name, stranger.chain()); return err },
		} {
			err := look()
			if codeOf(err) != sealwax.CodePublisherChanged || !strings.Contains(err.Error(), was) || !strings.Contains(err.Error(), string(stranger.chain().ID())) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	checkChain(t, openStore(dir), acme())
	if _, err := s.Advance(t.Context(), "nobody", acme().chain()); !errors.Is(err, ErrNoPin) {
		t.Error(err)
	}
	if _, err := s.Advance(t.Context(), "../acme", acme().chain()); err == nil || errors.Is(err, ErrNoPin) {
		t.Error(err)
	}
}

// TestPinnedAgain: a newer chain in the configuration counts, whatever was seen.
func TestPinnedAgain(t *testing.T) {
	zero := acme()
	three := zero.renewed(1).renewed(1).renewed(1)
	s, dir := withAcme(t, zero)
	if err := advancing(zero.renewed(1))(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "pins", "acme.publisher")
	for _, m := range []*maker{three, zero.recover()} {
		if err := os.WriteFile(path, m.text(), 0o600); err != nil {
			t.Fatal(err)
		}
		checkChain(t, openStore(dir), m)
	}
}

// TestRemovePublisher: nothing of it is left to meet its successor.
func TestRemovePublisher(t *testing.T) {
	zero := acme()
	s, dir := withAcme(t, zero)
	if err := advancing(zero.renewed(1))(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "pins"), filepath.Join(dir+"-state", "publishers")} {
		if left, err := os.ReadDir(path); err != nil || len(left) != 1 {
			t.Errorf("%s: %v, %v", path, left, err)
		}
	}
	stranger := publisherOf("acme", 1, 2, 3, 4)
	if err := pinning(stranger)(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	checkChain(t, openStore(dir), stranger)
}

// TestBrokenChains: whatever is wrong with a chain, nobody is offered.
func TestBrokenChains(t *testing.T) {
	zero := acme()
	one := zero.renewed(1)
	stranger := publisherOf("acme", 1, 2, 3, 4)
	for _, tt := range []struct {
		name          string
		config, state []byte
		in            string
		want          string
	}{
		{"no chain", nil, nil, "pins", "not there"},
		{"cut off", one.text()[:len(one.text())/2], nil, "pins", "sealwax trust remove acme"},
		{"another publisher", stranger.text(), nil, "pins", "pinned is publisher:"},
		{"older than the pin", zero.text(), nil, "pins", "no document 1"},
		{"another document 1", zero.renewed(2).text(), nil, "pins", "no document 1"},
		{"another publisher, and its state", stranger.text(), one.text(), "pins", "pinned is publisher:"},
		{"the state is cut off", one.text(), one.text()[:len(one.text())-9], "publishers", "sealwax trust update acme"},
		{"the state is longer and broken", one.text(), append(one.text(), "\nx\n"...), "publishers", "sealwax trust update acme"},
		{"the state is empty", one.text(), []byte{}, "publishers", "sealwax trust update acme"},
		{"the state is a fork", one.text(), zero.renewed(2).text(), "publishers", "no continuation"},
		{"the state is another publisher", one.text(), stranger.text(), "publishers", "no continuation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, dir := withAcme(t, one, testPin(t, "bob", 1, "*"))
			config, state := filepath.Join(dir, "pins", "acme.publisher"), filepath.Join(dir+"-state", "publishers", "acme.publisher")
			for path, text := range map[string][]byte{config: tt.config, state: tt.state} {
				_ = os.Remove(path)
				if text == nil {
					continue
				}
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			path := map[string]string{"pins": config, "publishers": state}[tt.in]
			s := openStore(dir)
			for _, by := range []sealwax.Trust{s.For("x", sealwax.RoleRelease), s.Guard(keysOf(t, 1))} {
				got, err := offered(t, by, minisignHint(testKey(t, 1)))
				file := (*FileError)(nil)
				if !errors.As(err, &file) || got != nil || file.Path != path || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("offered %q, %v; want %q of %s", got, err, tt.want, path)
				}
			}
			if known, err := s.Known(t.Context()); err == nil || len(known) != 1 || known[0].Pin.Name != "bob" {
				t.Errorf("%+v, %v", known, err)
			}
			if _, err := s.Advance(t.Context(), "acme", one.renewed(5).chain()); err == nil {
				t.Error("a broken chain is advanced")
			}
			if err := s.Remove(t.Context(), "acme"); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestStatePermissions: who can write the state can bring old documents back.
func TestStatePermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such bits")
	}
	for _, name := range []string{".", "publishers", "publishers/acme.publisher"} {
		zero := acme()
		s, dir := withAcme(t, zero)
		if err := advancing(zero.renewed(1))(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir+"-state", name)
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
		_, err := offered(t, s.For("x", sealwax.RoleRelease), sealwax.Hint{})
		if err == nil || !strings.Contains(err.Error(), "chmod o-w '"+path+"'") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLookUps(t *testing.T) {
	s, _ := withAcme(t, acme(), testPin(t, "alice", acmeRelease, "*"))
	for identity, want := range map[string][]string{
		string(mustKey(acmeRelease).Fingerprint()): {"acme", "alice"},
		string(mustKey(acmeRoot).Fingerprint()):    {"acme"},
		string(acme().chain().ID()):                {"acme"},
		"publisher:" + hash("1"):                   nil,
		string(testKey(t, 1).Fingerprint()):        nil,
	} {
		if got, err := s.NamesOf(t.Context(), identity); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", identity, got, err)
		}
	}
	if _, err := s.NamesOf(t.Context(), "acme"); err == nil {
		t.Error("no identity is one")
	}
	if p, err := s.PublishersOf(t.Context(), mustKey(acmeNative)); err != nil || len(p) != 1 || p[0].ID != acme().chain().ID() || p[0].Name != "acme" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := s.PublishersOf(t.Context(), testKey(t, 1)); err != nil || p != nil {
		t.Errorf("%+v, %v", p, err)
	}
	for _, tt := range []struct {
		id   sealwax.PartyID
		want bool
	}{{acme().chain().ID(), true}, {sealwax.PartyID("publisher:" + hash("1")), false}} {
		if c, err := s.Chain(t.Context(), tt.id); err != nil || (c != nil) != tt.want {
			t.Errorf("%s: %v, %v", tt.id, c, err)
		}
	}
}

// TestChainOfTwoPins: all pins of a publisher know one history, the newest.
func TestChainOfTwoPins(t *testing.T) {
	zero := acme()
	one := zero.renewed(1)
	s, _ := withAcme(t, zero)
	second := acmePin(sealwax.RoleNative, "*")
	second.Name = "second"
	if err := s.AddPublisher(t.Context(), second, one.chain()); err != nil {
		t.Fatal(err)
	}
	length := func(want int) {
		t.Helper()
		for _, name := range []string{"acme", "second"} {
			if k, err := s.GetKnown(t.Context(), name); err != nil || k.Chain.Len() != want {
				t.Errorf("%s: %+v, %v", name, k, err)
			}
		}
	}
	length(2)
	// A branch that contradicts it is refused under every name, also under a new one.
	fork := zero.renewed(2)
	third := acmePin(sealwax.RoleNative, "third-*")
	third.Name = "third"
	if _, err := s.Advance(t.Context(), "second", fork.chain()); codeOf(err) != sealwax.CodePublisherFork {
		t.Error(err)
	}
	if err := s.AddPublisher(t.Context(), third, fork.chain()); codeOf(err) != sealwax.CodePublisherFork {
		t.Error(err)
	}
	// What one learns the other knows.
	recovered := zero.recover()
	if _, err := s.Advance(t.Context(), "second", recovered.chain()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"acme", "second"} {
		if k, err := s.GetKnown(t.Context(), name); err != nil || k.Chain.HeadDigest() != recovered.chain().HeadDigest() {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A branch from which the owner recovered is pinned under no name, and an older
	// history is taken for the newer one.
	if err := s.AddPublisher(t.Context(), third, one.chain()); codeOf(err) != sealwax.CodePublisherFork {
		t.Error(err)
	}
	if err := s.AddPublisher(t.Context(), third, zero.chain()); err != nil {
		t.Fatal(err)
	}
	if k, err := s.GetKnown(t.Context(), "third"); err != nil || k.Chain.HeadDigest() != recovered.chain().HeadDigest() {
		t.Error(err)
	}
}
