// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"encoding/json"
	"fmt"
)

// Verdict is the answer. The zero value is Undecided.
type Verdict int

// The verdicts.
const (
	Undecided Verdict = iota // could not tell
	Allow                    // yes
	Deny                     // no
)

// String is the verdict's word: "allow", "deny" or "undecided".
func (v Verdict) String() string {
	switch v {
	case Allow:
		return "allow"
	case Deny:
		return "deny"
	default:
		return "undecided"
	}
}

// MarshalText is [Verdict.String].
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// ReportSchema names the form of a report's JSON (docs/schema/report-v1.json).
// Fields are only ever added.
const ReportSchema = "sealwax.report/v1"

// Report is what Verify found and decided. It is never nil.
type Report struct {
	Artifact ArtifactInfo
	Verdict  Verdict
	// Counted are the claims that the policy counted, Uncounted those that were
	// proven and did not count; a finding says why.
	Counted, Uncounted []*Claim
	Findings           []Finding
	// Need and Have sum up the policy's outermost quorum.
	Need, Have int
	// Err is why nothing could be decided, when the verdict is Undecided.
	Err error
	// Quorum is what was needed, for explanations.
	Quorum Quorum
	// Demand is who asked, and Policy where it is written; both may be empty.
	Demand, Policy string
	// Warned says that a policy that only warns let pass what it refuses.
	Warned bool
	// Also are the answers to the other demands on the same artifact, each a
	// report of its own: this one is the worst, and so the answer.
	Also []*Report
	// voids says that artifacts are blocked by their digests.
	voids bool
	// alone says that nothing was looked for beside it.
	alone bool
}

// All are the answers of every demand: this one and those in Also.
func (r *Report) All() []*Report { return append([]*Report{r}, r.Also...) }

// ArtifactInfo is what a report says of the artifact.
type ArtifactInfo struct {
	Name    string            `json:"name"`
	Kind    Kind              `json:"kind"`
	Size    int64             `json:"size"`
	Digests map[string]string `json:"digests"`
	// Digest is the artifact's digest ([Verifier.Digest]), if it was asked for.
	Digest string `json:"digest,omitempty"`
}

// NewUndecided is the report on something that could not even be opened.
func NewUndecided(name string, err error) *Report {
	r := &Report{Artifact: ArtifactInfo{Name: name, Kind: KindFile}, Err: err}
	r.undecided(err)
	return r
}

func (r *Report) undecided(err error) {
	r.Verdict, r.Err = Undecided, err
	r.add(CodeUndecided, SeverityError, "", "", "could not decide: %v", err)
}

// DeniedError is "no". Its report says why.
type DeniedError struct{ Report *Report }

// Error is the first reason for the refusal.
func (e *DeniedError) Error() string {
	if e.Report == nil {
		return "refused"
	}
	for _, f := range e.Report.Findings {
		if f.Severity == SeverityError {
			return fmt.Sprintf("%s: refused: %s", Printable(e.Report.Artifact.Name), f.Message)
		}
	}
	return Printable(e.Report.Artifact.Name) + ": refused"
}

// add records a finding.
func (r *Report) add(code Code, sev Severity, source string, signer SignerID, format string, args ...any) *Finding {
	r.Findings = append(r.Findings, Finding{
		Code: code, Severity: sev, Source: Printable(source), Signer: signer,
		Message: Printable(fmt.Sprintf(format, args...)),
	})
	return &r.Findings[len(r.Findings)-1]
}

// Has reports whether a finding with this code is there.
func (r *Report) Has(code Code) bool {
	for _, f := range r.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

// maxUncoveredListed is how many uncovered sections a report lists for a claim.
const maxUncoveredListed = 256

type reportJSON struct {
	Schema   string       `json:"schema"`
	Verdict  Verdict      `json:"verdict"`
	Artifact ArtifactInfo `json:"artifact"`
	Policy   policyJSON   `json:"policy"`
	Signers  []signerJSON `json:"signers"`
	Findings []Finding    `json:"findings"`
	Error    string       `json:"error,omitempty"`
	Also     []*Report    `json:"also,omitempty"`
}

type policyJSON struct {
	Need   int    `json:"need"`
	Have   int    `json:"have"`
	Demand string `json:"demand,omitempty"`
	Name   string `json:"name,omitempty"`
	Warned bool   `json:"warned,omitempty"`
}

// publisherJSON is the party that a signer signed for.
type publisherJSON struct {
	ID   PartyID `json:"id"`
	Name string  `json:"name,omitempty"`
}

type signerJSON struct {
	Signer    SignerID  `json:"signer"`
	Name      string    `json:"name,omitempty"`
	Role      Role      `json:"role"`
	Origin    string    `json:"origin"`
	Format    string    `json:"format"`
	Source    string    `json:"source"`
	Counted   bool      `json:"counted"`
	Coverage  string    `json:"coverage"`
	Part      int       `json:"part,omitempty"`
	Parts     int       `json:"parts,omitempty"`
	Uncovered []Section `json:"uncovered"`
	// UncoveredMore is how many further sections are uncovered and not listed.
	UncoveredMore int               `json:"uncovered_more,omitempty"`
	Comment       string            `json:"comment,omitempty"`
	Fields        map[string]string `json:"fields"`
	Publisher     *publisherJSON    `json:"publisher,omitempty"`
	From          *ancestorJSON     `json:"from,omitempty"`
	Of            *ancestorJSON     `json:"of,omitempty"`
}

// ancestorJSON is what an artifact was made from.
type ancestorJSON struct {
	Name   string `json:"name,omitempty"`
	Digest string `json:"digest"`
}

func (a Ancestor) json() *ancestorJSON {
	if a.IsZero() {
		return nil
	}
	return &ancestorJSON{a.Name, a.Digest}
}

// MarshalJSON writes the report as docs/schema/report-v1.json describes.
func (r *Report) MarshalJSON() ([]byte, error) {
	j := reportJSON{
		Schema: ReportSchema, Verdict: r.Verdict, Artifact: r.Artifact,
		Policy:  policyJSON{Need: r.Need, Have: r.Have, Demand: r.Demand, Name: r.Policy, Warned: r.Warned},
		Signers: []signerJSON{}, Findings: r.Findings, Also: r.Also,
	}
	if j.Findings == nil {
		j.Findings = []Finding{}
	}
	if j.Artifact.Digests == nil {
		j.Artifact.Digests = map[string]string{}
	}
	for _, c := range r.Counted {
		j.Signers = append(j.Signers, claimJSON(c, true))
	}
	for _, c := range r.Uncounted {
		j.Signers = append(j.Signers, claimJSON(c, false))
	}
	if r.Err != nil {
		j.Error = r.Err.Error()
	}
	return json.Marshal(j)
}

func claimJSON(c *Claim, counted bool) signerJSON {
	s := signerJSON{
		Signer: c.Signer, Name: c.By.Name, Role: c.By.Role, Origin: c.By.Origin,
		Format: c.Format, Source: c.Source, Counted: counted, Coverage: "prefix",
		Part: c.Covers.Prefix, Parts: c.Covers.Parts, Uncovered: c.Covers.Uncovered,
		Comment: c.Comment, Fields: map[string]string{}, From: c.From.json(), Of: c.Of.json(),
	}
	if c.Covers.Whole {
		s.Coverage = "whole"
	}
	if c.By.Party.ID != "" {
		s.Publisher = &publisherJSON{c.By.Party.ID, c.By.Party.Name}
	}
	if n := len(s.Uncovered); n > maxUncoveredListed {
		s.Uncovered, s.UncoveredMore = s.Uncovered[:maxUncoveredListed], n-maxUncoveredListed
	}
	if s.Uncovered == nil {
		s.Uncovered = []Section{}
	}
	for _, f := range c.Fields {
		if first, ok := s.Fields[f.Name]; ok && first != f.Value {
			f.Value = first + "\n" + f.Value // values hold no line ends: nothing is lost
		}
		s.Fields[f.Name] = f.Value
	}
	return s
}
