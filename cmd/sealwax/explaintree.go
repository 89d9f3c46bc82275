// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
)

// node is a line of the decision tree.
type node struct {
	text string
	sub  []node
}

// explainTree shows how a decision came about: what was needed by whom, what each
// signature proved, what was noticed, what to do next.
func explainTree(r *sealwax.Report) string {
	root := node{text: fmt.Sprintf("%s: %s", sealwax.Printable(r.Artifact.Name), r.Verdict)}
	root.sub = append(root.sub, node{text: fmt.Sprintf("%s of %d bytes", r.Artifact.Kind.Noun(), r.Artifact.Size), sub: digestNodes(r)})
	if len(r.Also) == 0 {
		root.sub = append(root.sub, answerNodes(r)...)
	}
	for _, one := range r.All() {
		if len(r.Also) > 0 {
			root.sub = append(root.sub, node{text: fmt.Sprintf("%s: %s", one.Demand, one.Verdict), sub: answerNodes(one)})
		}
	}
	if r.Verdict == sealwax.Deny {
		for _, h := range deniedHints(r) {
			root.sub = append(root.sub, node{text: "next: " + h})
		}
	}
	var b strings.Builder
	b.WriteString(root.text)
	root.draw(&b, "")
	return b.String()
}

// answerNodes are what one demand needed and found.
func answerNodes(r *sealwax.Report) []node {
	var out []node
	if r.Policy != "" {
		out = append(out, node{text: "rule " + sealwax.Printable(r.Policy)})
	}
	if r.Need > 0 {
		out = append(out, quorumNode(r.Quorum, r.Counted))
	}
	for _, c := range r.Counted {
		out = append(out, claimNode(c, "counts"))
	}
	for _, c := range r.Uncounted {
		out = append(out, claimNode(c, "is proven and does not count"))
	}
	for _, f := range r.Findings {
		out = append(out, node{text: fmt.Sprintf("%s: %s: %s", f.Severity, f.Code, f.Message)})
	}
	return out
}

func digestNodes(r *sealwax.Report) []node {
	var out []node
	for _, name := range slices.Sorted(maps.Keys(r.Artifact.Digests)) {
		out = append(out, node{text: name + ":" + r.Artifact.Digests[name]})
	}
	return out
}

// quorumNode shows who was needed, and who of them signed.
func quorumNode(q sealwax.Quorum, counted []*sealwax.Claim) node {
	have, ok := q.Met(counted)
	n := node{text: fmt.Sprintf("needs %s%s: %d found%s", label(q), plural(q.Need, "different signer"), have, unless(ok, ", which is too few"))}
	if q.Role != "" {
		n.sub = append(n.sub, node{text: fmt.Sprintf("%s: %s", anybody(q.Role), namesOf(counted, func(c *sealwax.Claim) bool { return c.By.Role == q.Role }))})
	}
	for _, m := range q.Members {
		n.sub = append(n.sub, memberNode(m, counted))
	}
	for _, sub := range q.Of {
		n.sub = append(n.sub, quorumNode(sub, counted))
	}
	return n
}

func label(q sealwax.Quorum) string {
	if q.Label == "" {
		return ""
	}
	return sealwax.Printable(q.Label) + ": "
}

func unless(ok bool, text string) string {
	if ok {
		return ""
	}
	return text
}

// memberNode says of one who is named whether they signed.
func memberNode(m sealwax.Member, counted []*sealwax.Claim) node {
	signed := namesOf(counted, func(c *sealwax.Claim) bool { return m.Is(c.By) })
	switch {
	case signed == nobody:
		return node{text: memberText(m) + ": missing"}
	case m.Party == "":
		return node{text: memberText(m) + ": signed"}
	}
	return node{text: memberText(m) + ": signed, with " + signed}
}

// memberText is a member's name and identity.
func memberText(m sealwax.Member) string {
	id := string(m.Signer)
	if m.Party != "" {
		id = string(m.Party)
	}
	if m.Role != "" {
		id += ", for " + string(m.Role)
	}
	return fmt.Sprintf("%s (%s)", sealwax.Printable(m.Name), id)
}

// missingFrom are the members by name who have not signed, of each set that is not
// satisfied.
func missingFrom(q sealwax.Quorum, counted []*sealwax.Claim) []string {
	if _, ok := q.Met(counted); ok {
		return nil
	}
	var out []string
	for _, m := range q.Members {
		if !slices.ContainsFunc(counted, func(c *sealwax.Claim) bool { return m.Is(c.By) }) {
			out = append(out, memberText(m))
		}
	}
	for _, sub := range q.Of {
		if _, ok := sub.Met(counted); !ok && sub.Role != "" && len(sub.Members) == 0 {
			out = append(out, anybody(sub.Role))
		}
		out = append(out, missingFrom(sub, counted)...)
	}
	return out
}

// anybody is everybody in a role. In one there is nobody: it is how an artifact came
// about.
func anybody(role sealwax.Role) string {
	if role == sealwax.RoleRebuilt {
		return "anybody who made it again (verify --rebuild)"
	}
	return "anybody who is trusted for " + sealwax.Printable(string(role))
}

// wantedFrom says whose signatures would satisfy q. Of whom a signature is there
// that does not count, a finding says why: another one of theirs is no advice. ""
// is nobody who is named.
func wantedFrom(q sealwax.Quorum, r *sealwax.Report) string {
	have, ok := q.Met(r.Counted)
	if ok {
		return ""
	}
	var names []string
	for _, m := range q.Members {
		is := func(c *sealwax.Claim) bool { return m.Is(c.By) }
		if !slices.ContainsFunc(r.Counted, is) && !slices.ContainsFunc(r.Uncounted, is) {
			names = append(names, memberWord(m))
		}
	}
	for _, sub := range q.Of {
		if text := wantedFrom(sub, r); text != "" {
			names = append(names, text)
		}
	}
	for i, text := range names {
		if strings.Contains(text, " ") && len(names) > 1 {
			names[i] = "(" + text + ")"
		}
	}
	if q.Role != "" && len(names) > 0 {
		names = append(names, "whoever is trusted for "+sealwax.Printable(string(q.Role)))
	}
	return choice(q.Need-have, names)
}

// choice says so many of these.
func choice(need int, names []string) string {
	switch {
	case need == 1:
		return strings.Join(names, " or ")
	case need >= len(names):
		return strings.Join(names, " and ")
	}
	return fmt.Sprintf("%d of %s", need, strings.Join(names, ", "))
}

// memberWord is a member as a policy writes it.
func memberWord(m sealwax.Member) string {
	if m.Party == "" || m.Role == sealwax.RoleRelease {
		return sealwax.Printable(m.Name)
	}
	return sealwax.Printable(m.Name + "/" + string(m.Role))
}

const nobody = "nobody signed"

// namesOf are the different signers of some claims.
func namesOf(claims []*sealwax.Claim, which func(*sealwax.Claim) bool) string {
	var names []string
	for _, c := range claims {
		if n := signedBy(c); which(c) && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return nobody
	}
	return strings.Join(names, ", ")
}

// ancestorText is what an artifact was made from: its name is the word of whoever
// made it.
func ancestorText(a sealwax.Ancestor) string {
	return fmt.Sprintf("%s (%s)", sealwax.Printable(a.Name), sealwax.Printable(a.Digest))
}

func claimNode(c *sealwax.Claim, how string) node {
	n := node{text: fmt.Sprintf("%s [%s, %s] %s", signedBy(c), c.Format, sealwax.Printable(c.Source), how)}
	n.sub = append(n.sub, node{text: fmt.Sprintf("trusted for %s by %s", c.By.Role, sealwax.Printable(c.By.Origin))})
	if c.By.Party.ID != "" {
		n.sub = append(n.sub, node{text: fmt.Sprintf("for publisher %s (%s)", sealwax.Printable(c.By.Party.Name), c.By.Party.ID)})
	}
	switch {
	case !c.Covers.Whole:
		n.sub = append(n.sub, node{text: strings.TrimSpace(coverageLine(c))})
	case !c.Of.IsZero():
		n.sub = append(n.sub, node{text: "on its source " + ancestorText(c.Of)})
	default:
		n.sub = append(n.sub, node{text: "covers the whole artifact"})
	}
	if !c.From.IsZero() {
		n.sub = append(n.sub, node{text: "made from " + ancestorText(c.From)})
	}
	if s := statements(c); s != "" {
		n.sub = append(n.sub, node{text: "states " + s})
	}
	return n
}

func (n node) draw(b *strings.Builder, indent string) {
	for i, s := range n.sub {
		branch, next := "├─ ", "│  "
		if i == len(n.sub)-1 {
			branch, next = "└─ ", "   "
		}
		b.WriteString("\n" + indent + branch + s.text)
		s.draw(b, indent+next)
	}
}
