// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sealwax/sealwax"
)

const (
	someHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	someID   = "publisher:" + someHash
)

func clock() time.Time {
	return time.Date(2026, 11, 24, 12, 0, 0, 5_000_000, time.FixedZone("elsewhere", 3600))
}

func claimBy(signer string, role sealwax.Role, party sealwax.PartyID) *sealwax.Claim {
	return &sealwax.Claim{
		Signer: sealwax.SignerID(signer), Format: "minisign", Comment: "a comment of the artifact's",
		By: sealwax.Anchor{Role: role, Name: "alice", Party: sealwax.Party{ID: party}},
	}
}

// twoDemands is a refusal by the system's policy of what the user's allows.
func twoDemands() *sealwax.Report {
	return &sealwax.Report{
		Artifact: sealwax.ArtifactInfo{
			Name: "a\x1b[31m<b>.wasm", Kind: sealwax.KindModule, Size: 7, Digest: "sha256:" + someHash,
			Digests: map[string]string{"sha256": someHash},
		},
		Verdict: sealwax.Deny, Need: 2, Have: 1, Demand: "the system's policy", Policy: "/etc/sealwax/policy.toml:3 all",
		Counted:   []*sealwax.Claim{claimBy("ed25519:1", sealwax.RoleRelease, someID)},
		Uncounted: []*sealwax.Claim{claimBy("ed25519:2", sealwax.RoleNative, "")},
		Findings: []sealwax.Finding{
			{Code: sealwax.CodeSignerRole, Message: "free text"},
			{Code: sealwax.CodePolicyUnmet, Message: "free text"},
			{Code: sealwax.CodeSignerRole, Message: "free text"},
		},
		Also: []*sealwax.Report{{Verdict: sealwax.Allow, Demand: "the user's policy", Warned: true}},
	}
}

// undecided is what is known of something that could not be opened.
func undecided() *sealwax.Report {
	r := sealwax.NewUndecided("gone.wasm", errors.New("no such file"))
	r.Artifact.Digests = map[string]string{"sha256": someHash}
	return r
}

func newLog(t *testing.T) *Log {
	t.Helper()
	return &Log{
		Path: filepath.Join(t.TempDir(), "new", "decisions.jsonl"), Now: clock,
		Policies: map[string]string{"the system's policy": "sha256:" + someHash},
	}
}

func written(t *testing.T, l *Log) string {
	t.Helper()
	b, err := os.ReadFile(l.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecord(t *testing.T) {
	l := newLog(t)
	for _, r := range []*sealwax.Report{twoDemands(), undecided()} {
		if err := l.Write("verify", r); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"schema":"sealwax.decision/v1","time":"2026-11-24T11:00:00.005Z","gate":"verify",` +
		`"artifact":{"name":"a\\x1b[31m<b>.wasm","kind":"module","size":7,"digest":"sha256:` + someHash + `"},"verdict":"deny","demands":[` +
		`{"name":"the system's policy","policy":"/etc/sealwax/policy.toml:3 all","policy_digest":"sha256:` + someHash + `","verdict":"deny","need":2,"have":1,` +
		`"claims":[{"signer":"ed25519:1","publisher":"` + someID + `","role":"release","format":"minisign","counted":true},` +
		`{"signer":"ed25519:2","role":"native","format":"minisign","counted":false}],"codes":["signer.role","policy.unmet"]},` +
		`{"name":"the user's policy","verdict":"allow","warned":true,"need":0,"have":0,"claims":[],"codes":[]}]}` + "\n" +
		`{"schema":"sealwax.decision/v1","time":"2026-11-24T11:00:00.005Z","gate":"verify",` +
		`"artifact":{"name":"gone.wasm","kind":"file","size":0,"digests":{"sha256":"` + someHash + `"}},"verdict":"undecided","demands":[` +
		`{"verdict":"undecided","need":0,"have":0,"claims":[],"codes":["undecided"]}]}` + "\n"
	if diff := cmp.Diff(want, written(t, l)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(written(t, l), "of the artifact's") || strings.Contains(written(t, l), "free text") {
		t.Error("free text is in the log")
	}
}

// TestSchema: records are what the schema says, nothing in them is left out of
// it, and it is not one that takes anything.
func TestSchema(t *testing.T) {
	many := twoDemands()
	for range maxClaims {
		many.Counted = append(many.Counted, many.Counted[0])
	}
	var good string
	for _, r := range []*sealwax.Report{twoDemands(), undecided(), many} {
		line, err := newLog(t).line("run", r)
		if err != nil {
			t.Fatal(err)
		}
		good = string(line)
		for _, strict := range []bool{false, true} {
			if err := validate(t, good, strict); err != nil {
				t.Errorf("strict %v: %v\n%s", strict, err, good)
			}
		}
	}
	if !strings.Contains(good, `"claims_more":2`) || strings.Count(good, `"signer":`) != maxClaims {
		t.Errorf("%d claims are listed", strings.Count(good, `"signer":`))
	}
	for _, change := range [][2]string{
		{Schema, "sealwax.decision/v2"},
		{`"verdict":"deny"`, `"verdict":"maybe"`},
		{"Z", "+01:00"},
		{"policy.unmet", "policy unmet"},
		{"sha256:" + someHash, "sha256:xyz"},
		{`"gate":"run",`, ""},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good || validate(t, bad, false) == nil {
			t.Errorf("the schema takes %q for %q", change[1], change[0])
		}
	}
}

func validate(t *testing.T, line string, strict bool) error {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema", "decision-v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if strict {
		forbidMore(doc)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("file:///decision", doc); err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("file:///decision").Validate(instance)
}

// forbidMore closes every object of a schema whose fields are listed.
func forbidMore(doc any) {
	m, ok := doc.(map[string]any)
	if !ok {
		return
	}
	if _, ok := m["properties"].(map[string]any); ok {
		m["additionalProperties"] = false
	}
	for _, v := range m {
		forbidMore(v)
	}
}

func TestShortName(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "",
		"a.wasm":                              "a.wasm",
		"\u202e":                              `\u202e`,
		strings.Repeat("a", maxName):          strings.Repeat("a", maxName),
		strings.Repeat("a", maxName+1):        strings.Repeat("a", maxName) + "…",
		strings.Repeat("\x1b", maxName/2):     strings.Repeat(`\x1b`, maxName/4) + "…",
		"a" + strings.Repeat("\x1b", 2<<20):   ("a" + strings.Repeat(`\x1b`, maxName))[:maxName] + "…",
		"\n" + strings.Repeat("é", maxName/2): "", // below
	} {
		got := shortName(in)
		if want != "" && got != want || len(got) > maxName+len("…") || !utf8.ValidString(got) {
			t.Errorf("%.20q…: %d bytes, %.20q…", in, len(got), got)
		}
	}
}

// TestOff: the zero Log writes nothing, and that is no error.
func TestOff(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(new(Log).Write("verify", twoDemands()), new(Log).Check()); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir("."); len(entries) != 0 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestSystemClock: without a clock of its own a log takes the system's.
func TestSystemClock(t *testing.T) {
	l := newLog(t)
	l.Now = nil
	before := time.Now()
	if err := l.Write("verify", twoDemands()); err != nil {
		t.Fatal(err)
	}
	var d struct{ Time time.Time }
	if err := json.Unmarshal([]byte(written(t, l)), &d); err != nil || d.Time.Before(before) || d.Time.After(time.Now()) {
		t.Errorf("%v, %v", d.Time, err)
	}
}
