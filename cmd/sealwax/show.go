// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwax/sealwax"
)

// show prints one answer: yes on standard output, everything else on standard
// error, so that no script takes a refusal for an answer. As JSON, one line.
func (v *verification) show(o outcome) {
	if v.counted != nil {
		v.counted.add(o)
	}
	// Verified bytes on standard output are not mixed with words about them.
	words := v.app.say
	if v.options.out == stdout {
		words = v.app.note
	}
	switch {
	case v.options.json:
		line, err := json.Marshal(o.report)
		if err != nil {
			line = fmt.Appendf(nil, `{"schema":%q,"verdict":"undecided","error":%q}`, sealwax.ReportSchema, err)
		}
		v.answer("%s", line)
	case v.options.explain:
		v.answer("%s", explainTree(o.report, v.options.keys))
	case o.err == nil:
		v.showAllowed(o.report, words)
	case isDenied(o.err):
		v.app.showDenied(o.report)
	default:
		v.app.report(o.err)
	}
}

// answer prints an answer that is no line for people alone: on standard output,
// or as it is on standard error where the verified bytes go to standard output.
func (v *verification) answer(format string, args ...any) {
	to := v.app.out
	if v.options.out == stdout {
		to = v.app.err
	}
	_, _ = fmt.Fprintf(to, format+"\n", args...)
}

func (v *verification) showAllowed(r *sealwax.Report, words func(string, ...any)) {
	for _, f := range r.Findings {
		v.app.note("%s: %s: %s", sealwax.Printable(r.Artifact.Name), f.Code, f.Message)
	}
	if v.options.quiet {
		return
	}
	words("%s", allowedLine(r))
	for _, c := range r.Counted {
		if !c.Covers.Whole {
			words("%s", coverageLine(c))
		}
	}
}

// allowedLine is "app.wasm: signed by alice (key:…, -k alice.pub)".
func allowedLine(r *sealwax.Report) string {
	var who []string
	for _, c := range r.Counted {
		if w := signedBy(c); !slices.Contains(who, w) {
			who = append(who, w)
		}
	}
	line := sealwax.Printable(r.Artifact.Name) + ": signed by " + strings.Join(who, " and by ")
	if said := statements(r.Counted[0]); said != "" {
		line += "; " + said
	}
	return line
}

func signedBy(c *sealwax.Claim) string {
	id := string(c.By.Signer())
	if c.By.Name == "" {
		return id
	}
	return fmt.Sprintf("%s (%s)", sealwax.Printable(c.By.Name), id)
}

// statements shows what a signature says besides the bytes.
func statements(c *sealwax.Claim) string {
	var out []string
	for _, f := range c.Fields {
		out = append(out, sealwax.Printable(f.Name+"="+f.Value))
	}
	if c.Comment != "" {
		out = append(out, strconv.Quote(c.Comment))
	}
	return strings.Join(out, " ")
}

func coverageLine(c *sealwax.Claim) string {
	var names []string
	for _, s := range c.Covers.Uncovered {
		names = append(names, fmt.Sprintf("%q (%d bytes at %d)", s.Name, s.Size, s.Offset))
	}
	return fmt.Sprintf("  covers part %d of %d, the first %d bytes; not covered: %s",
		c.Covers.Prefix, c.Covers.Parts, c.Covers.End, strings.Join(names, ", "))
}

// showDenied says what happened, why, and what to do.
func (a *app) showDenied(r *sealwax.Report) {
	name := sealwax.Printable(r.Artifact.Name)
	a.note("%s: refused: %d of %s", name, r.Have, plural(r.Need, "required signer"))
	for _, c := range r.Counted {
		a.note("  good: %s [%s]", signedBy(c), sealwax.Printable(c.Source))
	}
	for _, f := range r.Findings {
		a.note("  %s: %s", f.Code, f.Message)
	}
	for _, h := range deniedHints(r) {
		a.hint("%s", h)
	}
}

// deniedHints are the next steps after a refusal: at most two.
func deniedHints(r *sealwax.Report) []string {
	name := sealwax.Printable(r.Artifact.Name)
	var out []string
	for _, f := range r.Findings {
		switch f.Code {
		case sealwax.CodeSignatureNone:
			out = append(out, "the maker has to sign it (sealwax sign "+name+"), or name its signature with -s SIG")
		case sealwax.CodeSignerUnknown:
			out = append(out, "if you know that key: -k KEY, or sealwax trust add KEY --name NAME --for '"+name+"'")
		case sealwax.CodeSignatureInvalid:
			out = append(out, "fetch the file and its signature again; if it stays so, ask the maker and do not use it")
		case sealwax.CodeSignatureLegacy:
			out = append(out, "--allow-legacy accepts such signatures of files")
		case sealwax.CodeSignaturePartial:
			out = append(out, "--coverage prefix --allow-uncovered REGEX accepts uncovered custom sections by name")
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) > 2 {
		out = out[:2]
	}
	for _, f := range r.Findings {
		if f.Severity == sealwax.SeverityError {
			return append(out, "sealwax explain "+string(f.Code))
		}
	}
	return out
}
