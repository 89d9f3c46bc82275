// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/internal/filelock"
	"github.com/sealwax/sealwax/internal/folders"
	"github.com/sealwax/sealwax/internal/pattern"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/trust/publisher"
)

func (a *app) publisherCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "publisher",
		Short: "be somebody whom others pin once: keys that rotate, end and recover",
		Long: `A publisher is a file of small signed documents that says which keys sign for you, how many it
takes, which are lost or stolen, and which artifacts you took back. Others pin it once; when you
replace a key, they follow without a question.

Root keys sign the documents and nothing else. Release keys sign artifacts. The next root keys are
committed to by their fingerprints before anybody needs them: with them you replace the root, also
one that was stolen.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.publisherInitCommand(), a.alone(a.publisherAddKeyCommand()), a.alone(a.publisherRotateCommand()),
		a.alone(a.publisherRetireCommand()), a.alone(a.publisherRevokeCommand()), a.alone(a.publisherEndorseCommand()),
		a.alone(a.publisherRecoverCommand()), a.publisherShowCommand(), a.publisherVerifyCommand(), a.publisherExportCommand(),
		a.publisherProveCommand(), a.alone(a.publisherProposeCommand()), a.alone(a.publisherApproveCommand()),
	)
	return c
}

// alone lets nobody else on this machine change the same publisher's file while a
// command does: two documents that follow the same one are a fork, and of two
// approvals at once one would be lost. The lock is in the state folder, so that
// nothing is left beside the file.
func (a *app) alone(c *cobra.Command) *cobra.Command {
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		lock, err := a.lockFile(c.Context(), args[0])
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, lock.Release()) }()
		return run(c, args)
	}
	return c
}

func (a *app) lockFile(ctx context.Context, file string) (*filelock.Lock, error) {
	ctx, stop := a.interruptible(ctx)
	defer stop()
	state, err := folders.State(a.getenv)
	if err != nil {
		return nil, fmt.Errorf("finding the state folder: %w", err)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // one file under two names is one file
	}
	dir := filepath.Join(state, "locks")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder for locks: %w", err)
	}
	return filelock.Acquire(ctx, filepath.Join(dir, strings.TrimPrefix(publisher.Digest([]byte(path)), "sha256:")))
}

// documentFlags are the flags of every command that makes a document.
type documentFlags struct {
	root       []string
	thresholds []string
	stale      string
	passwords  *passwords
	// loaded are the root's signers, if they are read already: a password is
	// asked for once.
	loaded []key.Signer
}

func (o *documentFlags) add(a *app, f *pflag.FlagSet) {
	f.StringArrayVar(&o.root, "root", nil, "a root `SECRET`: a key file or ssh-agent:NAME; repeats")
	o.addTerms(f)
	o.passwords = a.passwordFlags(f)
}

// addTerms are those that say what the document says, and not who signs it.
func (o *documentFlags) addTerms(f *pflag.FlagSet) {
	f.StringArrayVar(&o.thresholds, "threshold", nil, "how many keys of a role it takes: `ROLE=N,...`; next=N is for the next root")
	f.StringVar(&o.stale, "stale", "365d", "until when it should be believed to be the newest: a time, a date, or how long (`WHEN`)")
}

// roleNext stands for the next root keys in --threshold.
const roleNext sealwax.Role = "next"

// parseThresholds reads --threshold root=2,release=1.
func parseThresholds(args []string) (map[sealwax.Role]int, error) {
	out := map[sealwax.Role]int{}
	for _, arg := range args {
		for _, pair := range splitCommas(arg) {
			role, number, _ := strings.Cut(pair, "=")
			n, err := strconv.Atoi(number)
			if err != nil || n < 1 || role == "" {
				return nil, usagef("", "--threshold %q: want ROLE=N, such as root=2", pair)
			}
			if _, twice := out[sealwax.Role(role)]; twice {
				return nil, usagef("", "--threshold says %q twice", role)
			}
			out[sealwax.Role(role)] = n
		}
	}
	return out, nil
}

// setThresholds changes those of a draft, in one order.
func setThresholds(d *publisher.Draft, thresholds map[sealwax.Role]int) {
	for _, role := range slices.Sorted(maps.Keys(thresholds)) {
		d.Threshold(role, thresholds[role])
	}
}

// takeNext is the threshold of the next root keys, which is no role of a draft:
// as many as the root takes, if there are so many.
func takeNext(thresholds map[sealwax.Role]int, root, keys int) int {
	n, ok := thresholds[roleNext]
	delete(thresholds, roleNext)
	if !ok {
		return max(1, min(root, keys))
	}
	return n
}

// staleAt is until when a document should be believed.
func (o *documentFlags) staleAt(now time.Time) (time.Time, error) {
	t, err := parseMoment(o.stale, now)
	if err != nil {
		return t, usagef("", "--stale %q: want a time (2030-01-31T00:00:00Z), a date (2030-01-31) or how long (365d)", o.stale)
	}
	if !t.After(now) {
		return t, usagef("", "--stale %s is past already", o.stale)
	}
	return t, nil
}

// readPublisher reads a publisher's file, every rule and signature of it.
func (a *app) readPublisher(path string) (*publisher.Chain, error) {
	data, err := readFileUpTo(path, publisher.MaxChainBytes)
	if err != nil {
		return nil, err
	}
	if publisher.RecogniseProposal(data) {
		return nil, usagef("sealwax publisher approve FILE.publisher   signs it", "%s is a proposal, which not all have signed", path)
	}
	c, err := publisher.ParseChain(data)
	if err != nil {
		return nil, ruleError(path, err)
	}
	return c, nil
}

// ruleError is "no", by the code of the rule that is broken.
func ruleError(path string, err error) error {
	out := &exitError{code: exitNo, err: fmt.Errorf("%s: %w", path, err)}
	if rule, ok := errors.AsType[*publisher.RuleError](err); ok {
		out.err = fmt.Errorf("%s: %s: %w", path, rule.Code, err)
		out.hint = "sealwax explain " + string(rule.Code)
	}
	return out
}

// draftError is for a document that cannot be made: the user asked for something
// that the rules do not let pass.
func draftError(err error) error {
	own := (*exitError)(nil)
	switch rule, ok := errors.AsType[*publisher.RuleError](err); {
	case errors.As(err, &own), errors.Is(err, key.ErrPasswordNeeded), errors.Is(err, context.Canceled):
		return err
	case ok:
		return &exitError{code: exitUsage, err: err, hint: "sealwax explain " + string(rule.Code)}
	}
	return withCode(exitUsage, err)
}

// signers are the secrets that flags name, each once.
func (a *app) signers(ctx context.Context, args []string, pw *passwords) ([]key.Signer, error) {
	var out []key.Signer
	for _, arg := range args {
		if arg == "" {
			return nil, usagef("is a variable unset?", "a key is given, and empty")
		}
		s, err := a.signer(ctx, arg, pw)
		if err != nil {
			return nil, err
		}
		for _, other := range out {
			if other.Public().Equal(s.Public()) {
				return nil, usagef("", "%s is given twice: one key signs once", s.Public())
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// publics are the keys that flags name: one or more of each file.
func (a *app) publics(ctx context.Context, args []string) ([]key.Public, error) {
	var out []key.Public
	for _, arg := range args {
		keys, err := a.publicKeys(ctx, arg)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			out = append(out, k.Public)
		}
	}
	return out, nil
}

// onePublic is the one key that a flag names: a public key, or the public half of
// a secret one that is at hand.
func (a *app) onePublic(ctx context.Context, flag, arg string) (key.Public, error) {
	if arg == "" {
		return key.Public{}, usagef("", "%s PUBLIC says which key, and is not given", flag)
	}
	keys, err := a.publicKeys(ctx, arg)
	if err != nil {
		return key.Public{}, err
	}
	if len(keys) != 1 {
		return key.Public{}, usagef("name one of them", "%s %s lists %d keys", flag, arg, len(keys))
	}
	return keys[0].Public, nil
}

func fingerprints(keys []key.Public) []key.Fingerprint {
	out := make([]key.Fingerprint, len(keys))
	for i, k := range keys {
		out[i] = k.Fingerprint()
	}
	return out
}

// signDraft lets all of them sign.
func signDraft(ctx context.Context, d *publisher.Draft, signers ...key.Signer) error {
	for _, s := range signers {
		if err := d.Sign(ctx, s); err != nil {
			return draftError(err)
		}
	}
	return nil
}

// finishDraft is the chain with the document, or says who still has to sign it.
func finishDraft(d *publisher.Draft, file string) (*publisher.Chain, error) {
	needs, err := d.Missing()
	if err != nil {
		return nil, draftError(err)
	}
	if len(needs) > 0 {
		return nil, usagef(
			"several people sign in turn with: sealwax publisher propose "+shellWord(file)+", then sealwax publisher approve "+shellWord(file),
			"not all have signed who have to:%s", needsText(needs))
	}
	c, err := d.Finish()
	if err != nil {
		return nil, draftError(err)
	}
	return c, nil
}

// needsText lists who still has to sign.
func needsText(needs []publisher.Need) string {
	var b strings.Builder
	for _, n := range needs {
		fmt.Fprintf(&b, "\n%d more of %s:", n.More, n.Why)
		for _, f := range n.Keys {
			b.WriteString(" " + string(f))
		}
	}
	return b.String()
}

// writePublisher writes a publisher's file whole.
func writePublisher(path string, c *publisher.Chain, replace bool) error {
	return atomicfile.WriteFile(path, c.Marshal(), atomicfile.Options{Mode: atomicfile.Public, Replace: replace})
}

// change makes the next document of a publisher's file: what edits it, then the
// signatures, then the file.
func (a *app) change(ctx context.Context, file string, o *documentFlags, also []key.Signer, edit func(d *publisher.Draft) error) (*publisher.Chain, error) {
	chain, err := a.readPublisher(file)
	if err != nil {
		return nil, err
	}
	if len(o.root) == 0 {
		return nil, usagef("--root SECRET signs the new document", "a document is signed by root keys, and --root is not given")
	}
	stale, err := o.staleAt(a.now())
	if err != nil {
		return nil, err
	}
	thresholds, err := parseThresholds(o.thresholds)
	if err != nil {
		return nil, err
	}
	d := chain.Draft(a.now(), stale)
	if err := edit(d); err != nil {
		return nil, err
	}
	setThresholds(d, thresholds)
	if _, err := d.Text(); err != nil { // before any password is asked for
		return nil, draftError(err)
	}
	if o.loaded == nil {
		if o.loaded, err = a.signers(ctx, o.root, o.passwords); err != nil {
			return nil, err
		}
	}
	also = slices.DeleteFunc(also, func(s key.Signer) bool { return chain.Lists(s.Public()) }) // it signed then
	if err := signDraft(ctx, d, append(also, o.loaded...)...); err != nil {
		return nil, err
	}
	longer, err := finishDraft(d, file)
	if err != nil {
		return nil, err
	}
	if err := a.stillEndsWith(file, chain); err != nil {
		return nil, err
	}
	return longer, writePublisher(file, longer, true)
}

// stillEndsWith refuses to write over what somebody else made of the file while
// a password was typed or a device was touched: two documents that follow the
// same one are a fork for everybody who has seen both.
func (a *app) stillEndsWith(file string, c *publisher.Chain) error {
	now, err := a.readPublisher(file)
	if err != nil {
		return err
	}
	if now.HeadDigest() != c.HeadDigest() {
		return &exitError{code: exitUndecided, err: fmt.Errorf("%s was changed by somebody else meanwhile, and is left as it is", file), hint: "run the command again"}
	}
	return nil
}

// changed says what became of the file.
func (a *app) changed(file string, c *publisher.Chain, what string) {
	a.say("%s: document %d of %s: %s", file, c.Len()-1, c.Name(), what)
	a.say("publish the file; whoever pinned you runs: sealwax trust update %s FILE|URL", c.Name())
}

// parseLimits reads --limit ROLE=PATTERN.
func parseLimits(args []string) ([]publisher.Limit, error) {
	var out []publisher.Limit
	for _, arg := range args {
		role, glob, ok := strings.Cut(arg, "=")
		if !ok {
			return nil, usagef("", "--limit %q: want ROLE=PATTERN, such as release='acme-*'", arg)
		}
		p, err := pattern.Parse(glob)
		if err != nil {
			return nil, withCode(exitUsage, fmt.Errorf("--limit: %w", err))
		}
		out = append(out, publisher.Limit{Role: sealwax.Role(role), Pattern: p})
	}
	return out, nil
}
