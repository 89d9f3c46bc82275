// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/term"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

// firstUseOptions are the flags about somebody whom the user names.
type firstUseOptions struct {
	publisher, offered, firstUse string
}

func (o *firstUseOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.publisher, "publisher", "", "it must be signed by `NAME`, whom you have pinned or are offered")
	f.StringVar(&o.offered, "offered", "", "who NAME is said to be: a `KEY`, a publisher's file, or its URL")
	f.StringVar(&o.firstUse, "first-use", firstUsePrompt, "whether to ask about somebody new: prompt or never (`WHEN`)")
}

const (
	firstUsePrompt = "prompt"
	firstUseNever  = "never"
)

func (o *verifyOptions) checkFirstUse() error {
	switch {
	case o.firstUse != firstUsePrompt && o.firstUse != firstUseNever:
		return usagef("", "--first-use %q: want prompt or never", o.firstUse)
	case o.offered != "" && o.publisher == "":
		return usagef("sealwax verify FILE --publisher NAME --offered …", "--offered says who a publisher is: name it with --publisher")
	case o.publisher != "" && len(o.keys) > 0:
		return usagef("", "--publisher and -k both say who must have signed: choose one")
	case o.publisher == "":
		return nil
	}
	if err := trust.CheckPinName(o.publisher); err != nil {
		return withCode(exitUsage, err)
	}
	return nil
}

// firstUse is one question about one artifact: was it signed by whom the user
// names, and if that name is new, is this who they are?
type firstUse struct {
	app     *app
	store   *trust.Store
	name    string
	never   bool
	offered *identity // may be nil
	// pin is what is pinned under the name; nil if nothing is.
	pin *trust.Pin
}

// firstUse prepares the question; nil if nobody is named. An identity that is not
// the pinned one is found when the artifact is judged.
func (a *app) firstUse(ctx context.Context, o *verifyOptions) (*firstUse, error) {
	if err := o.checkFirstUse(); err != nil || o.publisher == "" {
		return nil, err
	}
	store, err := a.store()
	if err != nil {
		return nil, err
	}
	u := &firstUse{app: a, store: store, name: o.publisher, never: o.firstUse == firstUseNever}
	if o.offered != "" {
		if u.offered, err = a.identify(ctx, o.offered); err != nil {
			return nil, err
		}
		if n := len(u.offered.keys); u.offered.chain == nil && n != 1 {
			return nil, usagef("name one of them", "%s lists %d keys, and one is offered", o.offered, n)
		}
	}
	pin, err := store.Get(ctx, o.publisher)
	switch {
	case err == nil:
		u.pin = &pin
	case !errors.Is(err, trust.ErrNoPin):
		return nil, err
	}
	return u, nil
}

// alone is whom to trust instead of the pins: nobody until it is known who the
// name is, which judge finds out. It is nil if nobody is named.
func (u *firstUse) alone() sealwax.Trust {
	if u == nil {
		return nil
	}
	return trust.Keys(nil)
}

// judge answers. A name that is pinned is never a question: what does not fit it
// is refused.
func (u *firstUse) judge(ctx context.Context, d *decider, path string, artifact *sealwax.Artifact) (*sealwax.Report, error) {
	if report, err := u.besideIt(path, artifact); err != nil {
		return u.kept(d, report, err)
	}
	if report, err := u.seenBefore(ctx, path, artifact); err != nil {
		return u.kept(d, report, err)
	}
	if u.pin != nil && !u.pin.IsFor(subject(path)) {
		report, err := sealwax.Refuse(path, artifact, sealwax.CodePublisherUnknown,
			fmt.Sprintf("%s is pinned for %s, and not for %s", u.name, strings.Join(patterns(*u.pin), ", "), path))
		return u.kept(d, report, err)
	}
	if u.pin != nil {
		if report, err := u.agree(ctx, path, artifact); err != nil {
			return u.kept(d, report, err)
		}
		d.chooser.Trust = u.store.Only(u.name, subject(path), sealwax.RoleRelease, sealwax.RoleNative)
		return d.decide(ctx, path, artifact)
	}
	if u.offered == nil {
		report, err := sealwax.Refuse(path, artifact, sealwax.CodePublisherUnknown, fmt.Sprintf("nobody is pinned under the name %s", u.name))
		return u.kept(d, report, err)
	}
	d.chooser.Trust = u.offeredTrust(path)
	d.chooser.Digests = true // the record of a first use names what it was about
	demands, err := d.demands(ctx, path, artifact)
	if err != nil {
		return u.kept(d, sealwax.NewUndecided(path, err), err)
	}
	report, err := demands.Verify(ctx, artifact)
	if err == nil {
		report, err = u.meet(ctx, path, artifact, report)
	}
	if report, err = u.kept(d, report, err); err != nil {
		return report, err
	}
	if err := u.remember(ctx, path, report); err != nil { // last: what could not be written down pins nobody
		return sealwax.NewUndecided(path, err), err
	}
	return report, nil
}

// besideIt takes the newer documents of an offered publisher that lie beside the
// artifact: what is pinned is the newest that is at hand.
func (u *firstUse) besideIt(path string, artifact *sealwax.Artifact) (*sealwax.Report, error) {
	data, err := besideOf(path)
	if err != nil {
		return sealwax.NewUndecided(path, err), err
	}
	if u.offered == nil || u.offered.chain == nil || publisher.PeekID(data) != u.offered.chain.ID() {
		return nil, nil
	}
	beside, err := publisher.ParseChain(data)
	if err != nil {
		return nil, nil //nolint:nilerr // it proves nothing by being broken
	}
	switch r := u.offered.chain.Compare(beside); r.Kind { //nolint:exhaustive // the others change nothing
	case publisher.Ahead, publisher.Recovers:
		u.offered.chain = beside
	case publisher.Fork:
		return sealwax.Refuse(path, artifact, sealwax.CodePublisherFork, fmt.Sprintf("what is offered and what lies beside the artifact contradict each other in document %d: ask the publisher", r.Sequence))
	}
	return nil, nil
}

// seenBefore holds an offered publisher to what is known of it under another name:
// it is a question only whether the name is right.
func (u *firstUse) seenBefore(ctx context.Context, path string, artifact *sealwax.Artifact) (*sealwax.Report, error) {
	if u.offered == nil || u.offered.chain == nil || u.pin != nil {
		return nil, nil
	}
	known, err := u.store.Chain(ctx, u.offered.chain.ID())
	switch {
	case err != nil:
		return sealwax.NewUndecided(path, err), err
	case known == nil:
		return nil, nil
	}
	switch r := u.offered.chain.Compare(known); r.Kind { //nolint:exhaustive // the others change nothing
	case publisher.Ahead:
		u.offered.chain = known
	case publisher.Fork, publisher.Recovers:
		return sealwax.Refuse(path, artifact, sealwax.CodePublisherFork, fmt.Sprintf("what is offered contradicts what is known of that publisher, in document %d: ask the publisher", r.Sequence))
	}
	return nil, nil
}

// kept is an answer that was written down, if that is configured.
func (u *firstUse) kept(d *decider, report *sealwax.Report, err error) (*sealwax.Report, error) {
	if unkept := d.keep(report); unkept != nil {
		return sealwax.NewUndecided(report.Artifact.Name, unkept), unkept
	}
	return report, err
}

// offeredTrust is whoever is offered, as if they were pinned.
func (u *firstUse) offeredTrust(path string) sealwax.Trust {
	origin := "offered: " + u.offered.origin
	if c := u.offered.chain; c != nil {
		return trust.Keys(trust.PublisherAnchors(c, u.name, origin, subject(path), sealwax.RoleRelease, sealwax.RoleNative))
	}
	return trust.Keys{{Key: u.offered.keys[0].Public, Name: u.name, Role: sealwax.RoleRelease, Origin: origin}}
}

// agree holds what is offered to what is pinned. A longer history of the pinned
// publisher is stored.
func (u *firstUse) agree(ctx context.Context, path string, artifact *sealwax.Artifact) (*sealwax.Report, error) {
	if u.offered == nil {
		return nil, nil
	}
	if u.offered.id() != u.pin.Identity() {
		return sealwax.Refuse(path, artifact, sealwax.CodePublisherChanged, changed(u.name, u.pin.Identity(), u.offered))
	}
	if u.offered.chain == nil {
		return nil, nil
	}
	_, err := u.store.Advance(ctx, u.name, u.offered.chain)
	if coded := (*sealwax.CodedError)(nil); errors.As(err, &coded) {
		return sealwax.Refuse(path, artifact, coded.Code, err.Error())
	}
	if err != nil {
		return sealwax.NewUndecided(path, err), err
	}
	return nil, nil
}

// changed shows both identities, one above the other.
func changed(name, pinned string, offered *identity) string {
	return fmt.Sprintf("another identity is offered for %s: pinned %s, offered %s (%s)", name, pinned, offered.id(), offered.origin)
}

// meet asks the person at the terminal about somebody new who would be let
// through. It is asked last: nothing that is refused is ever a question.
func (u *firstUse) meet(ctx context.Context, path string, artifact *sealwax.Artifact, report *sealwax.Report) (*sealwax.Report, error) {
	if u.never {
		return sealwax.Refuse(path, artifact, sealwax.CodePublisherUnknown, fmt.Sprintf("nobody is pinned under the name %s, and --first-use never asks nobody", u.name))
	}
	if _, err := u.newPin(path); err != nil { // before anybody is asked
		return sealwax.NewUndecided(path, err), err
	}
	yes, err := u.ask(ctx, path, report)
	if errors.Is(err, term.ErrNoTerminal) {
		err = &exitError{
			code: exitPerson, err: fmt.Errorf("%s is new, and there is no terminal to ask on: %s", u.name, u.offered.id()),
			hint: "if that is who they are: " + u.command(path),
		}
	}
	if err != nil {
		return sealwax.NewUndecided(path, err), err
	}
	if !yes {
		return sealwax.Refuse(path, artifact, sealwax.CodePublisherUnknown, fmt.Sprintf("%s was not accepted", u.name))
	}
	return report, nil
}

// command is what would answer the question without a terminal.
func (u *firstUse) command(path string) string {
	what := shellWord(u.offered.arg)
	switch {
	case u.offered.chain == nil && (isURL(u.offered.arg) || looksLikeKey(u.offered.arg)):
		what = u.offered.keys[0].Public.MinisignLine() // just this one, whatever is there next time
	case isURL(u.offered.arg):
		what = shellWord(u.offered.origin) // without what its query says
	}
	return fmt.Sprintf("sealwax trust add %s --name %s --for %s", what, u.name, shellPattern(path))
}

// ask shows who is offered and what is known of them.
func (u *firstUse) ask(ctx context.Context, path string, report *sealwax.Report) (bool, error) {
	ctx, stop := u.app.interruptible(ctx)
	defer stop()
	facts, err := u.facts(ctx, path, report)
	if err != nil {
		return false, err
	}
	t, err := term.Open(u.app.getenv)
	if err != nil {
		return false, err
	}
	defer func() { _ = t.Close() }()
	for _, line := range facts {
		if err := t.Printf("%s\n", sealwax.Printable(line)); err != nil {
			return false, err
		}
	}
	return t.Confirm(ctx, fmt.Sprintf("Is this %s, and do you trust it for %s?", u.name, sealwax.Printable(shellPattern(path))))
}

// facts are what a person needs to know before they answer.
func (u *firstUse) facts(ctx context.Context, path string, report *sealwax.Report) ([]string, error) {
	out := []string{
		fmt.Sprintf("%s is signed by somebody who is new here:", path),
		"  name:        " + u.name,
		"  identity:    " + u.offered.id(),
		"  origin:      " + u.offered.origin,
	}
	if c := u.offered.chain; c != nil {
		out = append(out, chainFacts(c, u.name)...)
	} else {
		out = append(out, "  openssh:     "+u.offered.keys[0].Public.SSHFingerprint())
	}
	for _, c := range report.Counted {
		out = append(out, fmt.Sprintf("  signed with: %s [%s]", c.Signer, c.Source))
	}
	known, err := u.known(ctx)
	if err != nil {
		return nil, err
	}
	return append(out, known...), nil
}

// chainFacts are what a publisher says of itself.
func chainFacts(c *publisher.Chain, name string) []string {
	head := c.Head()
	out := []string{fmt.Sprintf("  documents:   %d, the newest of %s", c.Len(), head.Issued.UTC().Format(time.DateOnly))}
	if c.Name() != name {
		out = append(out, "  calls itself "+c.Name())
	}
	return out
}

// known is what the store knows of the identity already.
func (u *firstUse) known(ctx context.Context) ([]string, error) {
	names, err := u.store.NamesOf(ctx, u.offered.id())
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return []string{"  known:       nothing; compare the identity with one that reached you another way"}, nil
	}
	return []string{"  known:       pinned already as " + strings.Join(names, ", ")}, nil
}

// newPin is the pin that a yes would make: for just this name.
func (u *firstUse) newPin(path string) (trust.Pin, error) {
	pin := trust.Pin{Name: u.name, Role: sealwax.RoleRelease, Added: u.app.now().UTC().Truncate(time.Second)}
	if subject(path) == "" {
		return pin, usagef("save it to a file first", "a stream has no name that a pin could be for")
	}
	p, err := trust.ParsePattern(filePattern(path))
	if err != nil {
		return pin, usagef("rename the file", "no pin can be for a file called so: %w", err)
	}
	pin.For = []trust.Pattern{p}
	if u.offered.chain == nil {
		pin.Key = u.offered.keys[0].Public
	}
	return pin, nil
}

// remember pins whom the user accepted, and writes down how that came about.
func (u *firstUse) remember(ctx context.Context, path string, report *sealwax.Report) error {
	pin, err := u.newPin(path)
	if err != nil {
		return err
	}
	if u.offered.chain != nil {
		err = u.store.AddPublisher(ctx, pin, u.offered.chain)
	} else {
		err = u.store.Add(ctx, pin)
	}
	if err != nil {
		return err
	}
	u.app.note("pinned %s for %s: %s", u.name, strings.Join(patterns(pin), ", "), u.offered.id())
	return u.store.RecordFirstUse(ctx, trust.FirstUse{
		Name: u.name, Identity: u.offered.id(), Origin: u.offered.origin, Subject: path,
		Artifact: report.Artifact.Digest, When: pin.Added,
	})
}

// needsPerson reports whether an error is a question without a terminal.
func needsPerson(err error) bool {
	own := (*exitError)(nil)
	return errors.As(err, &own) && own.code == exitPerson
}
