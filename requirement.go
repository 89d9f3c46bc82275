// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"fmt"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sealwax/sealwax/internal/semver"
)

// Requirement is a statement that a claim must carry.
type Requirement struct {
	Name string
	// Value is what the statement must say; if Any, its presence is enough, save
	// for "file" and its other spelling "filename", which must then name the
	// artifact.
	Value string
	Any   bool
	// Op compares: "" is equality, "!=" its opposite, and ">=", ">", "<=", "<" order
	// versions as Semantic Versioning does; a statement that is no version then fails.
	Op string
	// Role asks only those signatures that speak in this role. Without it all are
	// asked but those that say what the artifact was made from: what is stated there
	// is the compiler's word.
	Role Role
}

// asks reports whether the claim has to carry the statement in order to count.
func (r Requirement) asks(c *Claim) bool {
	if r.Role != "" {
		return r.Role == c.Role
	}
	return c.From.IsZero()
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

// otherName is a file name that the claim states and that is not the artifact's,
// or "". An artifact without a name has no other.
func (c *Claim) otherName(artifact string) string {
	for _, f := range c.files() {
		if artifact != Nameless && f != filepath.Base(artifact) {
			return f
		}
	}
	return ""
}

func otherNameWords(name string) string {
	return fmt.Sprintf("the signature is for a file called %q", name)
}

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
		if !r.holds(v, want) {
			return fmt.Sprintf("the signature states %s %q, and %s is required", r.Name, v, strings.TrimSpace(r.Op+" "+strconv.Quote(want)))
		}
	}
	return ""
}

// differs is true of two texts that are not equal; where the one to differ from is a
// version, of two versions neither of which comes before the other: what is no version
// cannot be told from one in another spelling.
func differs(got, want string) bool {
	w, err := semver.Parse(want)
	if err != nil {
		return got != want
	}
	g, err := semver.Parse(got)
	return err == nil && g.Compare(w) != 0
}

// holds compares a statement with what is required.
func (r Requirement) holds(got, want string) bool {
	switch r.Op {
	case "":
		return got == want
	case "!=":
		return differs(got, want)
	}
	g, err := semver.Parse(got)
	if err != nil {
		return false
	}
	w, err := semver.Parse(want)
	if err != nil {
		return false
	}
	switch c := g.Compare(w); r.Op {
	case ">=":
		return c >= 0
	case ">":
		return c > 0
	case "<=":
		return c <= 0
	case "<":
		return c < 0
	}
	return false // an operator that nobody knows
}
