// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/trust"
)

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor [KEY...]",
		Short: "see whether all is in order, and how to mend what is not",
		Long: `Doctor looks at the clock, at who may read the secret keys (minisign's and rsign's own places,
and each KEY), at the folders of pins, blocks and publishers and every file in them, at the
policies in force, at publishers that go stale, at the decision log, at the compile cache, at the
environment, and at the helpers (sealwax-NAME) and their versions. It changes nothing.

One line says one thing: "ok", "warn", or "fix" with what to do. Exit codes: 0 nothing has to be
fixed, 3 something has to.`,
		Example: `  sealwax doctor
  sealwax doctor maker.key                    # and who may read this key`,
		RunE: func(c *cobra.Command, args []string) error { return a.doctor(c.Context(), args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one object as JSON")
	return c
}

// The words that a line of the doctor's begins with.
const (
	isOK   = "ok"
	isWarn = "warn"
	isFix  = "fix"
)

// symptom is one line of the doctor's.
type symptom struct {
	Status string `json:"status"`
	What   string `json:"what"`
	Text   string `json:"text"`
	Fix    string `json:"fix,omitempty"` // an imperative sentence without a full stop
}

// patient is who is looked at.
type patient struct {
	*app
	found []symptom
}

func (p *patient) ok(what, format string, args ...any) {
	p.add(symptom{isOK, what, fmt.Sprintf(format, args...), ""})
}

func (p *patient) warn(what, fix, format string, args ...any) {
	p.add(symptom{isWarn, what, fmt.Sprintf(format, args...), fix})
}

func (p *patient) fix(what, fix, format string, args ...any) {
	p.add(symptom{isFix, what, fmt.Sprintf(format, args...), fix})
}

// add notes a symptom once: two looks may find the same.
func (p *patient) add(s symptom) {
	if !slices.Contains(p.found, s) {
		p.found = append(p.found, s)
	}
}

// errors notes what is wrong, each part of a joined error for itself, and reports
// whether anything was. fix is for errors that do not know their own.
func (p *patient) errors(what, fix string, err error) bool {
	if err == nil {
		return false
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, part := range many.Unwrap() {
			p.errors(what, fix, part)
		}
		return true
	}
	stored, unsafe, written := (*trust.FileError)(nil), (*safefile.Error)(nil), (*policy.Error)(nil)
	switch {
	case errors.As(err, &written):
		p.add(ofPolicy(written))
	case errors.As(err, &stored):
		p.fix(stored.Path, stored.Fix, "%v", stored.Err)
	case errors.As(err, &unsafe):
		p.fix(unsafe.Path, unsafe.Fix, "%v", unsafe.Err)
	default:
		p.fix(what, fix, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return true
}

// ofPolicy is what is wrong in a policy. Of a file that it names and that cannot be
// read, the policy's error says why in the place of what to do.
func ofPolicy(e *policy.Error) symptom {
	where := fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	if errors.Is(e, policy.ErrBeside) {
		return symptom{isFix, where, e.Problem + ": " + e.Fix, "put that file there so that it can be read, or correct this line"}
	}
	return symptom{isFix, where, e.Problem, cmp.Or(e.Fix, "correct it")}
}

func (a *app) doctor(ctx context.Context, keys []string, asJSON bool) error {
	p := &patient{app: a}
	p.clock()
	p.environment()
	p.network()
	p.folders()
	p.compileCache()
	p.store(ctx)
	p.keys(keys)
	p.policies(ctx)
	p.helpers(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	ill := slices.ContainsFunc(p.found, func(s symptom) bool { return s.Status == isFix })
	if err := a.sayFound(p.found, !ill, asJSON); err != nil {
		return err
	}
	if ill {
		return &exitError{code: exitUndecided}
	}
	return nil
}

func (a *app) sayFound(found []symptom, ok, asJSON bool) error {
	if asJSON {
		return a.sayObject(struct {
			Schema string    `json:"schema"`
			OK     bool      `json:"ok"`
			Checks []symptom `json:"checks"`
		}{"sealwax.doctor/v1", ok, found})
	}
	for _, s := range found {
		if s.Fix == "" {
			a.say("%-4s  %s: %s", s.Status, s.What, s.Text)
		} else {
			a.say("%-4s  %s: %s: %s", s.Status, s.What, s.Text, s.Fix)
		}
	}
	return nil
}
