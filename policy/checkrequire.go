// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/semver"
)

// requirements finds those that exclude each other.
func (c *checker) requirements(r *Rule) {
	c.together(r.require, r.at["require"])
	c.together(r.engine, max(r.at["engine"], r.at["engine-deny"]))
}

// together finds those of some requirements that exclude each other.
func (c *checker) together(all []sealwax.Requirement, line int) {
	for i, a := range all {
		for _, b := range all[:i] {
			if a.Name == b.Name && exclude(a, b) {
				c.fail(line, fmt.Sprintf("%s cannot be %s and %s at once", sealwax.Printable(a.Name), words(a), words(b)),
					"require one of them, or write two rules")
			}
		}
	}
}

func words(r sealwax.Requirement) string {
	if r.Op == "" {
		return `"` + sealwax.Printable(r.Value) + `"`
	}
	return r.Op + " " + r.Value // a version, which needs no quotes
}

// exclude reports whether no value meets both requirements of one name.
func exclude(a, b sealwax.Requirement) bool {
	switch {
	case a.Any || b.Any:
		return false
	case a.Op == "!=":
		return b.Op == "" && a.Value == b.Value
	case b.Op == "!=":
		return exclude(b, a)
	case a.Op == "" && b.Op == "":
		return a.Value != b.Value
	case a.Op == "":
		return !within(a.Value, b)
	case b.Op == "":
		return !within(b.Value, a)
	case isLower(a) == isLower(b):
		return false
	}
	// Two bounds that face each other leave room if each lets the other's value pass.
	return !within(a.Value, b) || !within(b.Value, a)
}

func isLower(r sealwax.Requirement) bool { return strings.HasPrefix(r.Op, ">") }

// within reports whether a value is a version that is within a bound.
func within(value string, bound sealwax.Requirement) bool {
	v, err := semver.Parse(value)
	if err != nil {
		return false
	}
	limit, err := semver.Parse(bound.Value)
	if err != nil { // mutate:skip the policy was read
		return false
	}
	order := v.Compare(limit)
	switch bound.Op {
	case ">=":
		return order >= 0
	case ">":
		return order > 0
	case "<=":
		return order <= 0
	default:
		return order < 0
	}
}
