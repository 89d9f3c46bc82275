// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
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
		if o.err != nil && o.report.Err == nil && !isDenied(o.err) {
			o.report.Err = o.err // allowed, and then it could not be written
		}
		v.app.sayJSON(o.report, v.options.out)
	case v.options.explain:
		v.app.answer(explainTree(o.report), v.options.out)
	case o.err == nil:
		v.showAllowed(o.report, words)
	case isDenied(o.err):
		v.app.showDenied(o.report)
	default:
		v.app.report(o.err)
		return
	}
	if o.err != nil && o.report.Verdict == sealwax.Allow { // allowed, and then it could not be written
		v.app.report(o.err)
	}
}

// answer prints an answer that is no line for people alone: on standard output,
// or on standard error where the verified bytes go to standard output.
func (a *app) answer(text, out string) {
	if out == stdout {
		_, _ = fmt.Fprintln(a.err, text)
		return
	}
	a.page(text)
}

// sayJSON prints a report as one line.
func (a *app) sayJSON(r *sealwax.Report, out string) {
	line, err := json.Marshal(r)
	if err != nil {
		line = fmt.Appendf(nil, `{"schema":%q,"verdict":"undecided","error":%q}`, sealwax.ReportSchema, err)
	}
	a.answer(printableJSON(line), out)
}

// maxFindingsShown is how many findings of one artifact people are shown.
const maxFindingsShown = 20

// found is what was found, and by which demands.
type found struct {
	sealwax.Finding
	by []string
}

// whose are the findings of some answers, each once with all whose it is.
func whose(answers []*sealwax.Report) []found {
	var out []found
	for _, r := range answers {
		for _, f := range r.Findings {
			i := slices.IndexFunc(out, func(o found) bool { return o.Code == f.Code && o.Message == f.Message })
			if i < 0 {
				i, out = len(out), append(out, found{Finding: f})
			}
			if asks := demand(r); asks != "" && !slices.Contains(out[i].by, asks) {
				out[i].by = append(out[i].by, asks)
			}
		}
	}
	if len(answers) == 1 { // there is nothing to tell apart
		for i := range out {
			out[i].by = nil
		}
	}
	return out
}

// showFindings shows the first findings, and how many more there are.
func (a *app) showFindings(prefix string, findings []found) {
	shown := findings[:min(len(findings), maxFindingsShown)]
	for _, f := range shown {
		asks := ""
		if len(f.by) > 0 {
			asks = " (" + strings.Join(f.by, "; ") + ")"
		}
		a.note("%s%s: %s%s", prefix, f.Code, f.Message, asks)
	}
	if more := len(findings) - len(shown); more > 0 {
		a.note("%sand %d more", prefix, more)
	}
}

func (v *verification) showAllowed(r *sealwax.Report, words func(string, ...any)) {
	if v.options.quiet {
		return
	}
	v.app.showFindings(r.Artifact.Name+": ", whose(r.All()))
	words("%s", allowedLine(r))
	for _, c := range r.Counted {
		if !c.Covers.Whole {
			words("%s", coverageLine(c))
		}
	}
}

// allowedLine is "app.wasm: signed by alice (key:…); file=app.wasm". Of several
// signers each states for itself. Of compiled code it says who compiled it, and who
// signed what it was made from.
func allowedLine(r *sealwax.Report) string {
	var order []string
	who := map[string][]string{}
	for _, one := range r.All() {
		for _, c := range one.Counted {
			did, by := deed(c)
			if who[did] == nil {
				order = append(order, did)
			}
			if !slices.Contains(who[did], by) {
				who[did] = append(who[did], by)
			}
		}
	}
	if len(order) == 0 { // a policy that only warns
		return sealwax.Printable(r.Artifact.Name) + ": allowed with warnings"
	}
	for i, did := range order {
		order[i] = did + " by " + strings.Join(who[did], ", and by ")
	}
	return sealwax.Printable(r.Artifact.Name) + ": " + strings.Join(order, "; ")
}

// deed is what a signer did, and who that is, with what they state. What a compiler
// states of its work fills pages: verify --explain shows it.
func deed(c *sealwax.Claim) (did, by string) {
	by = signedBy(c)
	switch {
	case !c.From.IsZero() && c.By.Role == sealwax.RoleRebuilt:
		return "made again from " + sealwax.Printable(c.From.Name), by
	case !c.From.IsZero():
		return "compiled from " + sealwax.Printable(c.From.Name), by + engineWords(c)
	}
	if said := statements(c); said != "" {
		by += "; " + said
	}
	if !c.Of.IsZero() {
		return "its source signed", by
	}
	return "signed", by
}

// engineWords are which engine compiled, as far as the signer says.
func engineWords(c *sealwax.Claim) string {
	words := append(c.Values("engine"), c.Values("engine-version")...)
	if len(words) == 0 {
		return ""
	}
	return " with " + sealwax.Printable(strings.Join(words, " "))
}

func signedBy(c *sealwax.Claim) string {
	id := string(c.Signer)
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
		if len(names) == maxFindingsShown {
			names = append(names, fmt.Sprintf("and %d more", len(c.Covers.Uncovered)-len(names)))
			break
		}
		names = append(names, fmt.Sprintf("%q (%d bytes at %d)", s.Name, s.Size, s.Offset))
	}
	return fmt.Sprintf("  covers part %d of %d, the first %d bytes; not covered: %s",
		c.Covers.Prefix, c.Covers.Parts, c.Covers.End, strings.Join(names, ", "))
}

// showDenied says what happened, why, and what to do.
func (a *app) showDenied(r *sealwax.Report) { a.showDeniedWith(r, deniedHints(r)) }

// showDeniedWith shows it with next steps of its own.
func (a *app) showDeniedWith(r *sealwax.Report, hints []string) {
	name := sealwax.Printable(r.Artifact.Name)
	refusing := []*sealwax.Report{r}
	for _, one := range r.Also {
		if one.Verdict != sealwax.Allow {
			refusing = append(refusing, one)
		}
	}
	for _, one := range refusing {
		a.note("%s: %s%s", name, refused(one), by(one, len(r.Also) > 0))
		if one.Verdict == sealwax.Deny { // else nobody knows who is missing
			a.showSigners(one)
		}
	}
	a.showFindings("  ", whose(refusing))
	for _, h := range hints {
		a.hint("%s", h)
	}
}

// refused says that the answer is not yes, and how much is missing.
func refused(r *sealwax.Report) string {
	switch {
	case r.Verdict != sealwax.Deny:
		return "undecided"
	case r.Need > r.Have: // else it is refused for another reason
		return fmt.Sprintf("refused: %d of %s", r.Have, plural(r.Need, "required signer"))
	}
	return "refused"
}

// showSigners says who signed, and who did not.
func (a *app) showSigners(r *sealwax.Report) {
	seen := map[sealwax.SignerID]bool{}
	for _, c := range r.Counted {
		if !seen[c.Signer] { // a signer counts once
			a.note("  good: %s [%s]", signedBy(c), c.Source)
		}
		seen[c.Signer] = true
	}
	missing := missingFrom(r.Quorum, signers(r))
	for _, m := range missing[:min(len(missing), maxFindingsShown)] {
		a.note("  not signed by: %s", m)
	}
}

// signers are the claims of those who have done their part: a signature on a source
// that nobody vouches for is no reason to ask for another one.
func signers(r *sealwax.Report) []*sealwax.Claim {
	out := slices.Clone(r.Counted)
	for _, c := range r.Uncounted {
		if slices.ContainsFunc(r.Findings, func(f sealwax.Finding) bool { return f.Code == sealwax.CodeSourceUnbound && f.Source == c.Source }) {
			out = append(out, c)
		}
	}
	return out
}

// demand names who asks, and the policy's rule where there is one.
func demand(r *sealwax.Report) string {
	if r.Policy == "" || r.Demand == "" {
		return r.Demand
	}
	return r.Demand + ", " + sealwax.Printable(r.Policy)
}

// by names the rule and the policy that refused, where there are any.
func by(r *sealwax.Report, several bool) string {
	if r.Demand == "" || r.Policy == "" && !several {
		return ""
	}
	return " (" + demand(r) + ")"
}

// shellWord quotes a name for a POSIX shell, so that a hint can be pasted. A name
// that cannot be shown as it is becomes a word that says what is meant.
func shellWord(s string) string {
	if sealwax.Printable(s) != s || s == "" {
		return "FILE"
	}
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/+,@", r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 && s[0] != '-' {
		return s
	}
	if s[0] == '-' {
		s = "./" + s
	}
	return shellQuote(s)
}

// filePattern is a pattern for just this file.
func filePattern(path string) string {
	var b strings.Builder
	for _, r := range filepath.Base(path) {
		if strings.ContainsRune(`*?[]{}\: `, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// shellPattern is a --for pattern for just this file, quoted for a shell.
func shellPattern(path string) string {
	switch p := filePattern(path); {
	case sealwax.Printable(p) != p:
		return "PATTERN"
	case strings.HasPrefix(p, "-"): // a flag's value may, and a path in front would be wrong
		return shellQuote(p)
	default:
		return shellWord(p)
	}
}

// shellQuote is any text as one word for a POSIX shell, so that a fix can be pasted.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
