// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

var day0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func day(n int) time.Time { return day0.AddDate(0, 0, n) }

func pub(n int) key.Public { return sealwaxtest.Key(n).Public() }

func fp(n int) key.Fingerprint { return pub(n).Fingerprint() }

func fps(ns ...int) []key.Fingerprint {
	var out []key.Fingerprint
	for _, n := range ns {
		out = append(out, fp(n))
	}
	slices.Sort(out)
	return out
}

// The test publisher: root 1, 2, 3 (two of them), release 4, next 5, 6 (one of
// them); 7 and above are spare.
func first(t *testing.T) *Chain {
	t.Helper()
	d := Begin("acme", day(0), day(365))
	for _, n := range []int{1, 2, 3} {
		d.AddKey(RoleRoot, pub(n))
	}
	d.AddKey(sealwax.RoleRelease, pub(4))
	d.Threshold(RoleRoot, 2)
	d.Commit(1, fps(5, 6))
	return finished(t, d, 1, 2, 3, 4)
}

func finished(t *testing.T, d *Draft, signers ...int) *Chain {
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

// next is one more document after c, n days later.
func next(t *testing.T, c *Chain, n int, edit func(d *Draft), signers ...int) *Chain {
	t.Helper()
	d := c.Draft(day(n), day(n+365))
	if edit != nil {
		edit(d)
	}
	return finished(t, d, signers...)
}

// forged is the text of c with one more document, whatever rules it breaks, and
// signatures of it, good ones, by whomever.
func forged(t *testing.T, c *Chain, edit func(d *Document), signers ...int) []byte {
	t.Helper()
	d := &Document{}
	var links []*link
	if c != nil {
		d = c.Draft(day(1), day(366)).Document()
		links = append(links, c.links...)
	} else {
		d = first(t).Head()
	}
	edit(d)
	l := newLink(d, d.text())
	for _, n := range signers {
		s := signature{id: pub(n).MinisignID()}
		s.sig = proven(t, n, l.message())
		s.global = proven(t, n, l.globalMessage(s))
		l.signatures = append(l.signatures, s)
	}
	slices.SortFunc(l.signatures, func(a, b signature) int { return strings.Compare(a.line(), b.line()) })
	return []byte(textOf(append(links, l)))
}

func list(d *Document, n int, status Status, since Since) {
	at, _ := d.keyIndex(fp(n))
	d.Keys = slices.Insert(d.Keys, at, Key{Public: pub(n), Status: status, Since: since})
}

func end(d *Document, n int, status Status, since Since) {
	i, _ := d.keyIndex(fp(n))
	d.Keys[i].Status, d.Keys[i].Since = status, since
	for r := range d.Roles {
		d.Roles[r].Keys = slices.DeleteFunc(d.Roles[r].Keys, func(f key.Fingerprint) bool { return f == fp(n) })
	}
	d.Roles = slices.DeleteFunc(d.Roles, func(r Role) bool { return len(r.Keys) == 0 })
}

func release(d *Document) *Role { return &d.Roles[1] }

// rotated makes the committed keys the root, as a rotation does.
func rotated(d *Document, root []int, threshold int, commit []int) {
	for _, f := range d.root().Keys {
		i, _ := d.keyIndex(f)
		d.Keys[i].Status, d.Keys[i].Since = Retired, SinceTime(d.Issued)
	}
	for _, n := range root {
		if _, listed := d.Key(fp(n)); !listed {
			list(d, n, Active, Since{})
		}
	}
	d.Roles[0] = Role{RoleRoot, threshold, fps(root...)}
	d.Next = Commitment{1, fps(commit...)}
}

// TestRules breaks each rule once, with otherwise good signatures of all who are
// needed, and says which code tells.
func TestRules(t *testing.T) {
	at := SinceTime(day(1))
	for _, tc := range []struct {
		name    string
		first   bool // of the first document
		edit    func(d *Document)
		signers []int
		want    sealwax.Code // "" is none: the document is good
	}{
		{"nothing is wrong", false, func(*Document) {}, []int{1, 2}, ""},
		{"nothing is wrong with the first", true, func(*Document) {}, []int{1, 2, 3, 4}, ""},

		// Sequence and hashes: attack 16.
		{"a document is skipped", false, func(d *Document) { d.Sequence = 2 }, []int{1, 2}, CodeChain},
		{"a document is repeated", false, func(d *Document) { d.Sequence, d.Previous = 0, previousNone }, []int{1, 2}, CodeChain},
		{"another document came before", false, func(d *Document) { d.Previous = Digest([]byte("x")) }, []int{1, 2}, CodeChain},
		{"another name", false, func(d *Document) { d.Name = "other" }, []int{1, 2}, CodeChain},
		{"issued before", false, func(d *Document) { d.Issued = day(-1) }, []int{1, 2}, CodeChain},
		{"the first is not the first", true, func(d *Document) { d.Sequence, d.Previous = 1, Digest([]byte("x")) }, []int{1, 2, 3, 4}, CodeChain},
		{"signed only by new keys", false, func(d *Document) { rotated(d, []int{7}, 1, []int{8}) }, []int{7}, CodeNextRoot},

		// Who signs: attack 20.
		{"one of two root keys", false, func(*Document) {}, []int{1}, CodeUnsigned},
		{"nobody", false, func(*Document) {}, nil, CodeUnsigned},
		{"one of two root keys, twice", false, func(*Document) {}, []int{1, 1}, CodeUnsigned},
		{"the first, without one root key", true, func(*Document) {}, []int{1, 2, 4}, CodeUnsigned},
		{"the first, without a listed key", true, func(*Document) {}, []int{1, 2, 3}, CodeStranger},
		{"a stranger's key is listed", false, func(d *Document) { list(d, 7, Active, Since{}); release(d).Keys = fps(4, 7) }, []int{1, 2}, CodeStranger},
		{"a new key signs", false, func(d *Document) { list(d, 7, Active, Since{}); release(d).Keys = fps(4, 7) }, []int{1, 2, 7}, ""},

		// Roles: attack 8.
		{"a release key signs a document", false, func(*Document) {}, []int{1, 2, 4}, CodeRole},
		{"somebody who is not listed signs", false, func(*Document) {}, []int{1, 2, 9}, CodeInvalid},
		{"a root key releases too", false, func(d *Document) { release(d).Keys = fps(1, 4) }, []int{1, 2}, CodeRole},
		{"a root key becomes a release key", false, func(d *Document) {
			d.Roles[0].Keys = fps(2, 3)
			release(d).Keys = fps(1, 4)
		}, []int{1, 2}, CodeRole},
		{"a root key is dropped and goes on", false, func(d *Document) { d.Roles[0].Keys = fps(2, 3) }, []int{2, 3}, CodeRole},

		// Root and commitment: attack 19.
		{"another root", false, func(d *Document) { rotated(d, []int{7}, 1, []int{8}) }, []int{1, 2, 7}, CodeNextRoot},
		{"one more root key", false, func(d *Document) { list(d, 7, Active, Since{}); d.Roles[0].Keys = fps(1, 2, 3, 7) }, []int{1, 2, 7}, CodeNextRoot},
		{"a lower root threshold", false, func(d *Document) { d.Roles[0].Threshold = 1 }, []int{1, 2}, CodeNextRoot},
		{"another commitment, without rotating", false, func(d *Document) { d.Next = Commitment{1, fps(8)} }, []int{1, 2}, CodeNextRoot},
		{"another threshold of the commitment", false, func(d *Document) { d.Next.Threshold = 2 }, []int{1, 2}, CodeNextRoot},
		{"rotated, and the commitment stays", false, func(d *Document) { rotated(d, []int{5}, 1, []int{6}); d.Next = Commitment{1, fps(6)} }, []int{1, 2, 5}, ""},
		{"rotated, and committed to what is used", false, func(d *Document) { rotated(d, []int{5}, 1, []int{5, 6}) }, []int{1, 2, 5}, CodeNextRoot},
		{"rotated to one of the committed keys", false, func(d *Document) { rotated(d, []int{5}, 1, []int{8}) }, []int{1, 2, 5}, ""},
		{"rotated to both", false, func(d *Document) { rotated(d, []int{5, 6}, 1, []int{8}) }, []int{1, 2, 5, 6}, ""},
		{"rotated with another threshold", false, func(d *Document) { rotated(d, []int{5, 6}, 2, []int{8}) }, []int{1, 2, 5, 6}, CodeNextRoot},
		{"rotated to a committed key and another", false, func(d *Document) { rotated(d, []int{5, 7}, 1, []int{8}) }, []int{1, 2, 5, 7}, CodeNextRoot},
		{"rotated without the old root", false, func(d *Document) { rotated(d, []int{5}, 1, []int{8}) }, []int{5}, CodeUnsigned},
		{"rotated without the new root", false, func(d *Document) { rotated(d, []int{5}, 1, []int{8}) }, []int{1, 2}, CodeUnsigned},
		{"rotated, and an old root key goes on", false, func(d *Document) {
			rotated(d, []int{5}, 1, []int{8})
			i, _ := d.keyIndex(fp(1))
			d.Keys[i].Status, d.Keys[i].Since = Active, Since{}
		}, []int{1, 2, 5}, CodeRole},
		{"a root key is lost", false, func(d *Document) { end(d, 3, Lost, at) }, []int{1, 2}, ""},
		{"so many root keys are lost that it cannot go on", false, func(d *Document) { end(d, 3, Lost, at); end(d, 2, Lost, at) }, []int{1, 2}, CodeInvalid},
		{"a recovery", false, func(d *Document) { rotated(d, []int{5}, 1, []int{8}); d.Change = Recovery }, []int{5}, ""},
		{"a recovery that the old root signs too", false, func(d *Document) { rotated(d, []int{5}, 1, []int{8}); d.Change = Recovery }, []int{1, 2, 5}, CodeRole},
		{"a recovery by the old root", false, func(d *Document) { d.Change = Recovery }, []int{1, 2}, CodeNextRoot},
		{"a recovery by others", false, func(d *Document) { rotated(d, []int{7}, 1, []int{8}); d.Change = Recovery }, []int{7}, CodeNextRoot},
		{"a recovery that nobody signs", false, func(d *Document) { rotated(d, []int{5}, 1, []int{8}); d.Change = Recovery }, nil, CodeUnsigned},
		{"a recovery that commits to nothing new", false, func(d *Document) {
			rotated(d, []int{5}, 1, []int{6})
			d.Next, d.Change = Commitment{1, fps(5, 6)}, Recovery
		}, []int{5}, CodeNextRoot},

		// Keys are kept, and get no better.
		{"a key is forgotten", false, func(d *Document) {
			end(d, 4, Lost, at)
			i, _ := d.keyIndex(fp(4))
			d.Keys = slices.Delete(d.Keys, i, i+1)
		}, []int{1, 2}, CodeInvalid},
		{"a key under another id", false, func(d *Document) {
			i, _ := d.keyIndex(fp(4))
			d.Keys[i].Public = pub(4).WithID(key.ID{9})
		}, []int{1, 2}, CodeInvalid},
		{"a new key that ended", false, func(d *Document) { list(d, 7, Lost, at) }, []int{1, 2, 7}, CodeInvalid},
		{"two keys with one id", false, func(d *Document) {
			list(d, 7, Active, Since{})
			i, _ := d.keyIndex(fp(7))
			d.Keys[i].Public = pub(7).WithID(pub(4).MinisignID())
		}, []int{1, 2, 7}, CodeInvalid},
		{"an ended key has a role", false, func(d *Document) {
			i, _ := d.keyIndex(fp(4))
			d.Keys[i].Status, d.Keys[i].Since = Lost, at
		}, []int{1, 2}, CodeInvalid},
		{"no root", false, func(d *Document) { d.Roles = d.Roles[1:] }, []int{1, 2}, CodeInvalid},
		{"a threshold of nothing", false, func(d *Document) { release(d).Threshold = 0 }, []int{1, 2}, CodeInvalid},
		{"a threshold of more keys than there are", false, func(d *Document) { release(d).Threshold = 2 }, []int{1, 2}, CodeInvalid},
		{"a limit for root", false, func(d *Document) { d.Limits = []Limit{{RoleRoot, glob(t, "*")}} }, []int{1, 2}, CodeInvalid},
		{"a limit for no role", false, func(d *Document) { d.Limits = []Limit{{"native", glob(t, "*")}} }, []int{1, 2}, CodeInvalid},
		{"a limit", false, func(d *Document) { d.Limits = []Limit{{"release", glob(t, "acme-*")}} }, []int{1, 2}, ""},
		{"stale before it is issued", false, func(d *Document) { d.Stale = d.Issued }, []int{1, 2}, CodeInvalid},
		{"the first is a recovery", true, func(d *Document) { d.Change = Recovery }, []int{1, 2, 3, 4}, CodeInvalid},
		{"a change that is none", false, func(d *Document) { d.Change = "big" }, []int{1, 2}, CodeInvalid},
		{"a committed key is listed", false, func(d *Document) { list(d, 5, Active, Since{}); release(d).Keys = fps(4, 5) }, []int{1, 2, 5}, CodeNextRoot},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var c *Chain
			if !tc.first {
				c = first(t)
			}
			text := forged(t, c, tc.edit, tc.signers...)
			got, err := ParseChain(text)
			rule := (*RuleError)(nil)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want != "" && !errors.As(err, &rule):
				t.Errorf("it passes: %v", err)
			case tc.want != "" && rule.Code != tc.want:
				t.Errorf("%s: %v; want %s", rule.Code, err, tc.want)
			case tc.want == "" && string(got.Marshal()) != string(text):
				t.Errorf("written otherwise:\n%s", got.Marshal())
			}
		})
	}
}

func glob(t *testing.T, s string) pattern.Pattern {
	t.Helper()
	p, err := pattern.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestStatusOnlyGetsWorse: from one standing to another, at one moment or
// another.
func TestStatusOnlyGetsWorse(t *testing.T) {
	base := next(t, first(t), 1, func(d *Draft) {
		d.AddKey(sealwax.RoleRelease, pub(7))
		d.AddKey(sealwax.RoleRelease, pub(8))
	}, 1, 2, 7, 8)
	for _, tc := range []struct {
		was  Status
		from Since
		is   Status
		to   Since
		ok   bool
	}{
		{Retired, SinceTime(day(5)), Active, Since{}, false},
		{Retired, SinceTime(day(5)), Retired, SinceTime(day(5)), true},
		{Retired, SinceTime(day(5)), Retired, SinceTime(day(4)), true},
		{Retired, SinceTime(day(5)), Retired, SinceTime(day(6)), false},
		{Retired, SinceTime(day(5)), Lost, SinceTime(day(5)), true},
		{Retired, SinceTime(day(5)), Compromised, SinceTime(day(1)), true},
		{Retired, SinceTime(day(5)), Compromised, Always(), true},
		{Lost, SinceTime(day(5)), Retired, SinceTime(day(5)), false},
		{Compromised, SinceTime(day(5)), Lost, SinceTime(day(5)), false},
		{Compromised, Always(), Compromised, SinceTime(day(5)), false},
		{Compromised, SinceTime(day(5)), Compromised, logAt(t, "log.example#5"), false},
		{Compromised, logAt(t, "log.example#5"), Compromised, logAt(t, "log.example#4"), true},
		{Compromised, logAt(t, "log.example#5"), Compromised, logAt(t, "log.example#6"), false},
		{Compromised, logAt(t, "log.example#5"), Compromised, logAt(t, "other.example#4"), false},
	} {
		c := next(t, base, 10, func(d *Draft) { d.End(pub(7), tc.was, tc.from) }, 1, 2)
		text := forged(t, c, func(d *Document) { d.Issued, d.Stale = day(20), day(400); end(d, 7, tc.is, tc.to) }, 1, 2)
		if _, err := ParseChain(text); (err == nil) != tc.ok {
			t.Errorf("%s %s to %s %s: %v", tc.was, tc.from, tc.is, tc.to, err)
		}
	}
}

func logAt(t *testing.T, s string) Since {
	t.Helper()
	out, err := ParseSince("log:" + s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCompare: what is offered against what is stored, both ways round.
func TestCompare(t *testing.T) {
	base := first(t)
	plus := func(c *Chain, n int) *Chain { return next(t, c, n, nil, 1, 2) }
	rotate := func(c *Chain, n, to, commit int, old ...int) *Chain {
		return next(t, c, n, func(d *Draft) { d.Rotate([]key.Public{pub(to)}, 1, fps(commit)) }, append(old, to)...)
	}
	recovers := func(c *Chain, n, to, commit int) *Chain {
		return next(t, c, n, func(d *Draft) { d.Recover([]key.Public{pub(to)}, Compromised, Always(), 1, fps(commit)) }, to)
	}
	one, two := plus(base, 1), plus(plus(base, 1), 2)
	thief := plus(base, 3) // the old root in other hands
	longThief := plus(plus(plus(base, 3), 4), 5)
	rot := rotate(base, 6, 5, 8, 1, 2)
	rec := recovers(base, 7, 5, 9)
	recOther := recovers(base, 7, 6, 9) // the other committed key
	lateRec := recovers(one, 8, 5, 9)
	rotThenRec := recovers(rotate(base, 6, 5, 8, 1, 2), 9, 8, 10) // after a rotation, by the next keys
	other := func() *Chain {
		d := Begin("acme", day(1), day(2))
		d.AddKey(RoleRoot, pub(1))
		d.Commit(1, fps(5))
		return finished(t, d, 1)
	}()
	for _, tc := range []struct {
		name            string
		stored, offered *Chain
		want, back      Kind
	}{
		{"the same", one, one, Same, Same},
		{"longer", one, two, Ahead, Behind},
		{"two ordinary branches", one, thief, Fork, Fork},
		{"a recovery replaces a branch", thief, rec, Recovers, Superseded},
		{"however long", longThief, rec, Recovers, Superseded},
		{"a recovery of one's own branch goes on", one, lateRec, Ahead, Behind},
		{"a recovery from an earlier document replaces a branch of which it is none", two, rec, Recovers, Superseded},
		{"two recoveries", rec, recOther, Fork, Fork},
		{"a rotation is no recovery", thief, rot, Fork, Fork},
		{"a stolen root that was rotated in cannot take the rotation back", rot, rec, Fork, Fork},
		{"nor what came after it", rotThenRec, rec, Fork, Fork},
		{"a recovery after a rotation goes on", rot, rotThenRec, Ahead, Behind},
		{"a branch that recovered later has used the commitment", lateRec, rec, Fork, Fork},
		{"another publisher", one, other, Stranger, Stranger},
	} {
		if got := tc.stored.Compare(tc.offered).Kind; got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		if got := tc.offered.Compare(tc.stored).Kind; got != tc.back {
			t.Errorf("%s, the other way: %s, want %s", tc.name, got, tc.back)
		}
	}
	if r := two.Compare(next(t, one, 9, nil, 1, 3)); r.Kind != Fork || r.Sequence != 2 {
		t.Errorf("%+v", r)
	}
}

// TestStripped: taking signatures away makes nothing else of a document.
func TestStripped(t *testing.T) {
	rot := next(t, first(t), 1, func(d *Draft) { d.Rotate([]key.Public{pub(5)}, 1, fps(8)) }, 1, 2, 5)
	lines := strings.Split(string(rot.Marshal()), "\n")
	stripped := 0
	for i, line := range lines {
		if !strings.HasPrefix(line, fieldSignature) {
			continue
		}
		stripped++
		if _, err := ParseChain([]byte(strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "\n"))); err == nil {
			t.Errorf("without signature %d it passes", stripped)
		}
	}
	if stripped != 7 {
		t.Errorf("%d signatures", stripped)
	}
	// One more than is needed may go: three of two root keys.
	more := string(next(t, first(t), 1, nil, 1, 2, 3).Marshal())
	if _, err := ParseChain([]byte(more)); err != nil {
		t.Error(err)
	}
}

// TestOtherSignatures: a signature of a file, or of another document, is none of
// this one, though it is over the same bytes.
func TestOtherSignatures(t *testing.T) {
	c := first(t)
	d := c.Draft(day(1), day(400))
	text, err := d.Text()
	if err != nil {
		t.Fatal(err)
	}
	comment, err := d.Comment()
	if err != nil {
		t.Fatal(err)
	}
	if want := "publisher/v1 acme 1 " + Digest(text); comment != want {
		t.Errorf("comment %q, want %q", comment, want)
	}
	good := next(t, c, 1, nil, 1, 2)
	sig := good.Links()[1].Signatures[0].Data
	if err := c.Draft(day(1), day(1+365)).AddSignature(sig); err != nil {
		t.Errorf("the very document's: %v", err)
	}
	for name, bad := range map[string][]byte{
		"a file's":            []byte(strings.Replace(string(sig), "publisher/v1 acme 1 ", "timestamp:1\tfile:x\thashed ", 1)),
		"the one before's":    c.Links()[0].Signatures[0].Data,
		"another publisher's": []byte(strings.Replace(string(sig), "publisher/v1 acme", "publisher/v1 acne", 1)),
		"no signature":        []byte("x"),
		"a legacy one":        legacy(t, sig),
	} {
		if err := c.Draft(day(1), day(1+365)).AddSignature(bad); err == nil {
			t.Errorf("%s signature passes", name)
		}
	}
}

// legacy is the signature with minisign's other algorithm in front.
func legacy(t *testing.T, sig []byte) []byte {
	t.Helper()
	lines := strings.Split(string(sig), "\n")
	if !strings.HasPrefix(lines[1], "RU") {
		t.Fatal(lines[1])
	}
	lines[1] = "RW" + lines[1][2:] // "Ed" for "ED"
	return []byte(strings.Join(lines, "\n"))
}

// proven is the nth test key's signature of a message.
func proven(t testing.TB, n int, message []byte) [key.SignatureSize]byte {
	t.Helper()
	sig, err := key.SignEd25519(t.Context(), sealwaxtest.Key(n), message)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}
