// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust/publisher"
)

func (a *app) publisherAddKeyCommand() *cobra.Command {
	o := &documentFlags{}
	var role string
	var secrets, limits []string
	c := &cobra.Command{
		Use:   "add-key FILE.publisher --role ROLE --key SECRET --root SECRET...",
		Short: "list one more key",
		Long: `Add-key lists a key in a role. The key itself signs the document that first lists it, so that
nobody lists a stranger's. Root keys cannot be added: they change by rotating to the committed ones.`,
		Example: `  sealwax publisher add-key acme.publisher --role release --key ci.key --root acme-root.key
  sealwax publisher add-key acme.publisher --role native --key compiler.key --root acme-root.key --limit native='*.cwasm'`,
		Args: cobra.ExactArgs(1),
	}
	f := c.Flags()
	f.StringVar(&role, "role", "", "what it may sign: `ROLE`, release, native or a word of your own")
	f.StringArrayVar(&secrets, "key", nil, "the new `SECRET` key; repeats")
	f.StringArrayVar(&limits, "limit", nil, "the role may sign only what matches: `ROLE=PATTERN`; repeats")
	o.add(a, f)
	c.RunE = a.careful(func(ctx context.Context, args []string) error {
		if role == "" || len(secrets) == 0 {
			return usagef("sealwax publisher add-key FILE --role release --key SECRET --root SECRET", "--role says what the key may sign, and --key which it is")
		}
		parsed, err := parseLimits(limits)
		if err != nil {
			return err
		}
		added, err := a.signers(ctx, secrets, o.passwords)
		if err != nil {
			return err
		}
		chain, err := a.change(ctx, args[0], o, slices.Clone(added), func(d *publisher.Draft) error {
			for _, s := range added {
				d.AddKey(sealwax.Role(role), s.Public())
			}
			for _, l := range parsed {
				d.Limit(l.Role, l.Pattern)
			}
			return nil
		})
		if err != nil {
			return err
		}
		a.changed(args[0], chain, fmt.Sprintf("%s may sign for %s", plural(len(added), "more key"), role))
		return nil
	})
	return c
}

// endOptions say what became of a key.
type endOptions struct {
	documentFlags
	key, reason, since string
	artifact, why      string
}

// end is what a reason means for the key: until when its signatures were good.
func (o *endOptions) end(now time.Time) (publisher.Status, publisher.Since, error) {
	status := publisher.Status(o.reason)
	switch {
	case status != publisher.Retired && status != publisher.Lost && status != publisher.Compromised:
		return "", publisher.Since{}, usagef("", "--reason %q: want retired, lost or compromised", o.reason)
	case o.since != "" && status != publisher.Compromised:
		return "", publisher.Since{}, usagef("", "--compromised-since goes with --reason compromised")
	case status != publisher.Compromised:
		return status, publisher.SinceTime(now), nil
	case o.since == "":
		return status, publisher.Always(), nil
	}
	if o.since == publisher.Always().String() || strings.HasPrefix(o.since, "log:") || strings.HasPrefix(o.since, "time:") {
		since, err := publisher.ParseSince(o.since) // as documents write it
		if err != nil {
			return "", since, withCode(exitUsage, fmt.Errorf("--compromised-since: %w", err))
		}
		return status, since, nil
	}
	t, err := parseDay(o.since)
	if err != nil {
		return "", publisher.Since{}, err
	}
	if t.After(now) {
		return "", publisher.Since{}, usagef("", "--compromised-since %s is yet to come", o.since)
	}
	return status, publisher.SinceTime(t), nil
}

// parseDay reads a time or a date that was.
func parseDay(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("", "--compromised-since %q: want a time (2026-01-31T12:00:00Z) or a date (2026-01-31)", s)
}

func (a *app) publisherRetireCommand() *cobra.Command {
	o := &endOptions{reason: string(publisher.Retired)}
	c := &cobra.Command{
		Use:   "retire FILE.publisher --key PUBLIC --root SECRET...",
		Short: "put a key away that nobody else has",
		Long: `Retire ends a key in good order. What it signed counts from then on only for artifacts that you
endorse, since nobody can see from a signature when it was made: first endorse what is out there.`,
		Example: `  sealwax publisher retire acme.publisher --key old-ci.pub --root acme-root.key`,
		Args:    cobra.ExactArgs(1),
	}
	a.endFlags(c, o)
	c.RunE = a.careful(func(ctx context.Context, args []string) error { return a.endKey(ctx, args[0], o) })
	return c
}

func (a *app) endFlags(c *cobra.Command, o *endOptions) {
	f := c.Flags()
	f.StringVar(&o.key, "key", "", "the `PUBLIC` key that ends")
	f.StringVar(&o.reason, "reason", o.reason, "what became of it: `WHY`, retired, lost or compromised")
	f.StringVar(&o.since, "compromised-since", "", "when others may first have had it (default: always): `TIME`")
	o.add(a, f)
}

func (a *app) publisherRevokeCommand() *cobra.Command {
	o := &endOptions{}
	c := &cobra.Command{
		Use:   "revoke FILE.publisher --key PUBLIC --reason lost|retired|compromised --root SECRET...",
		Short: "say that a key is lost or stolen, or take an artifact back",
		Long: `Revoke ends a key. What it signed counts from then on only for artifacts that you endorse: a time
that only the signer states is never believed.

With --artifact it takes a single artifact back, whichever of your keys signed it. There is no log yet: a
revocation reaches those who fetch your file, or get it with what you sign.`,
		Example: `  sealwax publisher revoke acme.publisher --key ci.pub --reason compromised --compromised-since 2026-01-31 --root acme-root.key
  sealwax publisher revoke acme.publisher --artifact app-1.2.wasm --why "reads too much" --root acme-root.key`,
		Args: cobra.ExactArgs(1),
	}
	a.endFlags(c, o)
	f := c.Flags()
	f.StringVar(&o.artifact, "artifact", "", "take back an `ARTIFACT`: a file, or sha256:HEX as sealwax digest prints")
	f.StringVar(&o.why, "why", "", "the reason for people, with --artifact: `TEXT`")
	c.RunE = a.careful(func(ctx context.Context, args []string) error {
		if o.artifact == "" {
			return a.endKey(ctx, args[0], o)
		}
		return a.takeBack(ctx, args[0], o)
	})
	return c
}

func (a *app) endKey(ctx context.Context, file string, o *endOptions) error {
	status, since, err := o.end(a.now())
	if err != nil {
		return err
	}
	k, err := a.onePublic(ctx, "--key", o.key)
	if err != nil {
		return err
	}
	chain, err := a.change(ctx, file, &o.documentFlags, nil, func(d *publisher.Draft) error {
		// A threshold is lowered with the key that goes, or it could not be met.
		thresholds, err := parseThresholds(o.thresholds)
		setThresholds(d, thresholds)
		d.End(k, status, since)
		return err
	})
	if err != nil {
		return err
	}
	a.changed(file, chain, fmt.Sprintf("%s is %s %s", k, status, since.Text()))
	return nil
}

func (a *app) takeBack(ctx context.Context, file string, o *endOptions) error {
	switch {
	case o.key != "" || o.reason != "":
		return usagef("two documents: revoke twice", "--artifact takes back an artifact, and --key ends a key")
	case o.why == "":
		return usagef("", "--why TEXT says in a few words why it is taken back, and is not given")
	}
	digest, err := a.artifactDigest(ctx, o.artifact)
	if err != nil {
		return err
	}
	chain, err := a.change(ctx, file, &o.documentFlags, nil, func(d *publisher.Draft) error {
		d.Revoke(digest, o.why)
		return nil
	})
	if err != nil {
		return err
	}
	a.changed(file, chain, digest+" is taken back")
	return nil
}

// artifactDigest is what names an artifact: as given, or of a file.
func (a *app) artifactDigest(ctx context.Context, arg string) (string, error) {
	if strings.HasPrefix(arg, "sha256:") {
		if err := publisher.CheckDigest(arg); err != nil {
			return "", withCode(exitUsage, err)
		}
		return arg, nil
	}
	artifact, err := source.Open(ctx, arg, source.Options{})
	if err != nil {
		return "", err
	}
	defer func() { _ = artifact.Close() }()
	digest := (&sealwax.Verifier{Formats: format.All()}).Digest(artifact)
	if err := artifact.Read(ctx); err != nil {
		return "", err
	}
	return digest(), nil
}

func (a *app) publisherEndorseCommand() *cobra.Command {
	o := &documentFlags{}
	c := &cobra.Command{
		Use:   "endorse FILE.publisher ARTIFACT... --root SECRET...",
		Short: "vouch for artifacts whatever became of the key that signed them",
		Long: `Endorse lists artifacts by their digest. Signatures on them by keys that are retired, lost or
compromised go on to count: the root says that they are genuine.`,
		Example: `  sealwax publisher endorse acme.publisher dist/app-1.0.wasm dist/app-1.1.wasm --root acme-root.key`,
		Args:    cobra.MinimumNArgs(2),
	}
	o.add(a, c.Flags())
	c.RunE = a.careful(func(ctx context.Context, args []string) error {
		var digests []string
		for _, arg := range args[1:] {
			d, err := a.artifactDigest(ctx, arg)
			if err != nil {
				return err
			}
			digests = append(digests, d)
		}
		chain, err := a.change(ctx, args[0], o, nil, func(d *publisher.Draft) error {
			d.Endorse(digests...)
			return nil
		})
		if err != nil {
			return err
		}
		a.changed(args[0], chain, fmt.Sprintf("%s endorsed", plural(len(digests), "artifact")))
		return nil
	})
	return c
}

// rotateOptions are for putting the committed root keys in place.
type rotateOptions struct {
	endOptions
	next []string
}

func (a *app) publisherRotateCommand() *cobra.Command {
	o := &rotateOptions{endOptions: endOptions{reason: string(publisher.Retired)}}
	c := &cobra.Command{
		Use:   "rotate FILE.publisher --root SECRET... --next PUBLIC...",
		Short: "put the committed root keys in the place of the old ones",
		Long: `Rotate replaces the root. --root gives both: secrets of the old root, and those of the keys that
the last document commits to, which become the new one. --next commits to the ones after those.`,
		Example: `  sealwax publisher rotate acme.publisher --root acme-root.key --root acme-next.key --next third.pub`,
		Args:    cobra.ExactArgs(1),
	}
	a.rotateFlags(c, o)
	c.RunE = a.careful(func(ctx context.Context, args []string) error { return a.rotate(ctx, args[0], o, false) })
	return c
}

func (a *app) publisherRecoverCommand() *cobra.Command {
	o := &rotateOptions{endOptions: endOptions{reason: string(publisher.Compromised)}}
	c := &cobra.Command{
		Use:   "recover FILE.publisher --root SECRET... --next PUBLIC...",
		Short: "replace a root that is lost or stolen",
		Long: `Recover puts the committed root keys in place without the old root, and replaces whatever a thief
of the old root has signed since the document that it follows. Give it the file as it was before the
thief: the last document that is yours.`,
		Example: `  sealwax publisher recover acme.publisher --root acme-next.key --next third.pub
  sealwax publisher recover acme.publisher --root acme-next.key --next third.pub --reason lost`,
		Args: cobra.ExactArgs(1),
	}
	a.rotateFlags(c, o)
	c.RunE = a.careful(func(ctx context.Context, args []string) error { return a.rotate(ctx, args[0], o, true) })
	return c
}

func (a *app) rotateFlags(c *cobra.Command, o *rotateOptions) {
	f := c.Flags()
	f.StringArrayVar(&o.next, "next", nil, "a `PUBLIC` key that may follow the new root; repeats")
	f.StringVar(&o.reason, "reason", o.reason, "what became of the old root: `WHY`, retired, lost or compromised")
	f.StringVar(&o.since, "compromised-since", "", "when others may first have had it (default: always): `TIME`")
	o.add(a, f)
}

func (a *app) rotate(ctx context.Context, file string, o *rotateOptions, recovery bool) error {
	if len(o.next) == 0 {
		return usagef("sealwax keygen -o NAME   makes one; keep it offline", "--next PUBLIC commits to the keys after these, and is not given")
	}
	chain, err := a.readPublisher(file)
	if err != nil {
		return err
	}
	status, since, err := o.end(a.now())
	if err != nil {
		return err
	}
	next, err := a.publics(ctx, o.next)
	if err != nil {
		return err
	}
	thresholds, err := parseThresholds(o.thresholds)
	if err != nil {
		return err
	}
	if o.loaded, err = a.signers(ctx, o.root, o.passwords); err != nil {
		return err
	}
	root := committed(chain, o.loaded)
	if len(root) == 0 && len(o.root) > 0 {
		return usagef("", "none of the --root keys is one that the newest document commits to:%s", needsText([]publisher.Need{{Keys: chain.Head().Next.Keys, More: chain.Head().Next.Threshold, Why: "these"}}))
	}
	n := takeNext(thresholds, chain.Head().Next.Threshold, len(next))
	o.thresholds = nil // they are set here
	longer, err := a.change(ctx, file, &o.documentFlags, nil, func(d *publisher.Draft) error {
		switch {
		case recovery:
			d.Recover(root, status, since, n, fingerprints(next))
		default:
			d.Rotate(root, n, fingerprints(next))
			if status != publisher.Retired { // as which it leaves
				endAll(d, oldRoot(chain), status, since)
			}
		}
		setThresholds(d, thresholds)
		return nil
	})
	if err != nil {
		return err
	}
	a.changed(file, longer, "the root is "+joinKeys(root))
	return nil
}

// committed are those of the signers that the newest document commits to.
func committed(c *publisher.Chain, signers []key.Signer) []key.Public {
	var out []key.Public
	next := c.Head().Next.Keys
	for _, s := range signers {
		for _, f := range next {
			if s.Public().Fingerprint() == f {
				out = append(out, s.Public())
			}
		}
	}
	return out
}

func oldRoot(c *publisher.Chain) []key.Public {
	head := c.Head()
	root, _ := head.Role(publisher.RoleRoot)
	var out []key.Public
	for _, f := range root.Keys {
		if k, ok := head.Key(f); ok {
			out = append(out, k.Public)
		}
	}
	return out
}

func endAll(d *publisher.Draft, keys []key.Public, status publisher.Status, since publisher.Since) {
	for _, k := range keys {
		d.End(k, status, since)
	}
}

func joinKeys(keys []key.Public) string {
	var out []string
	for _, k := range keys {
		out = append(out, k.String())
	}
	return strings.Join(out, " ")
}
