// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/trust/publisher"
)

type publisherInitOptions struct {
	documentFlags
	next, release, native []string
	spaces, limits        []string
	out                   string
	noPassword            bool
	propose               bool
}

func (a *app) publisherInitCommand() *cobra.Command {
	o := &publisherInitOptions{}
	c := &cobra.Command{
		Use:   "init NAME",
		Short: "begin a publisher: its keys and its first document",
		Long: `Init writes NAME.publisher. Without flags for keys it makes them too, with one question for a
password: NAME-root.key, NAME-next.key and NAME-release.key, each with its .pub. Move the first two
to where no machine reads them every day; the release key signs artifacts.

With keys of your own: every root and release key signs the first document, so that nobody can list
somebody else's. The next root keys are committed to by their fingerprints alone.

Where several people hold the keys, no secret has to travel: with --propose all keys are public ones,
and each signs NAME.publisher.proposal with sealwax publisher approve.`,
		Example: `  sealwax publisher init acme
  sealwax publisher init acme --root a.key --root b.key --root c.key --threshold root=2 \
      --next next.pub --release ci.key -o acme.publisher
  sealwax publisher init acme --propose --root a.pub --root b.pub --root c.pub --threshold root=2 \
      --next next.pub --release ci.pub`,
		Args: cobra.ExactArgs(1),
		RunE: a.careful(func(ctx context.Context, args []string) error { return a.publisherInit(ctx, args[0], o) }),
	}
	f := c.Flags()
	o.documentFlags.add(a, f)
	f.StringArrayVar(&o.next, "next", nil, "a `PUBLIC` key that may follow the root; repeats")
	f.StringArrayVar(&o.release, "release", nil, "a `SECRET` that signs artifacts; repeats")
	f.StringArrayVar(&o.native, "native", nil, "a `SECRET` that signs compiled code; repeats")
	f.StringArrayVar(&o.spaces, "space", nil, "a name `SPACE` that it owns (default: its name); repeats")
	f.StringArrayVar(&o.limits, "limit", nil, "a role may sign only what matches: `ROLE=PATTERN`; repeats")
	f.StringVarP(&o.out, "output", "o", "", "write the `FILE` (default: NAME.publisher)")
	f.BoolVar(&o.propose, "propose", false, "all keys are given as public ones, and sign in turn with approve")
	f.BoolVar(&o.noPassword, "no-password", false, "leave keys that are made unencrypted")
	return c
}

func (a *app) publisherInit(ctx context.Context, name string, o *publisherInitOptions) error {
	if err := publisher.CheckName(name); err != nil {
		return withCode(exitUsage, err)
	}
	if o.out == "" {
		o.out = name + ".publisher"
	}
	if err := free(o.out, false); err != nil {
		return usagef("a publisher begins once; -o names another file", "%s is there already", o.out)
	}
	terms, err := a.initTerms(o)
	if err != nil {
		return err
	}
	if o.propose {
		return a.proposeInit(ctx, name, terms, o)
	}
	keys, err := a.initKeys(ctx, name, o)
	if err != nil {
		return err
	}
	d, err := a.firstDraft(name, keys, terms, o)
	if err != nil {
		return err
	}
	if err := signDraft(ctx, d, keys.signers...); err != nil {
		return err
	}
	c, err := finishDraft(d, o.out)
	if err != nil {
		return err
	}
	if err := keys.write(); err != nil {
		return err
	}
	if err := writePublisher(o.out, c, false); err != nil {
		return err
	}
	a.sayInit(o.out, c, keys)
	return nil
}

// publisherKeys are the keys of a first document.
type publisherKeys struct {
	root, release, native []key.Public
	next                  []key.Public
	signers               []key.Signer // those who sign here and now
	made                  []madeKey
}

// madeKey is a key that init made, and does not write before all is well.
type madeKey struct {
	use    string // "root", "next", "release"
	name   string // of the pair
	secret []byte
	public key.Public
}

func (k *publisherKeys) write() error {
	for _, m := range k.made {
		o := &keygenOptions{format: keyMinisign}
		if err := writePair(m.name+".key", m.name+".pub", m.secret, m.public, o); err != nil {
			return err
		}
		clear(m.secret)
	}
	return nil
}

// initKeys are those that the flags name, and those that are made because none do.
func (a *app) initKeys(ctx context.Context, name string, o *publisherInitOptions) (*publisherKeys, error) {
	k := &publisherKeys{}
	given := len(o.root)+len(o.release)+len(o.native)+len(o.next) > 0
	if given && (len(o.root) == 0 || len(o.release)+len(o.native) == 0) {
		return nil, usagef("without any of --root, --release, --native and --next the keys are made",
			"a publisher needs --root SECRET, and --release SECRET or --native SECRET")
	}
	if !given {
		return k, a.makeKeys(ctx, k, name, o, "root", "next", "release")
	}
	if len(o.next) == 0 {
		if err := a.makeKeys(ctx, k, name, o, "next"); err != nil {
			return nil, err
		}
	}
	next, err := a.publics(ctx, o.next)
	if err != nil {
		return nil, err
	}
	k.next = append(k.next, next...)
	for _, list := range []struct {
		into *[]key.Public
		args []string
	}{{&k.root, o.root}, {&k.release, o.release}, {&k.native, o.native}} {
		signers, err := a.signers(ctx, list.args, o.passwords)
		if err != nil {
			return nil, err
		}
		for _, s := range signers {
			*list.into = append(*list.into, s.Public())
			if !slices.ContainsFunc(k.signers, func(o key.Signer) bool { return o.Public().Equal(s.Public()) }) {
				k.signers = append(k.signers, s) // once, in however many roles
			}
		}
	}
	return k, nil
}

// proposeInit begins a publisher whose keys are with several people: nobody has
// signed yet.
func (a *app) proposeInit(ctx context.Context, name string, terms initTerms, o *publisherInitOptions) error {
	if len(o.root) == 0 || len(o.release)+len(o.native) == 0 || len(o.next) == 0 {
		return usagef("", "--propose needs --root PUBLIC, --next PUBLIC, and --release PUBLIC or --native PUBLIC")
	}
	if err := free(proposalOf(o.out), false); err != nil {
		return err
	}
	k := &publisherKeys{}
	for _, list := range []struct {
		into *[]key.Public
		args []string
	}{{&k.root, o.root}, {&k.release, o.release}, {&k.native, o.native}, {&k.next, o.next}} {
		var err error
		if *list.into, err = a.publics(ctx, list.args); err != nil {
			return err
		}
	}
	d, err := a.firstDraft(name, k, terms, o)
	if err != nil {
		return err
	}
	return a.putDraft(d, o.out, false)
}

// makeKeys makes a key for each of some uses, with one password for all.
func (a *app) makeKeys(ctx context.Context, k *publisherKeys, name string, o *publisherInitOptions, uses ...string) error {
	base := filepath.Join(filepath.Dir(o.out), name)
	for _, use := range uses {
		for _, ext := range []string{".key", ".pub"} {
			if err := free(base+"-"+use+ext, false); err != nil {
				return usagef("move it away, or choose another name", "%s is there already, and a key is never replaced", base+"-"+use+ext)
			}
		}
	}
	password, err := a.newPassword(ctx, &keygenOptions{format: keyMinisign, noPassword: o.noPassword, passwords: o.passwords})
	if err != nil {
		return err
	}
	defer clear(password)
	for _, use := range uses {
		s, err := key.Generate(rand.Reader)
		if err != nil {
			return err
		}
		secret, err := marshalSecret(s, keyMinisign, password)
		if err != nil {
			return err
		}
		k.made = append(k.made, madeKey{use, base + "-" + use, secret, s.Public()})
		switch use {
		case "root":
			k.root = append(k.root, s.Public())
		case "release":
			k.release = append(k.release, s.Public())
		default:
			k.next = append(k.next, s.Public())
			continue // it is committed to, and signs nothing
		}
		k.signers = append(k.signers, s)
	}
	return nil
}

// initTerms are what the flags say beside the keys.
type initTerms struct {
	stale      time.Time
	thresholds map[sealwax.Role]int
	limits     []publisher.Limit
}

// initTerms are read before any key is made or any password is asked for.
func (a *app) initTerms(o *publisherInitOptions) (t initTerms, err error) {
	if t.stale, err = o.staleAt(a.now()); err != nil {
		return t, err
	}
	if t.thresholds, err = parseThresholds(o.thresholds); err != nil {
		return t, err
	}
	t.limits, err = parseLimits(o.limits)
	return t, err
}

// firstDraft is what the keys and the flags say.
func (a *app) firstDraft(name string, k *publisherKeys, terms initTerms, o *publisherInitOptions) (*publisher.Draft, error) {
	d := publisher.Begin(name, a.now(), terms.stale)
	for _, list := range []struct {
		role sealwax.Role
		keys []key.Public
	}{{publisher.RoleRoot, k.root}, {sealwax.RoleRelease, k.release}, {sealwax.RoleNative, k.native}} {
		for _, public := range list.keys {
			d.AddKey(list.role, public)
		}
	}
	d.Commit(takeNext(terms.thresholds, terms.thresholds[publisher.RoleRoot], len(k.next)), fingerprints(k.next))
	setThresholds(d, terms.thresholds)
	for _, s := range o.spaces {
		d.Own(s)
	}
	for _, l := range terms.limits {
		d.Limit(l.Role, l.Pattern)
	}
	if _, err := d.Text(); err != nil {
		return nil, draftError(err)
	}
	return d, nil
}

// sayInit says what there is now, and what to do with it.
func (a *app) sayInit(file string, c *publisher.Chain, k *publisherKeys) {
	a.say("publisher %s: %s", c.Name(), c.ID())
	for _, m := range k.made {
		a.say("made %s.key (keep it secret) and %s.pub: %s", m.name, m.name, m.public)
	}
	a.say("wrote %s: give it to everybody, beside what you sign and on your site", file)
	if n := len(k.made); n > 0 {
		a.say("move offline now, each to a place of its own: %s", offline(k.made))
	}
	a.say("sign with: sealwax sign FILE -k %s", releaseFile(k, c.Name()))
	a.say("whoever trusts you runs: sealwax trust add %s --for '%s-*'", shellWord(file), c.Name())
}

// offline names the keys that are needed seldom, and then badly.
func offline(made []madeKey) string {
	var files []string
	for _, m := range made {
		if m.use != "release" {
			files = append(files, m.name+".key")
		}
	}
	return strings.Join(files, " and ")
}

// releaseFile is the key file that signs artifacts, if init made it.
func releaseFile(k *publisherKeys, name string) string {
	for _, m := range k.made {
		if m.use == "release" {
			return shellWord(m.name + ".key")
		}
	}
	return name + "'s release key"
}
