// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package choose

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// acme is a publisher: root is test key 1, release 2, next 3.
func acme(t *testing.T) *publisher.Chain {
	t.Helper()
	d := publisher.Begin("acme", now, now.AddDate(1, 0, 0))
	d.AddKey(publisher.RoleRoot, pub(1))
	d.AddKey(sealwax.RoleRelease, pub(2))
	d.Commit(1, []key.Fingerprint{pub(3).Fingerprint()})
	return finish(t, d, 1, 2)
}

func pub(n int) key.Public { return sealwaxtest.Key(n).Public() }

func finish(t *testing.T, d *publisher.Draft, signers ...int) *publisher.Chain {
	t.Helper()
	for _, n := range signers {
		if err := d.Sign(t.Context(), sealwaxtest.Key(n)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := d.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// file is app.txt, signed by some test keys.
func file(t *testing.T, signers ...int) *sealwax.Artifact {
	t.Helper()
	var beside []sealwax.Companion
	for _, n := range signers {
		p := sealwaxtest.NewPublisher("x", n, minisign.Format{})
		c, err := p.Sign(t.Context(), sealwaxtest.Bytes("app.txt", []byte("an app")), sealwax.SignOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c[0].Name = fmt.Sprint("app.txt.", n, ".minisig")
		beside = append(beside, c...)
	}
	return sealwaxtest.Bytes("app.txt", []byte("an app"), beside...)
}

// rules reads a policy with files beside it.
func rules(t *testing.T, text string, beside map[string][]byte) *policy.File {
	t.Helper()
	f, err := policy.Parse("policy.toml", []byte("version = 1\n"+text), func(name string, _ int64) ([]byte, error) {
		if data, ok := beside[name]; ok {
			return data, nil
		}
		return nil, errors.New("no such file")
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func signer(name string, n int) string {
	return fmt.Sprintf("[signer.%s]\nkey = %q\n", name, pub(n).MinisignLine())
}

func rule(name, more string) string {
	return fmt.Sprintf("[[rule]]\nname = %q\nfor = [\"*\"]\n%s\n", name, more)
}

func (c *Chooser) answers(t *testing.T, a *sealwax.Artifact) *sealwax.Report {
	t.Helper()
	c.Formats = []sealwax.Format{minisign.Format{}}
	c.Now = func() time.Time { return now }
	r, err := c.Verify(t.Context(), trust.FileSubject(a.Name()), a)
	if (err == nil) != (r.Verdict == sealwax.Allow) {
		t.Fatalf("%v, %v", r.Verdict, err)
	}
	return r
}

func TestZeroAdmitsNothing(t *testing.T) {
	if r, err := (&Chooser{}).Verify(t.Context(), "x", nil); err == nil || r.Verdict != sealwax.Undecided {
		t.Errorf("no artifact: %v, %v", r.Verdict, err)
	}
	if r := (&Chooser{}).answers(t, file(t, 1)); r.Verdict != sealwax.Deny {
		t.Error(r.Verdict)
	}
	if r := (&Chooser{System: &policy.File{}, Given: sealwax.AnyOf(1, sealwax.RoleRelease), Trust: release(1)}).answers(t, file(t, 1)); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodePolicyNoRule) {
		t.Errorf("an empty policy: %v", r.Verdict)
	}
}

func release(n int) sealwax.Trust {
	return trust.Keys{{Key: pub(n), Role: sealwax.RoleRelease, Origin: "-k"}}
}

// TestEachPolicyIsAsked: the worse answer stands, whoever gives it.
func TestEachPolicyIsAsked(t *testing.T) {
	one := rules(t, signer("one", 1)+rule("one", `of = ["one"]`), nil)
	both := rules(t, signer("one", 1)+signer("two", 2)+rule("both", `of = ["one", "two"]`), nil)
	warns := rules(t, signer("two", 2)+rule("try", "of = [\"two\"]\nmode = \"warn\""), nil)
	for _, tc := range []struct {
		name         string
		system, user *policy.File
		keys         sealwax.Trust
		want         sealwax.Verdict
		demands      int
	}{
		{"the system's alone", one, nil, nil, sealwax.Allow, 1},
		{"the user's alone", nil, one, nil, sealwax.Allow, 1},
		{"both allow", one, one, nil, sealwax.Allow, 2},
		{"the system refuses", both, one, nil, sealwax.Deny, 2},
		{"the user refuses", one, both, nil, sealwax.Deny, 2},
		{"a warning alone", nil, warns, nil, sealwax.Allow, 1},
		{"a warning softens nobody", both, warns, nil, sealwax.Deny, 2},
		{"keys do not soften the system", both, nil, release(1), sealwax.Deny, 2},
		{"keys beside the system", one, nil, release(1), sealwax.Allow, 2},
		{"other keys beside the system", one, nil, release(2), sealwax.Deny, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &Chooser{System: tc.system, User: tc.user, Trust: tc.keys}
			if tc.keys != nil {
				c.Given = sealwax.AnyOf(1, sealwax.RoleRelease)
			}
			r := c.answers(t, file(t, 1))
			if r.Verdict != tc.want || len(r.All()) != tc.demands {
				t.Errorf("%v of %d demands, want %v of %d", r.Verdict, len(r.All()), tc.want, tc.demands)
			}
		})
	}
}

func TestTighten(t *testing.T) {
	files := rules(t, signer("one", 1)+rule("files", "of = [\"one\"]\nkind = [\"file\"]"), nil)
	for _, tc := range []struct {
		name  string
		tight Tighten
		want  sealwax.Verdict
	}{
		{"nothing more", Tighten{}, sealwax.Allow},
		{"the rule's own kind", Tighten{Kind: sealwax.KindFile}, sealwax.Allow},
		{"another kind", Tighten{Kind: sealwax.KindModule}, sealwax.Deny},
		{"a statement that is there", Tighten{Require: []sealwax.Requirement{{Name: "file", Any: true}}}, sealwax.Allow},
		{"one that is not, under a warning", Tighten{Require: []sealwax.Requirement{{Name: "version", Value: "2"}}}, sealwax.Deny},
		{"one that is not", Tighten{Require: []sealwax.Requirement{{Name: "version", Value: "1"}}}, sealwax.Deny},
	} {
		if r := (&Chooser{User: files, Tighten: tc.tight}).answers(t, file(t, 1)); r.Verdict != tc.want {
			t.Errorf("%s: %v", tc.name, r.Verdict)
		}
	}
}

// TestPublisherOfAPolicy: the longest history that is known holds, wherever it is
// known from, and a revocation in it counts.
func TestPublisherOfAPolicy(t *testing.T) {
	first := acme(t)
	d := first.Draft(now, now.AddDate(1, 0, 0))
	d.End(pub(2), publisher.Compromised, publisher.Always())
	ended := finish(t, d, 1)
	d = first.Draft(now.Add(time.Hour), now.AddDate(1, 0, 0))
	fork := finish(t, d, 1)
	text := fmt.Sprintf("[publisher.acme]\nid = %q\nchain = \"acme.publisher\"\n", first.ID()) + rule("acme", `of = ["acme"]`)
	bare := fmt.Sprintf("[publisher.acme]\nid = %q\n", first.ID()) + rule("acme", `of = ["acme"]`)
	stored := func(c *publisher.Chain) *trust.Store {
		s := trust.OpenStore(t.TempDir(), t.TempDir())
		p, err := trust.ParsePattern("*")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AddPublisher(t.Context(), trust.Pin{Name: "a", For: []trust.Pattern{p}, Role: sealwax.RoleRelease, Added: now}, c); err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, tc := range []struct {
		name  string
		text  string
		chain *publisher.Chain
		store *trust.Store
		want  sealwax.Verdict
		says  string
	}{
		{"beside the policy", text, first, nil, sealwax.Allow, ""},
		{"beside the policy, ended", text, ended, nil, sealwax.Deny, "signer.revoked"},
		{"from the store", bare, nil, stored(first), sealwax.Allow, ""},
		{"the store knows more", text, first, stored(ended), sealwax.Deny, "signer.revoked"},
		{"the policy knows more", text, ended, stored(first), sealwax.Deny, "signer.revoked"},
		{"they contradict", text, ended, stored(fork), sealwax.Undecided, ""},
		{"nobody knows", bare, nil, nil, sealwax.Undecided, ""},
		{"nobody knows, with a store", bare, nil, trust.OpenStore(t.TempDir(), t.TempDir()), sealwax.Undecided, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			beside := map[string][]byte{}
			if tc.chain != nil {
				beside["acme.publisher"] = tc.chain.Marshal()
			}
			r := (&Chooser{User: rules(t, tc.text, beside), Store: tc.store}).answers(t, file(t, 2))
			if r.Verdict != tc.want || tc.says != "" && !r.Has(sealwax.Code(tc.says)) {
				t.Errorf("%v, %+v", r.Verdict, r.Findings)
			}
		})
	}
	for name, data := range map[string][]byte{"another publisher": other(t).Marshal(), "no publisher": []byte("x")} {
		r := (&Chooser{User: rules(t, text, map[string][]byte{"acme.publisher": data})}).answers(t, file(t, 2))
		if r.Verdict != sealwax.Undecided {
			t.Errorf("%s: %v", name, r.Verdict)
		}
	}
}

func other(t *testing.T) *publisher.Chain {
	t.Helper()
	d := publisher.Begin("other", now, now.AddDate(1, 0, 0))
	d.AddKey(publisher.RoleRoot, pub(4))
	d.AddKey(sealwax.RoleRelease, pub(2))
	d.Commit(1, []key.Fingerprint{pub(5).Fingerprint()})
	return finish(t, d, 4, 2)
}

// TestDistinct: keys of one publisher count once where publishers are to be
// distinct, also if the policy names them as keys.
func TestDistinct(t *testing.T) {
	d := publisher.Begin("acme", now, now.AddDate(1, 0, 0))
	d.AddKey(publisher.RoleRoot, pub(1))
	d.AddKey(sealwax.RoleRelease, pub(2))
	d.AddKey(sealwax.RoleRelease, pub(4))
	d.Commit(1, []key.Fingerprint{pub(3).Fingerprint()})
	c := finish(t, d, 1, 2, 4)
	text := fmt.Sprintf("[publisher.acme]\nid = %q\nchain = \"acme.publisher\"\n", c.ID()) +
		signer("two", 2) + signer("four", 4) + signer("five", 5)
	beside := map[string][]byte{"acme.publisher": c.Marshal()}
	for _, tc := range []struct {
		of     string
		signed []int
		want   sealwax.Verdict
	}{
		{"need = 2\nof = [\"two\", \"four\", \"five\"]", []int{2, 4}, sealwax.Allow},
		{"need = 2\nof = [\"two\", \"four\", \"five\"]\ndistinct = \"publisher\"", []int{2, 4}, sealwax.Deny},
		{"need = 2\nof = [\"two\", \"four\", \"five\"]\ndistinct = \"publisher\"", []int{2, 5}, sealwax.Allow},
		{"need = 2\nof = [\"acme\", \"four\"]\ndistinct = \"publisher\"", []int{2, 4}, sealwax.Deny},
	} {
		r := (&Chooser{User: rules(t, text+rule("x", tc.of), beside)}).answers(t, file(t, tc.signed...))
		if r.Verdict != tc.want {
			t.Errorf("%s signed by %v: %v", strings.ReplaceAll(tc.of, "\n", " "), tc.signed, r.Verdict)
		}
	}
}

// TestBlocksHoldForAll: what the user blocked passes by no other way.
func TestBlocksHoldForAll(t *testing.T) {
	s := trust.OpenStore(t.TempDir(), t.TempDir())
	if err := s.AddBlock(t.Context(), trust.Block{What: string(pub(1).Fingerprint()), Reason: "stolen", Added: now}); err != nil {
		t.Fatal(err)
	}
	one := rules(t, signer("one", 1)+rule("one", "of = [\"one\"]\nmode = \"warn\""), nil)
	for _, c := range []*Chooser{{Store: s, User: one}, {Store: s, System: one}, {Store: s, Trust: release(1)}} {
		if r := c.answers(t, file(t, 1)); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignerBlocked) {
			t.Errorf("%v, %+v", r.Verdict, r.Findings)
		}
	}
	a := file(t, 2)
	v := sealwax.Verifier{}
	digest := v.Digest(a)
	if err := a.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.AddBlock(t.Context(), trust.Block{What: digest(), Reason: "mines coins", Added: now}); err != nil {
		t.Fatal(err)
	}
	if r := (&Chooser{Store: s, Trust: release(2)}).answers(t, file(t, 2)); !r.Has(sealwax.CodeArtifactBlocked) {
		t.Errorf("%v, %+v", r.Verdict, r.Findings)
	}
}

// TestPinnedDistinct: pins of keys that belong to one publisher count once where
// publishers are counted.
func TestPinnedDistinct(t *testing.T) {
	d := publisher.Begin("acme", now, now.AddDate(1, 0, 0))
	d.AddKey(publisher.RoleRoot, pub(1))
	d.AddKey(sealwax.RoleRelease, pub(2))
	d.AddKey(sealwax.RoleRelease, pub(4))
	d.Commit(1, []key.Fingerprint{pub(3).Fingerprint()})
	c := finish(t, d, 1, 2, 4)
	s := trust.OpenStore(t.TempDir(), t.TempDir())
	all, err := trust.ParsePattern("*")
	if err != nil {
		t.Fatal(err)
	}
	pin := trust.Pin{Name: "acme", For: []trust.Pattern{all}, Role: sealwax.RoleRelease, Added: now}
	if err := s.AddPublisher(t.Context(), pin, c); err != nil {
		t.Fatal(err)
	}
	pin.Name, pin.Key = "two", pub(2)
	if err := s.Add(t.Context(), pin); err != nil {
		t.Fatal(err)
	}
	pin.Name, pin.Key = "five", pub(5)
	if err := s.Add(t.Context(), pin); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		distinct string
		signed   []int
		want     sealwax.Verdict
	}{
		{"", []int{2, 4}, sealwax.Allow},
		{"distinct = \"publisher\"", []int{2, 4}, sealwax.Deny},
		{"distinct = \"publisher\"", []int{4, 5}, sealwax.Allow},
	} {
		r := (&Chooser{Store: s, User: rules(t, rule("x", "need = 2\nof = [\"pinned\"]\n"+tc.distinct), nil)}).answers(t, file(t, tc.signed...))
		if r.Verdict != tc.want {
			t.Errorf("%q signed by %v: %v", tc.distinct, tc.signed, r.Verdict)
		}
	}
}

// TestChainOfThePolicySpeaksAgainstItsKeys: also a key that a rule names for itself
// is held against the chains that the policy brings.
func TestChainOfThePolicySpeaksAgainstItsKeys(t *testing.T) {
	first := acme(t)
	d := first.Draft(now, now.AddDate(1, 0, 0))
	d.End(pub(2), publisher.Compromised, publisher.Always())
	text := fmt.Sprintf("[publisher.acme]\nid = %q\nchain = \"acme.publisher\"\n", first.ID()) + signer("two", 2) + rule("x", `of = ["two"]`)
	for chain, want := range map[*publisher.Chain]sealwax.Verdict{first: sealwax.Allow, finish(t, d, 1): sealwax.Deny} {
		r := (&Chooser{User: rules(t, text, map[string][]byte{"acme.publisher": chain.Marshal()})}).answers(t, file(t, 2))
		if r.Verdict != want {
			t.Errorf("%d documents: %v, %+v", chain.Len(), r.Verdict, r.Findings)
		}
	}
}

// TestLearn: newer documents that come with an artifact count for a publisher that
// a policy names, and what nobody asks about is not looked at.
func TestLearn(t *testing.T) {
	first := acme(t)
	d := first.Draft(now, now.AddDate(1, 0, 0))
	d.End(pub(2), publisher.Compromised, publisher.Always())
	ended := finish(t, d, 1)
	d = first.Draft(now.Add(time.Hour), now.AddDate(1, 0, 0))
	fork := finish(t, d, 1)
	text := fmt.Sprintf("[publisher.acme]\nid = %q\nchain = \"acme.publisher\"\n", first.ID()) + rule("acme", `of = ["acme"]`)
	for _, tc := range []struct {
		name   string
		own    *publisher.Chain
		beside []byte
		want   sealwax.Verdict
	}{
		{"nothing", first, nil, sealwax.Allow},
		{"the same", first, first.Marshal(), sealwax.Allow},
		{"newer", first, ended.Marshal(), sealwax.Deny},
		{"older", ended, first.Marshal(), sealwax.Deny},
		{"contradicting", ended, fork.Marshal(), sealwax.Undecided},
		{"broken", first, ended.Marshal()[:len(ended.Marshal())-9], sealwax.Allow},
		{"another's", first, other(t).Marshal(), sealwax.Allow},
	} {
		c := &Chooser{User: rules(t, text, map[string][]byte{"acme.publisher": tc.own.Marshal()}), Store: trust.OpenStore(t.TempDir(), t.TempDir())}
		if err := c.Learn(t.Context(), tc.beside); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if r := c.answers(t, file(t, 2)); r.Verdict != tc.want {
			t.Errorf("%s: %v, %+v", tc.name, r.Verdict, r.Findings)
		}
	}
}

// TestRootKeysSignNoArtifacts: however they are given.
func TestRootKeysSignNoArtifacts(t *testing.T) {
	c := acme(t)
	s := trust.OpenStore(t.TempDir(), t.TempDir())
	all, err := trust.ParsePattern("*")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddPublisher(t.Context(), trust.Pin{Name: "acme", For: []trust.Pattern{all}, Role: sealwax.RoleRelease, Added: now}, c); err != nil {
		t.Fatal(err)
	}
	named := fmt.Sprintf("[publisher.acme]\nid = %q\nchain = \"acme.publisher\"\n", c.ID()) + signer("one", 1) + rule("x", `of = ["one"]`)
	for name, ch := range map[string]*Chooser{
		"-k":         {Store: s, Trust: release(1)},
		"a policy's": {User: rules(t, named, map[string][]byte{"acme.publisher": c.Marshal()})},
	} {
		if r := ch.answers(t, file(t, 1)); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignerLimit) {
			t.Errorf("%s: %v, %+v", name, r.Verdict, r.Findings)
		}
	}
}

// TestLearnOfNobody: what nobody asks about is not even proven.
func TestLearnOfNobody(t *testing.T) {
	c := &Chooser{Store: trust.OpenStore(t.TempDir(), t.TempDir()), User: rules(t, signer("one", 1)+rule("x", `of = ["one"]`), nil)}
	if err := c.Learn(t.Context(), acme(t).Marshal()); err != nil || c.beside != nil {
		t.Errorf("%v, %v", c.beside, err)
	}
}

// TestBrokenStore: what cannot be read is no reason for a yes, whoever needs it.
func TestBrokenStore(t *testing.T) {
	config := t.TempDir()
	if err := os.MkdirAll(filepath.Join(config, "pins"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "pins", "x.pin"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := func() *trust.Store { return trust.OpenStore(config, t.TempDir()) }
	if err := (&Chooser{Store: broken()}).Learn(t.Context(), acme(t).Marshal()); err == nil {
		t.Error("it learns from a broken store")
	}
	both := signer("one", 1) + signer("two", 2)
	for name, text := range map[string]string{
		"keys":     both + rule("x", `of = ["one", "two"]`),
		"distinct": both + rule("x", "of = [\"one\", \"two\"]\ndistinct = \"publisher\""),
		"pinned":   rule("x", `of = ["pinned"]`),
	} {
		if r := (&Chooser{Store: broken(), User: rules(t, text, nil)}).answers(t, file(t, 1, 2)); r.Verdict != sealwax.Undecided {
			t.Errorf("%s: %v", name, r.Verdict)
		}
	}
	k := &circle{chooser: &Chooser{Store: broken()}, file: &policy.File{}}
	if _, err := k.partyOf(t.Context(), sealwax.Anchor{Key: pub(1)}); err == nil {
		t.Error("nobody's key, says a broken store")
	}
}

// TestBrokenChainBeside: a chain that the policy brings and no rule names is still
// asked what it says against keys; broken, nothing can be told.
func TestBrokenChainBeside(t *testing.T) {
	text := fmt.Sprintf("[publisher.acme]\nid = %q\nchain = \"acme.publisher\"\n", acme(t).ID()) + signer("two", 2) + rule("x", `of = ["two"]`)
	for chain, want := range map[string]sealwax.Verdict{string(acme(t).Marshal()): sealwax.Allow, "broken": sealwax.Undecided} {
		if r := (&Chooser{User: rules(t, text, map[string][]byte{"acme.publisher": []byte(chain)})}).answers(t, file(t, 2)); r.Verdict != want {
			t.Errorf("%v, want %v", r.Verdict, want)
		}
	}
}

type failing struct{ err error }

func (f failing) Anchors(context.Context, sealwax.Hint) ([]sealwax.Anchor, error) { return nil, f.err }

func TestUnion(t *testing.T) {
	unknown, broken := failing{sealwax.ErrHintUnknown}, failing{errors.New("broken")}
	for _, tc := range []struct {
		u    union
		n    int
		fail error
	}{
		{union{}, 0, nil},
		{union{release(1), release(2)}, 2, nil},
		{union{unknown, release(1)}, 1, nil},
		{union{unknown}, 0, sealwax.ErrHintUnknown},
		{union{release(1), broken}, 0, broken.err},
	} {
		got, err := tc.u.Anchors(t.Context(), sealwax.Hint{})
		if len(got) != tc.n || !errors.Is(err, tc.fail) {
			t.Errorf("%d, %v; want %d, %v", len(got), err, tc.n, tc.fail)
		}
	}
}
