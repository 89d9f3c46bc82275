// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// vector is the text of one document of testdata/long.publisher.
func vector(t *testing.T, n int) string {
	t.Helper()
	c, err := ParseChain(read(t, filepath.Join("testdata", "long.publisher")))
	if err != nil {
		t.Fatal(err)
	}
	return string(c.Links()[n].Data)
}

// line is the first line of a field, with its line feed.
func line(t *testing.T, text, field string) string {
	t.Helper()
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, field+": ") {
			return l
		}
	}
	t.Fatalf("no %s in\n%s", field, text)
	return ""
}

// TestGrammar: the checks of a text, each by what it says.
func TestGrammar(t *testing.T) {
	text := vector(t, 1)
	keyLine, role, limit := line(t, text, "key"), line(t, text, "role"), line(t, text, "limit")
	revoke, endorse := line(t, text, "revoke"), line(t, text, "endorse")
	digests := func(field, more string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s: sha256:%064x%s\n", field, i, more)
		}
		return b.String()
	}
	native := ""
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, "role: native ") {
			native = l
		}
	}
	otherID := func() string { // the first key under the second one's id
		c, _ := ParseDocument([]byte(text))
		k := c.Keys[0].Public.WithID(c.Keys[1].Public.MinisignID())
		return strings.Replace(keyLine, c.Keys[0].Public.MinisignLine(), k.MinisignLine(), 1)
	}()
	if _, err := ParseDocument([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ old, with, want string }{
		"a header":             {header, "sealwax publisher/v2", "line 1: want"},
		"a line too many":      {endorse, endorse + "more: x\n", "want nothing here"},
		"a number's spelling":  {"sequence: 1\n", "sequence: 01\n", "line 3: not written in the one form"},
		"a threshold's":        {role, strings.Replace(role, "root 2", "root 02", 1), "not written in the one form"},
		"a negative number":    {"sequence: 1\n", "sequence: -1\n", "want a number"},
		"too many documents":   {"sequence: 1\n", "sequence: 1024\n", "want 0 to 1023"},
		"a time zone":          {"00:00:00Z\nstale", "00:00:00+00:00\nstale", "want a time in UTC"},
		"a carriage return":    {"name: acme\n", "name: acme\r\n", "want 1 to 64 of"},
		"a blank line":         {"name: acme\n", "name: acme\n\n", `line 3: want "sequence: …"`},
		"no name":              {"name: acme\n", "", `line 2: want "name: …"`},
		"two names":            {"name: acme\n", "name: acme\nname: acme\n", "more than 1 lines"},
		"a bad name":           {"name: acme\n", "name: Acme\n", "want 1 to 64 of"},
		"another one's print":  {keyLine, strings.Replace(keyLine, " key:", " key:0", 1), "not the fingerprint of the key before it"},
		"no key":               {keyLine, "key: RWQ key:00 active\n", "key: "},
		"words behind a key":   {keyLine, strings.TrimSuffix(keyLine, "\n") + " x y\n", "want a key, its fingerprint"},
		"no since":             {" active\nkey", " lost\nkey", "every key but an active one has a moment"},
		"a needless since":     {" active\nkey", " active always\nkey", "every key but an active one has a moment"},
		"no status":            {" active\nkey", " fine\nkey", "status \"fine\""},
		"always retired":       {" active\nkey", " retired always\nkey", "want a moment"},
		"keys not sorted":      {keyLine, keyLine + keyLine, "two keys with the key id"},
		"two keys of one id":   {keyLine, otherID, "two keys with the key id"},
		"two roots":            {native, native + role, "role root twice"},
		"a role twice":         {native, native + native, "roles: not sorted"},
		"a bad role":           {native, strings.Replace(native, "native", "na_tive", 1), "role \"na_tive\": want"},
		"too many in a role":   {role, strings.TrimSuffix(role, "\n") + strings.Repeat(" key:0", MaxKeys) + "\n", "more than 128 keys"},
		"a role of strangers":  {native, "role: native 1 key:" + strings.Repeat("0", 64) + "\n", "is not an active key of the document"},
		"too many spaces":      {"space: acme\n", strings.Repeat("space: acme\n", MaxSpaces+1), "more than 16 lines"},
		"spaces not sorted":    {"space: acme\n", "space: b\nspace: a\n", "name spaces: not sorted"},
		"a bad space":          {"space: acme\n", "space: acme-\n", "name space \"acme-\": want"},
		"a limit twice":        {limit, limit + limit, "limits: not sorted"},
		"an empty limit":       {limit, "limit: native \n", "limit: "},
		"no reason":            {revoke, revoke[:len("revoke: sha256:")+64] + "\n", "no reason"},
		"a blank reason":       {revoke, revoke[:len("revoke: sha256:")+64] + "  x\n", "a blank at an end"},
		"a long reason":        {revoke, digests("revoke", " "+strings.Repeat("x", maxReason+1), 1), "at most 256 can be"},
		"a control in it":      {revoke, digests("revoke", " a\x1b[2J", 1), "cannot be seen"},
		"a direction in it":    {revoke, digests("revoke", " a\u202eb", 1), "cannot be seen"},
		"taken back twice":     {revoke, revoke + revoke, "digests taken back: not sorted"},
		"endorsed twice":       {endorse, endorse + endorse, "endorsed digests: not sorted"},
		"a digest in capitals": {endorse, strings.ToUpper(endorse[len("endorse: sha256:"):]), "line 21: want nothing here"},
		"no digest":            {endorse, "endorse: sha256:" + strings.Repeat("A", 64) + "\n", "want sha256: and 64"},
		"another algorithm":    {endorse, "endorse: blake2:" + strings.Repeat("0", 64) + "\n", "want sha256: and 64"},
		"a bare digest":        {endorse, "endorse: " + strings.Repeat("0", 64) + "\n", "want sha256: and 64"},
		"too many digests":     {revoke + endorse, digests("revoke", " bad", 128) + digests("endorse", "", 129), "257 digests, and at most 256"},
		"no line feed":         {endorse, strings.TrimSuffix(endorse, "\n"), "no line feed at its end"},
		"a large document":     {endorse, endorse + strings.Repeat("x", MaxDocumentBytes), "larger than 32768 bytes"},
	} {
		if strings.Count(text, tc.old) < 1 || tc.old == "" {
			t.Errorf("%s: %q is not there", name, tc.old)
		}
		bad := strings.Replace(text, tc.old, tc.with, 1)
		if _, err := ParseDocument([]byte(bad)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want %q", name, err, tc.want)
		}
	}
	full := strings.Replace(text, revoke+endorse, digests("revoke", " bad", 128)+digests("endorse", "", 128), 1)
	if _, err := ParseDocument([]byte(full)); err != nil {
		t.Errorf("256 digests: %v", err)
	}
}

// TestChainText: the checks of a chain's file, each by what it says.
func TestChainText(t *testing.T) {
	c := first(t)
	text := string(c.Marshal())
	signature := line(t, text, "signature")
	for name, tc := range map[string]struct{ text, want string }{
		"nothing":              {"", "no line feed at its end"},
		"too large":            {strings.Repeat("x", MaxChainBytes+1), "larger than 2097152 bytes"},
		"too many":             {strings.Repeat("x\n\n", 2*MaxDocuments) + "x\n", "more than 1024 documents"},
		"too many signatures":  {text + strings.Repeat(signature, MaxKeys), "more than 128 signatures"},
		"no signature's field": {strings.Replace(text, signature, "sig"+signature, 1), `want "signature: …"`},
		"a short one":          {strings.Replace(text, signature, signature[:40]+"\n", 1), "want a minisign signature of 74 bytes"},
		"one with more behind": {strings.Replace(text, signature, strings.TrimSuffix(signature, "\n")+" x\n", 1), "canonical base64"},
		"a legacy one":         {strings.Replace(text, "signature: RU", "signature: RW", 1), "prehashed"},
		"not sorted":           {strings.Replace(text, signature, "", 1) + signature, "signatures: not sorted"},
		"twice":                {strings.Replace(text, signature, signature+signature, 1), "is there twice"},
		"two blank lines":      {strings.Replace(text, "\n\n", "\n\n\n", 1), "signature 1: want"},
		"a blank line behind":  {text + "\n", ""},
	} {
		_, err := ParseChain([]byte(tc.text))
		if rule := (*RuleError)(nil); !errors.As(err, &rule) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want %q", name, err, tc.want)
		}
	}
	if err := (&RuleError{CodeInvalid, -1, errors.New("x")}); err.Error() != "publisher chain: x" {
		t.Error(err)
	}
	if err := (&RuleError{CodeInvalid, 0, errors.New("x")}); err.Error() != "publisher chain: document 0: x" {
		t.Error(err)
	}
	if _, err := ParseProposal([]byte(text)); err == nil || !strings.Contains(err.Error(), "its first line is another") {
		t.Error(err)
	}
}

// TestSignedTwice: one key that signs a document twice, differently, is one.
func TestSignedTwice(t *testing.T) {
	c := first(t)
	l := *c.links[0]
	again := l.signatures[len(l.signatures)-1]
	again.sig = [key.SignatureSize]byte(bytes.Repeat([]byte{0xff}, key.SignatureSize))
	l.signatures = append(slices.Clip(l.signatures), again)
	rule := (*RuleError)(nil)
	if _, err := verifySignatures(nil, &l); !errors.As(err, &rule) || rule.Code != CodeUnsigned {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 64)
	check := map[string]func(string) error{
		"name": CheckName, "space": CheckSpace, "role": func(s string) error { return CheckRole(sealwax.Role(s)) },
	}
	for what, lists := range map[string][2][]string{
		"name": {
			{"a", "7", "acme.example", "a_b-c", long, "con1", "com", "com10", "comx", "com-", "lpt", "console"},
			{"", long + "a", "Acme", "-a", ".a", "_a", "a b", "a/b", "a\\b", "ä", "con", "nul.txt", "aux", "prn", "com0", "com1", "com9.x", "lpt5"},
		},
		"space": {
			{"a", "a1", "acme-two", long},
			{"", "1a", "-a", "a-", "a--b", "a-1", "A", "a.b", "{a", "ä", long + "a"},
		},
		"role": {
			{"release", "native", long[:32]},
			{"", "Release", "1", "a b", long[:33]},
		},
	} {
		for _, good := range lists[0] {
			if err := check[what](good); err != nil {
				t.Error(err)
			}
		}
		for _, bad := range lists[1] {
			if check[what](bad) == nil {
				t.Errorf("%q is a %s", bad, what)
			}
		}
	}
	if _, err := ParseID(strings.Repeat("0", 64)); err == nil {
		t.Error("an id without its word")
	}
}

// TestSince: a moment has one text.
func TestSince(t *testing.T) {
	origin := strings.Repeat("o", maxOrigin)
	for _, good := range []string{"always", "time:2026-01-31T12:00:00Z", "log:log.example/2026#0", "log:" + origin + "#9223372036854775807"} {
		if s, err := ParseSince(good); err != nil || s.String() != good || s.IsZero() {
			t.Errorf("%q: %v, %v", good, s, err)
		}
	}
	for _, bad := range []string{
		"", "Always", "never", "time:", "time:2026-01-31", "time:2026-01-31T12:00:00", "time:2026-01-31T12:00:00.5Z", "time:2026-01-31T12:00:00+01:00",
		"time:2026-01-31t12:00:00z", "time:2026-02-30T12:00:00Z", "time:0001-01-01T00:00:00Z",
		"log:", "log:a", "log:#1", "log:a#", "log:a#-1", "log:a#+1", "log:a#01", "log:a#9223372036854775808", "log:a#1#2",
		"log:a b#1", "log:a+b#1", "log:ä#1", "log:a\x7f#1", "log:" + origin + "o#1",
	} {
		if s, err := ParseSince(bad); err == nil {
			t.Errorf("%q is %v", bad, s)
		}
	}
	if _, err := ParseSince("log:x"); !strings.Contains(fmt.Sprint(err), "want ORIGIN#INDEX") {
		t.Error(err)
	}
}

// asked is a signer that notes whether it was.
type asked struct {
	key.Signer
	times int
}

func (a *asked) Sign(ctx context.Context, r key.SignRequest) ([]byte, error) {
	a.times++
	return a.Signer.Sign(ctx, r)
}

// TestDraftSays: each thing that cannot be drafted, by what is said.
func TestDraftSays(t *testing.T) {
	c := first(t)
	begin := func() *Draft { return Begin("acme", day(0), day(365)) }
	for want, edit := range map[string]func() *Draft{
		"change only by rotating": func() *Draft { d := c.Draft(day(1), day(366)); d.AddKey(RoleRoot, pub(7)); return d },
		"never gets better: make a new": func() *Draft {
			d := c.Draft(day(1), day(366))
			d.End(pub(4), Lost, Always())
			d.AddKey("native", pub(4))
			return d
		},
		"is none of the publisher's":     func() *Draft { d := c.Draft(day(1), day(366)); d.End(pub(9), Lost, Always()); return d },
		"nothing to recover from yet":    func() *Draft { d := begin(); d.Recover(nil, Lost, Always(), 1, fps(5)); return d },
		"nothing to rotate from yet":     func() *Draft { d := begin(); d.Rotate(nil, 1, fps(5)); return d },
		"no next root keys to commit to": func() *Draft { d := begin(); d.AddKey(RoleRoot, pub(1)); d.Commit(1, nil); return d },
		"an empty limit":                 func() *Draft { d := c.Draft(day(1), day(366)); d.Limit("release", pattern.Pattern{}); return d },
		"there is no role":               func() *Draft { d := c.Draft(day(1), day(366)); d.Threshold("native", 1); return d },
	} {
		if _, err := edit().Text(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	s := &asked{Signer: sealwaxtest.Key(4)}
	if err := c.Draft(day(1), day(366)).Sign(t.Context(), s); err == nil || s.times > 0 {
		t.Errorf("asked %d times for what has no use: %v", s.times, err)
	}
	for n, want := range map[int]bool{0: false, 1: true, 2: false, -1: false} {
		if p, err := c.Prefix(n); (err == nil) != want || want && p.Len() != n {
			t.Errorf("prefix %d: %v", n, err)
		}
	}
}
