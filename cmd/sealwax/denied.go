// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"slices"

	"github.com/sealwax/sealwax"
)

// deniedHints are the next steps after a refusal: at most two.
func deniedHints(r *sealwax.Report) []string {
	var out []string
	wanted := ""
	if r.Policy != "" {
		wanted = wantedFrom(r.Quorum, r)
	}
	for _, f := range r.Findings {
		switch f.Code {
		case sealwax.CodeSignatureNone:
			if wanted != "" { // it says who has to
				continue
			}
			out = append(out, unsignedHint(r))
		case sealwax.CodeSignerUnknown:
			if r.Policy != "" { // it says who counts, and -k cannot
				continue
			}
			out = append(out, strangerHint(r, f.Source))
		case sealwax.CodeSignerRole:
			if isNativeCode(r) && r.Policy == "" {
				out = append(out, "give each key in its own role: -k who signed the source, --"+nativeKeyFlag+" who made native code")
			}
		case sealwax.CodeSourceUnbound:
			if lies := slices.ContainsFunc(r.Uncounted, func(c *sealwax.Claim) bool { return c.Source == f.Source && c.Of.IsZero() }); lies && f.Source != sealwax.Embedded {
				out = append(out, attachHint(r.Artifact.Name, f.Source))
			}
		case sealwax.CodeSignatureUnplaced, sealwax.CodePublisherStale:
			out = append(out, "see whether the publisher has newer documents: sealwax trust update NAME FILE|URL")
		case sealwax.CodePolicyNoRule:
			out = append(out, "the rules are matched against the name that you typed: sealwax policy show FILE")
		case sealwax.CodeSignatureInvalid:
			out = append(out, "fetch the file and its signature again; if it stays so, ask the maker and do not use it")
		case sealwax.CodeSignatureLegacy:
			if !f.Final {
				out = append(out, legacyHint)
			}
		case sealwax.CodeSignaturePartial:
			if !f.Final {
				out = append(out, "verify --coverage prefix --allow-uncovered REGEX accepts uncovered custom sections by name")
			}
		}
	}
	out = append(out, compiledHints(r)...)
	slices.Sort(out)
	out = slices.Compact(out)
	if wanted != "" {
		out = append([]string{"get it signed by " + wanted}, out...)
	}
	out = out[:min(len(out), 2)]
	for _, f := range r.Findings {
		switch {
		case f.Severity != sealwax.SeverityError:
		case wanted != "" && f.Code == sealwax.CodeSignerUnknown: // whoever that is, the policy does not ask for them
			return append(out, "sealwax explain "+string(sealwax.CodePolicyUnmet))
		default:
			return append(out, "sealwax explain "+string(f.Code))
		}
	}
	return out
}

// legacyHint is how a legacy signature comes to count.
const legacyHint = "--allow-legacy accepts such signatures of files"

// compiledHints are what to do about compiled code that nobody has to sign anew.
func compiledHints(r *sealwax.Report) []string {
	var out []string
	signatures := slices.ContainsFunc(r.Findings, func(f sealwax.Finding) bool { return f.Source != "" })
	anew := ": sealwax compile SOURCE -k KEY --sign-key KEY --force -o " + shellWord(r.Artifact.Name)
	if r.Has(sealwax.CodeSourceUnsigned) && !signatures { // else why one does not count is said
		out = append(out, "compile it anew from a source that somebody signed"+anew)
	}
	for _, c := range r.Uncounted {
		unmet := func(f sealwax.Finding) bool { return f.Code == sealwax.CodeMetadataUnmet && f.Source == c.Source }
		if !c.From.IsZero() && slices.ContainsFunc(r.Findings, unmet) {
			out = append(out, "compile it anew with an engine that is admitted"+anew)
		}
	}
	if asksRebuild(r.Quorum) && r.Verdict == sealwax.Deny && !r.Has(sealwax.CodeArtifactRebuilt) && !slices.ContainsFunc(append(slices.Clone(r.Counted), r.Uncounted...), isRebuild) {
		out = append(out, "make it again and compare: sealwax verify "+shellWord(r.Artifact.Name)+" --rebuild SOURCE")
	}
	return out
}

func isRebuild(c *sealwax.Claim) bool { return c.By.Role == sealwax.RoleRebuilt }

// asksRebuild reports whether making it again would satisfy a member of the quorum.
func asksRebuild(q sealwax.Quorum) bool {
	return q.Role == sealwax.RoleRebuilt || slices.ContainsFunc(q.Of, asksRebuild)
}

// isNativeCode reports whether the artifact is signed in the role native.
func isNativeCode(r *sealwax.Report) bool {
	return r.Artifact.Kind == sealwax.KindCompiled || r.Artifact.Kind == sealwax.KindProgram
}

// unsignedHint is who has to do what where there is no signature.
func unsignedHint(r *sealwax.Report) string {
	name := shellWord(r.Artifact.Name)
	switch r.Artifact.Kind { //nolint:exhaustive // the others are signed as files are
	case sealwax.KindCompiled:
		return "it has to be compiled with a key: sealwax compile SOURCE -k KEY --sign-key KEY --force -o " + name
	case sealwax.KindProgram:
		return "the maker has to sign it (sealwax sign --embed " + name + " -k KEY -o OUT)"
	}
	return "the maker has to sign it (sealwax sign " + name + "), or name its signature with -s SIG"
}

// strangerHint is how a key that is not known comes to be trusted. What is inside
// native code is by who made that; what that carries along is by who signed the
// source.
func strangerHint(r *sealwax.Report, where string) string {
	flag, role := "-k KEY", ""
	if isNativeCode(r) && where == sealwax.Embedded {
		flag, role = "--"+nativeKeyFlag+" KEY", " --role native"
	}
	return "if you know that key: " + flag + ", or sealwax trust add KEY --name NAME" + role + " --for " + shellPattern(r.Artifact.Name)
}

// attachHint is how a signature that was taken out of native code comes to count.
func attachHint(name, signature string) string {
	return "what sealwax detach took out of it goes back in: sealwax attach " + shellWord(name) + " " + shellWord(signature) + " -o OUT"
}

// nativeStatement begins the trusted comment of a signature that was inside native
// code (docs/formats/trailer.md).
const nativeStatement = "\ntrusted comment: sealwax-native/v1 "

// showBeside says why signatures beside native code that was refused do not count
// where it is run.
func (a *app) showBeside(ctx context.Context, artifact *sealwax.Artifact) {
	if k := artifact.Kind(); k != sealwax.KindCompiled && k != sealwax.KindProgram {
		return
	}
	beside, err := artifact.Companions(ctx)
	if err != nil { // nothing of it decides
		return
	}
	for _, c := range beside {
		a.note("  %s lies beside it: where native code is run, only a signature inside the file counts", sealwax.Printable(c.Name))
		if bytes.Contains(c.Data, []byte(nativeStatement)) {
			a.hint("%s", attachHint(artifact.Name(), c.Name))
		}
	}
}

// deniedHints are the next steps after a refusal. What is signed carries the source's
// signatures along, and a legacy one cannot be.
func (c *compilation) deniedHints() []string {
	out := deniedHints(c.report)
	if i := slices.Index(out, legacyHint); i >= 0 && c.options.signKey != "" {
		out[i] = "have it signed anew (sealwax sign, or minisign -H): a legacy signature cannot be carried along"
	}
	return out
}

// hints say what --allow-unsigned would have done, or why it did not.
func (c *compilation) hints(ctx context.Context) {
	switch {
	case !c.gate.Unsigned(ctx, c.report):
	case c.options.allowUnsigned && c.decider.ruled():
		c.app.hint("--allow-unsigned does not lift what a policy says")
	case !c.options.allowUnsigned && !c.decider.ruled():
		c.app.hint("--allow-unsigned compiles what nobody you know has signed; run will not take it for signed code")
	}
}
