// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/trust/publisher"
)

// proposalOf is the file of what is proposed for a publisher's file.
func proposalOf(file string) string { return file + ".proposal" }

// proposeOptions say what the next document changes. They are the flags of the
// commands for single changes, together.
type proposeOptions struct {
	endOptions
	secrets, addKeys, ends []string
	role                   string
	next                   []string
	rotate, recover        []string
	endorse, limits        []string
	document               string
	force                  bool
}

func (a *app) publisherProposeCommand() *cobra.Command {
	o := &proposeOptions{}
	c := &cobra.Command{
		Use:   "propose FILE.publisher --root SECRET [CHANGES]",
		Short: "begin a document that several people sign in turn",
		Long: `Propose writes FILE.publisher.proposal: the next document, with your signature. The others sign it
with sealwax publisher approve, each in turn, with files, agents, or minisign itself. When all have
signed who have to, FILE.publisher holds the longer chain.

Without changes the document says what the last one said, with a new date.`,
		Example: `  sealwax publisher propose acme.publisher --root a.key --add-key ci.pub --role release
  sealwax publisher propose acme.publisher --root a.key --end ci.pub --reason lost
  sealwax publisher propose acme.publisher --root a.key --rotate next-1.pub --rotate next-2.pub --next later.pub`,
		Args: cobra.ExactArgs(1),
	}
	f := c.Flags()
	o.add(a, f)
	f.StringArrayVar(&o.secrets, "key", nil, "sign with another `SECRET` too, as a key that is added; repeats")
	f.StringArrayVar(&o.addKeys, "add-key", nil, "list a `PUBLIC` key; repeats")
	f.StringVar(&o.role, "role", string(sealwax.RoleRelease), "the `ROLE` of the keys that are added")
	f.StringArrayVar(&o.ends, "end", nil, "end a `PUBLIC` key, for the --reason; repeats")
	f.StringVar(&o.reason, "reason", string(publisher.Retired), "what became of keys that end: `WHY`, retired, lost or compromised")
	f.StringVar(&o.since, "compromised-since", "", "when others may first have had them (default: always): `TIME`")
	f.StringArrayVar(&o.rotate, "rotate", nil, "make a committed `PUBLIC` key the root; repeats")
	f.StringArrayVar(&o.recover, "recover", nil, "the same without the old root; repeats: `PUBLIC`")
	f.StringArrayVar(&o.next, "next", nil, "with --rotate or --recover: a `PUBLIC` key to commit to; repeats")
	f.StringArrayVar(&o.endorse, "endorse", nil, "vouch for an `ARTIFACT`; repeats")
	f.StringVar(&o.artifact, "artifact", "", "take back an `ARTIFACT`, for the reason in --why")
	f.StringVar(&o.why, "why", "", "the reason for people, with --artifact: `TEXT`")
	f.StringArrayVar(&o.limits, "limit", nil, "a role may sign only what matches: `ROLE=PATTERN`; repeats")
	f.StringVar(&o.document, "document", "", "write the document's text to `FILE` too, for signing it with minisign")
	f.BoolVar(&o.force, "force", false, "replace a proposal that is there")
	c.RunE = a.careful(func(ctx context.Context, args []string) error {
		if err := o.checkIdle(f.Changed); err != nil {
			return err
		}
		return a.propose(ctx, args[0], o)
	})
	return c
}

// checkIdle refuses what would say nothing: a word that goes with another that
// is not there.
func (o *proposeOptions) checkIdle(set func(flag string) bool) error {
	for _, w := range []struct {
		flag, with string
		there      bool
	}{
		{"role", "--add-key", len(o.addKeys) > 0},
		{"reason", "--end or --recover", len(o.ends)+len(o.recover) > 0},
		{"compromised-since", "--end or --recover", len(o.ends)+len(o.recover) > 0},
		{"why", "--artifact", o.artifact != ""},
		{"next", "--rotate or --recover", len(o.rotate)+len(o.recover) > 0},
	} {
		if set(w.flag) && !w.there {
			return usagef("", "--%s goes with %s", w.flag, w.with)
		}
	}
	if len(o.ends) > 0 && len(o.recover) > 0 {
		return usagef("one first, then the other", "--end and --recover are both given, and --reason is for one")
	}
	return nil
}

func (a *app) propose(ctx context.Context, file string, o *proposeOptions) error {
	chain, err := a.readPublisher(file)
	if err != nil {
		return err
	}
	if err := free(proposalOf(file), o.force); err != nil {
		return err
	}
	stale, err := o.staleAt(a.now())
	if err != nil {
		return err
	}
	d := chain.Draft(a.now(), stale)
	if err := a.applyProposal(ctx, d, o); err != nil {
		return err
	}
	text, err := d.Text()
	if err != nil {
		return draftError(err)
	}
	signers, err := a.signers(ctx, slices.Concat(o.secrets, o.root), o.passwords)
	if err != nil {
		return err
	}
	if err := signDraft(ctx, d, signers...); err != nil {
		return err
	}
	if o.document != "" {
		if err := atomicfile.WriteFile(o.document, text, atomicfile.Options{Mode: atomicfile.Public, Replace: o.force}); err != nil {
			return err
		}
		if err := a.sayMinisign(d, o.document); err != nil {
			return err
		}
	}
	return a.putDraft(d, file, o.force)
}

// sayMinisign prints how the document is signed with minisign.
func (a *app) sayMinisign(d *publisher.Draft, document string) error {
	comment, err := d.Comment()
	if err != nil {
		return err
	}
	a.say("minisign -S -H -m %s -s KEY -t '%s'", shellWord(document), comment)
	return nil
}

// applyProposal makes the changes that the flags ask for.
func (a *app) applyProposal(ctx context.Context, d *publisher.Draft, o *proposeOptions) error {
	thresholds, err := parseThresholds(o.thresholds)
	if err != nil {
		return err
	}
	next := takeNext(thresholds, d.Document().Next.Threshold, len(o.next))
	for _, step := range []func() error{
		func() error { return a.proposeKeys(ctx, d, o) },
		func() error { setThresholds(d, thresholds); return nil },
		func() error { return a.proposeEnds(ctx, d, o) },
		func() error { return a.proposeRoot(ctx, d, o, next) },
		func() error { return a.proposeArtifacts(ctx, d, o) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) proposeKeys(ctx context.Context, d *publisher.Draft, o *proposeOptions) error {
	added, err := a.publics(ctx, o.addKeys)
	if err != nil {
		return err
	}
	for _, k := range added {
		d.AddKey(sealwax.Role(o.role), k)
	}
	limits, err := parseLimits(o.limits)
	for _, l := range limits {
		d.Limit(l.Role, l.Pattern)
	}
	return err
}

func (a *app) proposeEnds(ctx context.Context, d *publisher.Draft, o *proposeOptions) error {
	if len(o.ends) == 0 {
		return nil
	}
	status, since, err := o.end(a.now())
	if err != nil {
		return err
	}
	ended, err := a.publics(ctx, o.ends)
	for _, k := range ended {
		d.End(k, status, since)
	}
	return err
}

func (a *app) proposeRoot(ctx context.Context, d *publisher.Draft, o *proposeOptions, threshold int) error {
	switch {
	case len(o.rotate) > 0 && len(o.recover) > 0:
		return usagef("", "--rotate and --recover are both given: choose one")
	case len(o.rotate)+len(o.recover) == 0:
		return nil
	}
	next, err := a.publics(ctx, o.next)
	if err != nil {
		return err
	}
	root, err := a.publics(ctx, append(o.rotate, o.recover...))
	if err != nil {
		return err
	}
	if len(o.rotate) > 0 {
		d.Rotate(root, threshold, fingerprints(next))
		return nil
	}
	status, since, err := o.end(a.now())
	if err != nil {
		return err
	}
	d.Recover(root, status, since, threshold, fingerprints(next))
	return nil
}

func (a *app) proposeArtifacts(ctx context.Context, d *publisher.Draft, o *proposeOptions) error {
	for _, arg := range o.endorse {
		digest, err := a.artifactDigest(ctx, arg)
		if err != nil {
			return err
		}
		d.Endorse(digest)
	}
	if o.artifact == "" {
		return nil
	}
	if o.why == "" {
		return usagef("", "--why TEXT says in a few words why it is taken back, and is not given")
	}
	digest, err := a.artifactDigest(ctx, o.artifact)
	if err != nil {
		return err
	}
	d.Revoke(digest, o.why)
	return nil
}

// putDraft writes the longer chain if all have signed, else the proposal.
func (a *app) putDraft(d *publisher.Draft, file string, replace bool) error {
	needs, err := d.Missing()
	if err != nil {
		return draftError(err)
	}
	if len(needs) > 0 {
		data, err := d.Marshal()
		if err != nil {
			return draftError(err)
		}
		if err := atomicfile.WriteFile(proposalOf(file), data, atomicfile.Options{Mode: atomicfile.Public, Replace: replace}); err != nil {
			return err
		}
		a.say("%s: document %d, which waits for:", proposalOf(file), d.Document().Sequence)
		for _, line := range strings.Split(needsText(needs), "\n")[1:] {
			a.say("  %s", line)
		}
		a.hint("each of them: sealwax publisher approve %s --root SECRET", shellWord(file))
		return nil
	}
	chain, err := d.Finish()
	if err != nil {
		return draftError(err)
	}
	base := d.Base()
	if base != nil {
		if err := a.stillEndsWith(file, base); err != nil {
			return err
		}
	}
	if err := writePublisher(file, chain, base != nil); err != nil {
		return err
	}
	if err := os.Remove(proposalOf(file)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is complete; removing the proposal: %w", file, err)
	}
	if base == nil {
		a.sayInit(file, chain, &publisherKeys{})
		return nil
	}
	a.changed(file, chain, "all have signed")
	return nil
}
