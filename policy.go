// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Policy says what it takes for an artifact to pass. The zero Policy admits
// nothing.
type Policy struct {
	// Name is where the policy is written, for reports: "policy.toml:12 release".
	Name string
	// NoRule, if set, says that the policy has no rule for the artifact, and where
	// one was looked for: it is refused, whatever else is set.
	NoRule string
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
	// NamesAgree refuses a signature that states another file name than the
	// artifact's; otherwise that is a warning.
	NamesAgree bool
	// Formats are the names of the formats whose signatures count. Nil is all.
	Formats []string
	// FreshParties refuses what is known of a publisher once it is out of date by
	// the publisher's own word ([Party.Stale]); otherwise that is a warning.
	FreshParties bool
	// AnySource lets compiled code pass without anybody vouching for what it was made
	// from. It is for those who check what they have just signed.
	AnySource bool
	// Warn lets what is refused pass with its findings and [CodePolicyWarned],
	// save what the user blocked and what counted for nothing because a publisher
	// took the artifact or the key back. It is for trying a policy out.
	Warn bool
}

// AnyOf is the policy "at least n distinct signers that trust offers in this
// role". n below one admits nothing.
func AnyOf(n int, role Role) *Policy {
	return &Policy{Need: Quorum{Need: n, Role: role}}
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

// objection is a reason why a proven claim does not count.
type objection struct {
	code  Code
	why   string
	final bool // no policy would have it otherwise
}

// objections lists why a claim does not count under p. None means it counts.
// digest is the artifact's, empty if nobody asked for it.
func (p *Policy) objections(c *Claim, artifact, digest string, now time.Time) []objection {
	out := c.By.objections(c.Covers.Whole, digest)
	if p.Formats != nil && !slices.Contains(p.Formats, c.Format) {
		out = append(out, objection{code: CodeSignatureFormat, why: fmt.Sprintf("a %s signature, and the policy takes %s", c.Format, strings.Join(p.Formats, ", "))})
	}
	if p.FreshParties && c.By.Party.isStale(now) {
		out = append(out, objection{code: CodePublisherStale, why: c.By.Party.staleWords()})
	}
	if c.Role != "" && c.Role != c.By.Role {
		out = append(out, objection{
			code: CodeSignerRole, final: true,
			why: fmt.Sprintf("it is by %s, who is trusted for %q, and this signature speaks for %q", c.By.display(), c.By.Role, c.Role),
		})
	} else if !p.Need.asks(c.By) {
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
	if named := c.otherName(artifact); p.NamesAgree && named != "" {
		out = append(out, objection{code: CodeNameMismatch, why: otherNameWords(named)})
	}
	for _, r := range p.Require {
		if !r.asks(c) {
			continue
		}
		if why := r.unmetBy(c, artifact); why != "" {
			out = append(out, objection{code: CodeMetadataUnmet, why: why})
		}
	}
	return out
}
