// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Policy says what it takes for an artifact to pass. The zero Policy admits
// nothing.
type Policy struct {
	// Need is who must have signed.
	Need Quorum
	// Prefix accepts claims that cover only leading parts, if what is uncovered
	// passes AllowUncovered. By default only the whole artifact counts.
	Prefix bool
	// AllowUncovered names, by a pattern that must match the whole name, the
	// custom sections that may stay uncovered when Prefix is set. Nil is none.
	AllowUncovered *regexp.Regexp
	// Kind demands a kind of artifact; empty demands none.
	Kind Kind
	// Require are statements that a claim must carry in order to count.
	Require []Requirement
	// AllowLegacy accepts minisign's legacy signatures of files.
	AllowLegacy bool
}

// AnyOf is the policy "at least n distinct signers that trust offers in this
// role". n below one admits nothing.
func AnyOf(n int, role Role) *Policy {
	return &Policy{Need: Quorum{Need: n, Role: role}}
}

// Quorum is k of a set. The set may name signers, stand for everybody who is
// trusted in a role, and hold further quorums, as the groups of C2SP tlog-policy
// do. A signer counts once, however many signatures in whatever formats; as there,
// nobody is a member in two places of the tree: a policy under which a signer who
// signed would count twice admits nothing ([CodePolicyAmbiguous]).
type Quorum struct {
	// Need is how many members must be satisfied. Zero or less is never met.
	Need int
	// Role, if set, makes every signer that trust offers in it a member.
	Role Role
	// Signers are members by name.
	Signers []SignerID
	// Of are members that are themselves quorums.
	Of []Quorum
}

// met reports whether the claims satisfy q, and how many members are.
func (q Quorum) met(claims []*Claim) (have int, ok bool) {
	seen := map[SignerID]bool{}
	for _, c := range claims {
		if q.names(c.Signer, c.By.Role) {
			seen[c.Signer] = true
		}
	}
	have = len(seen)
	for _, sub := range q.Of {
		if _, ok := sub.met(claims); ok {
			have++
		}
	}
	return have, q.Need > 0 && have >= q.Need
}

// names reports whether a signer in a role is itself a member of q.
func (q Quorum) names(signer SignerID, role Role) bool {
	if signer == "" {
		return false // the zero Anchor is nobody
	}
	return slices.Contains(q.Signers, signer) || (q.Role != "" && role == q.Role)
}

// places is in how many quorums of the tree the claim's signer is a member.
func (q Quorum) places(c *Claim) int {
	n := 0
	if q.names(c.Signer, c.By.Role) {
		n = 1
	}
	for _, sub := range q.Of {
		n += sub.places(c)
	}
	return n
}

// asks reports whether the anchor is a member of q or of a quorum in it.
func (q Quorum) asks(by Anchor) bool {
	return q.names(by.Signer(), by.Role) || slices.ContainsFunc(q.Of, func(sub Quorum) bool { return sub.asks(by) })
}

// askedFirst orders anchors, those that could be members before the others: one
// key may be trusted in two roles, and the role that is asked for counts.
func (q Quorum) askedFirst(anchors []Anchor) []Anchor {
	var asked, others []Anchor
	for _, a := range anchors {
		if q.asks(a) {
			asked = append(asked, a)
		} else {
			others = append(others, a)
		}
	}
	return append(asked, others...)
}

// Requirement is a statement that a claim must carry.
type Requirement struct {
	Name string
	// Value is what the statement must say; if Any, its presence is enough, save
	// for "file" and its other spelling "filename", which must then name the
	// artifact.
	Value string
	Any   bool
}

// ParseRequirement reads NAME or NAME=VALUE.
func ParseRequirement(s string) (Requirement, error) {
	name, value, has := strings.Cut(s, "=")
	if name == "" || strings.ContainsAny(name, " \t:") {
		return Requirement{}, fmt.Errorf("requirement %q: want NAME or NAME=VALUE", s)
	}
	return Requirement{Name: name, Value: value, Any: !has}, nil
}

// files are the signed names of the file: minisign's own tools write "file", one
// of them "filename"; directories in them bind nothing.
func (c *Claim) files() []string {
	var out []string
	for _, v := range append(c.Values("file"), c.Values("filename")...) {
		out = append(out, fileName(v))
	}
	return out
}

// fileName is the last element of a path in any system's spelling: the signer's
// system need not be the verifier's.
func fileName(p string) string { return path.Base(strings.ReplaceAll(p, `\`, "/")) }

// isFile reports whether what is stated is the file's name.
func (r Requirement) isFile() bool { return r.Name == "file" || r.Name == "filename" }

// unmetBy says why the claim does not carry what is required, or "".
func (r Requirement) unmetBy(c *Claim, artifact string) string {
	got, want := c.Values(r.Name), r.Value
	if r.isFile() {
		got = c.files()
		if r.Any {
			want = filepath.Base(artifact) // as this system divides paths
		}
	}
	if len(got) == 0 {
		return fmt.Sprintf("the signature does not state %q", r.Name)
	}
	if r.Any && !r.isFile() {
		return ""
	}
	for _, v := range got {
		if v != want {
			return fmt.Sprintf("the signature states %s %q, and %q is required", r.Name, v, want)
		}
	}
	return ""
}

// deniedUncovered are custom sections that hosts and engines act on, so that
// they are never left uncovered, whatever a policy allows: their content decides
// what is linked, how code is compiled or what rights it gets.
var deniedUncovered = []string{
	"component-type", "dylink", "precompiled", "metadata.code.", "target_features", "io.kubewarden.",
	"sealwax.", "reloc.", "linking", "signature", "policy", "manifest", "wasmcloud_jwt", "jwt",
}

// uncoveredReason says why a section may not stay uncovered, or "", and whether
// it never may.
func uncoveredReason(s Section, allowed *regexp.Regexp) (why string, final bool) {
	if s.ID != 0 {
		return fmt.Sprintf("the %s section (id %d) is not covered, and only custom sections may stay uncovered", s.Name, s.ID), true
	}
	if isDeniedUncovered(s.Name) {
		return fmt.Sprintf("the custom section %q is acted upon by hosts and may never stay uncovered", s.Name), true
	}
	if allowed == nil || !allowed.MatchString(s.Name) {
		return fmt.Sprintf("the custom section %q is not covered, and no rule allows that", s.Name), false
	}
	return "", false
}

// delimiterSection divides parts and holds nothing: hosts do not act on it.
const delimiterSection = "signature_delimiter"

func isDeniedUncovered(name string) bool {
	return name != delimiterSection &&
		slices.ContainsFunc(deniedUncovered, func(d string) bool { return strings.HasPrefix(name, d) })
}

// wholeName is the pattern for whole names: an unanchored one must not let
// "name" allow "name-of-something-else".
func wholeName(re *regexp.Regexp) *regexp.Regexp {
	if re == nil {
		return nil
	}
	return regexp.MustCompile(`\A(?:` + re.String() + `)\z`) // a pattern in a group still compiles
}

// expiry is the earliest moment from which the claim no longer counts.
func (c *Claim) expiry() (earliest time.Time, has bool, err error) {
	for _, v := range c.Values("expires") {
		t, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return time.Time{}, true, fmt.Errorf("expires %q is not an RFC 3339 time", v)
		}
		if !has || t.Before(earliest) {
			earliest, has = t, true
		}
	}
	return earliest, has, nil
}

// display is what people know the anchor by.
func (a Anchor) display() string {
	if a.Name != "" {
		return a.Name
	}
	if id := a.Signer(); id != "" {
		return string(id)
	}
	return "nobody"
}

// objection is a reason why a proven claim does not count.
type objection struct {
	code  Code
	why   string
	final bool // no policy would have it otherwise
}

// objections lists why a claim does not count under p. None means it counts.
func (p *Policy) objections(c *Claim, artifact string, now time.Time) []objection {
	var out []objection
	if !p.Need.asks(c.By) {
		out = append(out, objection{
			code: CodeSignerRole,
			why:  fmt.Sprintf("it is by %s, who is trusted for %q, and that is not asked for", c.By.display(), c.By.Role),
		})
	}
	if !c.Covers.Whole {
		out = append(out, p.coverageObjections(c)...)
	}
	switch t, has, err := c.expiry(); {
	case err != nil:
		out = append(out, objection{code: CodeMetadataInvalid, why: err.Error()})
	case has && !now.Before(t):
		out = append(out, objection{code: CodeSignatureExpired, why: "the signature's own statement expired at " + t.UTC().Format(time.RFC3339)})
	}
	for _, r := range p.Require {
		if why := r.unmetBy(c, artifact); why != "" {
			out = append(out, objection{code: CodeMetadataUnmet, why: why})
		}
	}
	return out
}

func (p *Policy) coverageObjections(c *Claim) []objection {
	if c.Covers.Prefix < 1 {
		return []objection{{code: CodeSignaturePartial, why: "the signature covers nothing"}}
	}
	if !p.Prefix {
		return []objection{{
			code: CodeSignaturePartial,
			why:  fmt.Sprintf("the signature covers only part %d of %d", c.Covers.Prefix, c.Covers.Parts),
		}}
	}
	allowed := wholeName(p.AllowUncovered)
	for _, s := range c.Covers.Uncovered {
		if why, final := uncoveredReason(s, allowed); why != "" {
			return []objection{{CodeSignaturePartial, why, final}}
		}
	}
	return nil
}
