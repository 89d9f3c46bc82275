// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sealwax/sealwax"
)

// Schema names the form of a record (docs/schema/decision-v1.json). Fields are
// only ever added.
const Schema = "sealwax.decision/v1"

// The limits of one record, so that no artifact makes the log grow at will.
const (
	maxName   = 4096 // bytes of the artifact's name, escaped
	maxClaims = 64   // listed for one demand
)

// decision is one record. Of what an artifact says only its name is in it, which
// is the caller's, and escaped: reasons and comments are for the report.
type decision struct {
	Schema   string          `json:"schema"`
	Time     string          `json:"time"`
	Gate     string          `json:"gate"`
	Artifact artifact        `json:"artifact"`
	Verdict  sealwax.Verdict `json:"verdict"`
	Demands  []demand        `json:"demands"`
}

type artifact struct {
	Name string       `json:"name"`
	Kind sealwax.Kind `json:"kind"`
	Size int64        `json:"size"`
	// Digest is what `sealwax digest` prints, Digests whatever was hashed on the
	// way, if that is not known.
	Digest  string            `json:"digest,omitempty"`
	Digests map[string]string `json:"digests,omitempty"`
}

// demand is the answer to one of those who were asked.
type demand struct {
	Name         string          `json:"name,omitempty"`
	Policy       string          `json:"policy,omitempty"`
	PolicyDigest string          `json:"policy_digest,omitempty"`
	Verdict      sealwax.Verdict `json:"verdict"`
	Warned       bool            `json:"warned,omitempty"`
	Need         int             `json:"need"`
	Have         int             `json:"have"`
	Claims       []claim         `json:"claims"`
	ClaimsMore   int             `json:"claims_more,omitempty"`
	Codes        []sealwax.Code  `json:"codes"`
}

type claim struct {
	Signer    sealwax.SignerID `json:"signer"`
	Publisher sealwax.PartyID  `json:"publisher,omitempty"`
	Role      sealwax.Role     `json:"role"`
	Format    string           `json:"format"`
	Counted   bool             `json:"counted"`
}

// line is the record of a report, with its line feed.
func (l *Log) line(gate string, r *sealwax.Report) ([]byte, error) {
	info := r.Artifact
	d := decision{
		Schema: Schema, Time: l.now().UTC().Format(time.RFC3339Nano), Gate: gate, Verdict: r.Verdict,
		Artifact: artifact{Name: shortName(info.Name), Kind: info.Kind, Size: info.Size, Digest: info.Digest},
	}
	if info.Digest == "" {
		d.Artifact.Digests = info.Digests
	}
	for _, answer := range r.All() {
		d.Demands = append(d.Demands, l.demand(answer))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b) // which ends a line with its line feed
	enc.SetEscapeHTML(false)
	err := enc.Encode(d)
	return b.Bytes(), err
}

func (l *Log) now() time.Time {
	if l.Now == nil {
		return time.Now() //nolint:forbidigo // the documented default of Log.Now
	}
	return l.Now()
}

func (l *Log) demand(r *sealwax.Report) demand {
	d := demand{
		Name: r.Demand, Policy: sealwax.Printable(r.Policy), PolicyDigest: l.Policies[r.Demand],
		Verdict: r.Verdict, Warned: r.Warned, Need: r.Need, Have: r.Have,
		Claims: []claim{}, Codes: []sealwax.Code{},
	}
	for i, c := range slices.Concat(r.Counted, r.Uncounted) {
		if i == maxClaims {
			d.ClaimsMore = len(r.Counted) + len(r.Uncounted) - maxClaims
			break
		}
		d.Claims = append(d.Claims, claim{
			Signer: c.Signer, Publisher: c.By.Party.ID, Role: c.By.Role, Format: c.Format, Counted: i < len(r.Counted),
		})
	}
	for _, f := range r.Findings {
		if !slices.Contains(d.Codes, f.Code) {
			d.Codes = append(d.Codes, f.Code)
		}
	}
	return d
}

// shortName is a name, escaped, of bounded length.
func shortName(name string) string {
	cut := len(name) > maxName
	if cut { // before it is escaped, so that the work is bounded too
		name = name[:maxName]
	}
	name = sealwax.Printable(name)
	if end := maxName; len(name) > end {
		for !utf8.RuneStart(name[end]) {
			end--
		}
		name, cut = name[:end], true
	}
	if cut {
		name += "…"
	}
	return name
}
