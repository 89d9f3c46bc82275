// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// What the statements of a trailer's claim are called, and their values.
const (
	fieldKind          = "kind"
	fieldLength        = "length"
	fieldEngine        = "engine"
	fieldEngineVersion = "engine-version"
	fieldBinding       = "binding"
	fieldLibrary       = "library"
	fieldTarget        = "target"
)

// judgeNative asks the demands about native code. "A detached signature never
// opens run or exec": nothing that lies beside the file is looked at. Whatever
// the policies say, somebody in the role native must count under each of them;
// vouches says which claims do. What a policy refuses and only warns of, nobody has
// vouched for: another policy has to let it pass.
func judgeNative(ctx context.Context, ds sealwax.Demands, a *sealwax.Artifact, vouches func(*sealwax.Claim) bool) (*sealwax.Report, error) {
	report, err := strictest(ds).Verify(ctx, a.Beside())
	if err != nil {
		return report, err
	}
	enforced := 0
	for _, r := range report.All() {
		if r.Warned {
			continue
		}
		enforced++
		if !slices.ContainsFunc(r.Counted, vouches) {
			return report, refuse(report, sealwax.CodeSignerRole, "native code runs only if a signature in the file itself, by somebody who is trusted for %q, counts; %s asks for none", sealwax.RoleNative, asker(r))
		}
	}
	if enforced == 0 {
		return report, refuse(report, sealwax.CodePolicyUnmet, "native code does not run because a policy only warns, and every policy here refuses it and only warns")
	}
	return report, nil
}

func asker(r *sealwax.Report) string {
	if r.Demand == "" {
		return "the policy"
	}
	return r.Demand
}

// strictest are the demands as this gate holds native code to them: no leave for
// uncovered parts, and none for compiled code without a source.
func strictest(ds sealwax.Demands) sealwax.Demands {
	return ds.With(func(p *sealwax.Policy) { p.Prefix, p.AnySource = false, false })
}

// isNative reports whether a claim is a trailer's own signature, the one format that
// opens this gate for native code, by somebody in the role native, on all of an
// artifact that it says is of the kind.
func isNative(c *sealwax.Claim, kind sealwax.Kind) bool {
	return c.Format == trailer.Name && c.Role == sealwax.RoleNative && c.By.Role == sealwax.RoleNative &&
		c.Covers.Whole && one(c, fieldKind) == string(kind)
}

// one is the value that the claim states under a name, or "" if it states none or
// several.
func one(c *sealwax.Claim, name string) string {
	if v := c.Values(name); len(v) == 1 {
		return v[0]
	}
	return ""
}

// refuse makes the report a refusal for one more reason.
func refuse(r *sealwax.Report, code sealwax.Code, format string, args ...any) error {
	r.Verdict = sealwax.Deny
	r.Findings = append(r.Findings, sealwax.Finding{
		Code: code, Severity: sealwax.SeverityError, Final: true,
		Message: sealwax.Printable(fmt.Sprintf(format, args...)),
	})
	return &sealwax.DeniedError{Report: r}
}

// refuseKind is the refusal of what has no business at this door.
func refuseKind(a *sealwax.Artifact, why string) (*sealwax.Report, error) {
	return sealwax.Refuse(a.Name(), a, sealwax.CodeArtifactKind, why)
}

// kept writes a decision down, if that is asked for. What cannot be kept is not
// done.
func kept(record func(*sealwax.Report) error, report *sealwax.Report, err error) error {
	if record == nil {
		return err
	}
	if unkept := record(report); unkept != nil {
		return errors.Join(err, unkept)
	}
	return err
}

// heldBytes are the artifact's bytes, if nobody can change them any more.
func heldBytes(a *sealwax.Artifact) (*sealedmem.File, error) {
	held, ok := a.Content().(*sealedmem.File)
	if !ok {
		return nil, fmt.Errorf("handing on %s: %w", sealwax.Printable(a.Name()), ErrNotHeld)
	}
	return held, nil
}
