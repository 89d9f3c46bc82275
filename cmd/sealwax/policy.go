// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/gate/choose"
	"github.com/sealwax/sealwax/policy"
)

func (a *app) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "check, show and try out policy files",
		Long: `A policy file says which artifacts it speaks of, who signs them, and what it takes:
sealwax help policies. These commands say what a file comes to before it decides anything.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.policyCheckCommand(), a.policyShowCommand(), a.policyTestCommand())
	return c
}

func (a *app) policyCheckCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "check [FILE...]",
		Short: "find what a policy says and cannot mean",
		Long: `Check reads policy files, and looks for rules that nothing reaches, thresholds that nobody can
meet, publishers that are unknown or go stale, and names that nobody asks for. Without a FILE
it checks the policies in force: the system's and yours.

Exit codes: 0 nothing wrong (there may be warnings), 1 something is, 2 not a policy file,
3 a file could not be read.`,
		Example: `  sealwax policy check two-of-three.toml
  sealwax policy check                        # those in force`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.policyCheck(c.Context(), args, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON for each file (docs/schema/policy-check-v1.json)")
	return c
}

// inJSON says an error in JSON as well, where that is asked for and the command
// has not answered yet.
func (a *app) inJSON(asJSON bool, err error) error {
	answered := (*exitError)(nil)
	if err != nil && asJSON && (!errors.As(err, &answered) || answered.err != nil) {
		a.sayError(err)
	}
	return err
}

// policyFiles reads the files named, or those in force.
func (a *app) policyFiles(paths []string) ([]*policy.File, error) {
	var out []*policy.File
	for _, path := range paths {
		f, err := readPolicy(path)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	if len(paths) > 0 {
		return out, nil
	}
	var c choose.Chooser
	if err := a.policies(&policyOptions{}, &c); err != nil {
		return nil, err
	}
	for _, f := range []*policy.File{c.System, c.User} {
		if f != nil {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		a.note("no policy is in force: neither the system's nor yours is there (sealwax help policies)")
	}
	return out, nil
}

// readPolicy reads a policy that the user named. What is wrong in it is used
// wrongly; that something beside it cannot be read is not.
func readPolicy(path string) (*policy.File, error) {
	f, err := policy.Load(path)
	if wrong := (*policy.Error)(nil); errors.As(err, &wrong) && !errors.Is(err, policy.ErrBeside) {
		return nil, withCode(exitUsage, err)
	}
	if err != nil {
		return nil, withCode(exitUndecided, err)
	}
	return f, nil
}

// policyChooser judges by a policy file alone, and by whom the user knows.
func (a *app) policyChooser(f *policy.File) (*choose.Chooser, error) {
	store, err := a.store()
	if err != nil {
		return nil, err
	}
	return &choose.Chooser{Formats: format.All(), Now: a.now, Store: store, User: f}, nil
}

// policyCheck says of every file what is wrong with it, also of those behind one
// that cannot be read.
func (a *app) policyCheck(ctx context.Context, paths []string, asJSON bool) error {
	var outcomes []outcome
	check := func(paths ...string) {
		files, err := a.policyFiles(paths)
		errs := []error{err}
		for _, f := range files {
			errs = append(errs, a.checkPolicy(ctx, f, asJSON))
		}
		for _, err := range errs {
			a.report(a.inJSON(asJSON, err))
			outcomes = append(outcomes, outcome{err: err})
		}
	}
	if len(paths) == 0 {
		check()
	}
	for _, path := range paths {
		check(path)
	}
	return summary(outcomes)
}

// checkPolicy says what is wrong with a file that could be read.
func (a *app) checkPolicy(ctx context.Context, f *policy.File, asJSON bool) error {
	c, err := a.policyChooser(f)
	if err != nil {
		return err
	}
	problems := policy.Check(f, c.Facts(ctx, f))
	if err := a.sayProblems(f, problems, asJSON); err != nil {
		return err
	}
	if slices.ContainsFunc(problems, func(p policy.Problem) bool { return p.Severity == sealwax.SeverityError }) {
		return &exitError{code: exitNo}
	}
	return nil
}

func (a *app) sayProblems(f *policy.File, problems []policy.Problem, asJSON bool) error {
	if asJSON {
		if problems == nil {
			problems = []policy.Problem{}
		}
		return a.sayObject(struct {
			Schema   string           `json:"schema"`
			File     string           `json:"file"`
			Digest   string           `json:"digest"`
			Problems []policy.Problem `json:"problems"`
		}{"sealwax.policy-check/v1", f.Name, f.Digest, problems})
	}
	for _, p := range problems {
		a.say("%s", p)
	}
	if len(problems) == 0 {
		a.say("%s: %s, and nothing wrong", sealwax.Printable(f.Name), plural(len(f.Rules), "rule"))
	}
	return nil
}

// sayObject prints one object as a line of JSON.
func (a *app) sayObject(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	a.page(printableJSON(line))
	return nil
}

func (a *app) policyShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show [FILE...]",
		Short: "spell out what a policy comes to, with the origin of each line",
		Long: `Show prints every rule with all that it takes, defaults included, and where each line is
written. Without a FILE it shows the policies in force, the system's before yours: an artifact
must pass both.`,
		Example: `  sealwax policy show two-of-three.toml
  sealwax policy show                         # those in force`,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.inJSON(asJSON, a.policyShow(args, asJSON))
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON for each file (docs/schema/policy-v1.json)")
	return c
}

func (a *app) policyShow(paths []string, asJSON bool) error {
	files, err := a.policyFiles(paths)
	if err != nil {
		return err
	}
	for i, f := range files {
		if asJSON {
			if err := a.sayObject(struct {
				Schema string        `json:"schema"`
				File   string        `json:"file"`
				Digest string        `json:"digest"`
				Lines  []policy.Line `json:"lines"`
			}{"sealwax.policy/v1", f.Name, f.Digest, f.Show()}); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			a.say("")
		}
		a.say("%s  %s", sealwax.Printable(f.Name), f.Digest)
		a.showPolicy(f.Show())
	}
	return nil
}

// showPolicy prints where each line comes from and then what it says.
func (a *app) showPolicy(lines []policy.Line) {
	width := 0
	for _, l := range lines {
		width = max(width, len([]rune(l.Origin)))
	}
	for _, l := range lines {
		a.say("%s%s  %s", l.Origin, strings.Repeat(" ", width-len([]rune(l.Origin))), l.Text)
	}
}

func (a *app) policyTestCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "test FILE CASES",
		Short: "judge a table of artifacts, and compare with what is expected",
		Long: `Test judges each artifact of a table under the policy FILE alone (not the system's) and says
where the answer is another than the table expects. A line of CASES is one case:

  allow                app-1.0.wasm
  deny                 app-1.0.wasm  other.minisig   # this signature, none of those beside it
  deny:signer.unknown  "an app.wasm"
  undecided            gone.wasm
  rule:release         oci:ghcr.io/acme/app  module  # this rule would decide
  no-rule              something.txt

Paths are relative to the folder of CASES. Exit codes: 0 all as expected, 1 some are not,
2 not a policy file or not a table, 3 a file could not be read.`,
		Example: `  sealwax policy test two-of-three.toml cases.txt`,
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.inJSON(asJSON, a.policyTest(c.Context(), args[0], args[1], asJSON))
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON for each case (docs/schema/policy-test-v1.json)")
	return c
}

// readCases reads a table of cases, and one byte more than it may have if there
// is more: who reads it says what is too much.
func readCases(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the cases: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, policy.MaxCasesBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the cases: %w", err)
	}
	return data, nil
}

func (a *app) policyTest(ctx context.Context, path, table string, asJSON bool) error {
	f, err := readPolicy(path)
	if err != nil {
		return err
	}
	data, err := readCases(table)
	if err != nil {
		return err
	}
	cases, err := policy.ParseCases(table, data)
	if err != nil {
		return withCode(exitUsage, err)
	}
	chooser, err := a.policyChooser(f)
	if err != nil {
		return err
	}
	t := &policyTrial{app: a, file: f, chooser: chooser, folder: filepath.Dir(table)}
	failed := 0
	for i := range cases {
		r := t.try(ctx, &cases[i])
		if !r.AsExpected {
			failed++
		}
		if err := a.sayTrial(table, &cases[i], r, asJSON); err != nil {
			return err
		}
	}
	if failed > 0 {
		a.note("%d of %s not as expected", failed, plural(len(cases), "case"))
		return &exitError{code: exitNo}
	}
	return nil
}
