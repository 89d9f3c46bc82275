// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/choose"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/source"
)

// policyTrial judges the cases of a table.
type policyTrial struct {
	app     *app
	file    *policy.File
	chooser *choose.Chooser
	folder  string // that paths start from
}

// trialResult is what came of a case.
type trialResult struct {
	Schema     string         `json:"schema"`
	Line       int            `json:"line"`
	Case       string         `json:"case"`
	AsExpected bool           `json:"as_expected"`
	Verdict    string         `json:"verdict,omitempty"`
	Rule       string         `json:"rule,omitempty"`
	Codes      []sealwax.Code `json:"codes,omitzero"`
	Error      string         `json:"error,omitempty"`
}

const trialSchema = "sealwax.policy-test/v1"

func (t *policyTrial) try(ctx context.Context, c *policy.Case) trialResult {
	r := trialResult{Schema: trialSchema, Line: c.Line, Case: sealwax.Printable(c.Text)}
	if c.ForRule {
		if rule, ok := t.file.Match(c.Artifact, c.Kind); ok {
			r.Rule = rule.Name
		}
		r.AsExpected = r.Rule == c.Rule
		return r
	}
	report, err := t.judge(ctx, c)
	r.Verdict, r.Codes = report.Verdict.String(), []sealwax.Code{}
	for _, f := range report.Findings {
		if !slices.Contains(r.Codes, f.Code) {
			r.Codes = append(r.Codes, f.Code)
		}
	}
	if err != nil && !isDenied(err) {
		r.Error = sealwax.Printable(err.Error())
	}
	r.AsExpected = report.Verdict == c.Want && (c.Code == "" || slices.Contains(r.Codes, c.Code))
	return r
}

// judge asks the one road about a case's artifact. The signatures that a case
// names are the only ones that lie beside it then.
func (t *policyTrial) judge(ctx context.Context, c *policy.Case) (*sealwax.Report, error) {
	path := t.path(c.Artifact)
	o := source.Options{}
	for _, s := range c.Signatures {
		o.Signatures = append(o.Signatures, t.path(s))
	}
	if len(c.Signatures) > 0 {
		o.Listing = func(string) ([]string, error) { return nil, nil }
	}
	artifact, err := source.Open(ctx, path, o)
	if err != nil {
		return sealwax.NewUndecided(path, err), err
	}
	defer func() { _ = artifact.Close() }()
	return t.chooser.Verify(ctx, subject(path), artifact)
}

// path is a path of the table. "-" is a file there, since there is no stream.
func (t *policyTrial) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(t.folder, filepath.FromSlash(name))
}

// sayTrial prints what came of a case: "ok" or "FAIL", the case and, where they
// differ, what came instead.
func (a *app) sayTrial(table string, c *policy.Case, r trialResult, asJSON bool) error {
	if asJSON {
		return a.sayObject(r)
	}
	text := strings.TrimSpace(sealwax.Printable(strings.ReplaceAll(c.Text, "\t", " ")))
	if r.AsExpected {
		a.say("ok    %s", text)
		return nil
	}
	a.say("FAIL  %s", text)
	a.say("      %s:%d: %s", sealwax.Printable(table), c.Line, r.instead(c))
	return nil
}

// instead says what came that was not expected.
func (r *trialResult) instead(c *policy.Case) string {
	switch {
	case c.ForRule && r.Rule == "":
		return "no rule speaks of it"
	case c.ForRule:
		return "rule " + r.Rule + " decides"
	case r.Error != "":
		return r.Verdict + ": " + r.Error
	case len(r.Codes) == 0:
		return r.Verdict + ", and nothing was found"
	}
	codes := make([]string, len(r.Codes))
	for i, code := range r.Codes {
		codes[i] = string(code)
	}
	return fmt.Sprintf("%s: %s", r.Verdict, strings.Join(codes, ", "))
}
