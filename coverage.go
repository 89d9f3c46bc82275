// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

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
