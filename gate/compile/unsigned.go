// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile

import (
	"context"

	"github.com/sealwax/sealwax"
)

// Unsigned reports whether a refusal says no more than that nobody who is known
// has signed: whether [Gate.AllowUnsigned] lifts it.
func (g *Gate) Unsigned(ctx context.Context, report *sealwax.Report) bool {
	return isUnsigned(ctx, whole(g.Demands), report)
}

// isUnsigned reports whether each refusal in the report says no more than that
// nobody who is known has signed: what [Gate.AllowUnsigned] lifts.
func isUnsigned(ctx context.Context, ds sealwax.Demands, report *sealwax.Report) bool {
	if report.Verdict != sealwax.Deny {
		return false
	}
	// What is demanded beside signers is no matter of nobody having signed, and is
	// not even looked at where nobody has.
	for _, d := range ds {
		if p := d.Policy; p != nil && (len(p.Require) > 0 || p.Kind != "" && p.Kind != report.Artifact.Kind) {
			return false
		}
	}
	known := knowsSomebody(ctx, ds)
	for _, r := range report.All() {
		switch r.Verdict {
		case sealwax.Allow:
		case sealwax.Deny:
			if !unsignedOnly(r, known) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// unsignedOnly reports whether all reasons of a refusal are that nothing was
// signed or, where nobody is known for the source, that it was by nobody known:
// such a signature cannot be checked, and says as much as none.
func unsignedOnly(r *sealwax.Report, known bool) bool {
	for _, f := range r.Findings {
		switch {
		case f.Severity != sealwax.SeverityError:
		case f.Code == sealwax.CodeSignatureNone:
		case f.Code == sealwax.CodePolicyUnmet: // counts what the others name
		case known || !isStrangers(f.Code):
			return false
		}
	}
	return len(r.Counted) == 0
}

// isStrangers reports whether a finding says of a signature that nobody is known
// who could have made it. Legacy ones and those in other formats are set aside
// before anybody is asked.
func isStrangers(c sealwax.Code) bool {
	return c == sealwax.CodeSignerUnknown || c == sealwax.CodeSignatureLegacy || c == sealwax.CodeSignatureUnknownForm
}

// knowsSomebody reports whether any demand knows somebody who could have signed
// the source. Where that cannot be told, somebody is.
func knowsSomebody(ctx context.Context, ds sealwax.Demands) bool {
	for _, d := range ds {
		if d.Verifier.Trust == nil {
			continue
		}
		if anchors, err := d.Verifier.Trust.Anchors(ctx, sealwax.Hint{}); err != nil || len(anchors) > 0 {
			return true
		}
	}
	return false
}

// softened are the demands as policies that only warn.
func softened(ds sealwax.Demands) sealwax.Demands {
	return ds.With(func(p *sealwax.Policy) { p.Warn = true })
}
