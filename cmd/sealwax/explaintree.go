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

// explainTree shows how a decision came about: what was needed, what each
// signature proved, what was noticed, what to do next.
func explainTree(r *sealwax.Report, keys []string) string {
	root := node{text: fmt.Sprintf("%s: %s", sealwax.Printable(r.Artifact.Name), r.Verdict)}
	root.sub = append(root.sub, node{text: fmt.Sprintf("a %s of %d bytes", r.Artifact.Kind, r.Artifact.Size), sub: digestNodes(r)})
	root.sub = append(root.sub, quorumNode(r, keys))
	for _, c := range r.Counted {
		root.sub = append(root.sub, claimNode(c, "counts"))
	}
	for _, c := range r.Uncounted {
		root.sub = append(root.sub, claimNode(c, "is proven and does not count"))
	}
	for _, f := range r.Findings {
		root.sub = append(root.sub, node{text: fmt.Sprintf("%s: %s: %s", f.Severity, f.Code, f.Message)})
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

func digestNodes(r *sealwax.Report) []node {
	var out []node
	for _, name := range slices.Sorted(maps.Keys(r.Artifact.Digests)) {
		out = append(out, node{text: name + ":" + r.Artifact.Digests[name]})
	}
	return out
}

func quorumNode(r *sealwax.Report, keys []string) node {
	from := "the keys pinned for this name"
	if len(keys) > 0 {
		from = "the keys given with -k"
	}
	return node{text: fmt.Sprintf("needs %s from %s: %d found", plural(r.Need, "different signer"), from, r.Have)}
}

func claimNode(c *sealwax.Claim, how string) node {
	n := node{text: fmt.Sprintf("%s [%s, %s] %s", signedBy(c), c.Format, sealwax.Printable(c.Source), how)}
	n.sub = append(n.sub, node{text: fmt.Sprintf("trusted for %s by %s", c.By.Role, sealwax.Printable(c.By.Origin))})
	if c.Covers.Whole {
		n.sub = append(n.sub, node{text: "covers the whole artifact"})
	} else {
		n.sub = append(n.sub, node{text: strings.TrimSpace(coverageLine(c))})
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
