// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"fmt"
	"slices"
)

// Demand is one who asks "may this pass?": with whom they know, and what it takes.
type Demand struct {
	// Name is who asks, for people: "the system's policy".
	Name     string
	Verifier Verifier
	Policy   *Policy
	// Err is why this demand cannot be told: it is undecided then, and the others
	// are answered all the same.
	Err error
}

// Demands are all who ask about one artifact. Each is answered for itself, and
// the worse answer stands. No demands at all admit nothing.
type Demands []Demand

// With are the demands with changed copies of their policies: a gate that is stricter
// than what it is given says how. Who has no policy has none to change.
func (ds Demands) With(change func(*Policy)) Demands {
	out := slices.Clone(ds)
	for i, d := range out {
		if d.Policy != nil {
			p := *d.Policy
			change(&p)
			out[i].Policy = &p
		}
	}
	return out
}

// Verify asks all of them over one read of the artifact. The error is as that of
// [Verifier.Verify]: nil if and only if every one allows. The report is that of
// the worst answer, deny before undecided before allow, of equal ones the first;
// the others are in its Also.
func (ds Demands) Verify(ctx context.Context, a *Artifact) (*Report, error) {
	if len(ds) == 0 {
		return (&Verifier{}).Verify(ctx, a, nil)
	}
	ds = ds.prepared(ctx, a)
	reports := make([]*Report, len(ds))
	errs := make([]error, len(ds))
	worst := 0
	for i := range ds {
		reports[i], errs[i] = ds[i].answer(ctx, a)
		reports[i].Demand = ds[i].Name
		if badness(reports[i].Verdict) > badness(reports[worst].Verdict) {
			worst = i
		}
	}
	for i, r := range reports {
		if i != worst {
			reports[worst].Also = append(reports[worst].Also, r)
		}
	}
	return reports[worst], errs[worst]
}

func (d *Demand) answer(ctx context.Context, a *Artifact) (*Report, error) {
	if d.Err == nil || a == nil || a.content == nil {
		return d.Verifier.Verify(ctx, a, d.Policy)
	}
	return Demands{*d}.undecided(a, d.Err)
}

// prepared plans for all of them what the one read has to yield. One that cannot
// be planned is undecided.
func (ds Demands) prepared(ctx context.Context, a *Artifact) Demands {
	if a == nil || a.content == nil || len(ds) == 1 {
		return ds // Verify does it, or says what is wrong
	}
	out := slices.Clone(ds)
	for i := range out {
		if d := &out[i]; d.Err == nil && d.Policy != nil {
			d.Err = d.Verifier.Prepare(ctx, a, d.Policy)
		}
	}
	return out
}

func (ds Demands) undecided(a *Artifact, err error) (*Report, error) {
	r := &Report{Artifact: ArtifactInfo{Name: a.Name(), Kind: a.Kind(), Size: a.Size()}, Demand: ds[0].Name}
	r.undecided(err)
	return r, fmt.Errorf("could not decide on %s: %w", Printable(a.Name()), err)
}

// badness orders verdicts: no, then "could not tell", then yes.
func badness(v Verdict) int {
	switch v {
	case Allow:
		return 0
	case Deny:
		return 2
	default:
		return 1
	}
}
