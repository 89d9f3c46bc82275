// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

type trustAddOptions struct {
	name, role, prove string
	patterns          []string
	dryRun            bool
}

func (a *app) trustAddCommand() *cobra.Command {
	o := &trustAddOptions{}
	c := &cobra.Command{
		Use:   "add KEY|FILE.publisher|URL --for PATTERN",
		Short: "pin a key or a publisher",
		Long: `Add pins a key, or a publisher by the hash of its first document, for the files whose base name
matches a pattern: * is any run of characters but /, ? is one. Compare the identity that is
printed with one that reached you another way than the file did. --prove fetches a page where the
publisher states it (sealwax publisher prove), and refuses if it does not.`,
		Example: `  sealwax trust add maker.pub --for 'maker-*.tar.gz'
  sealwax trust add acme.publisher --for '*.wasm' --prove https://acme.example/about
  sealwax trust add 'ssh-ed25519 AAAA…' --name alice --for '*.wasm' --for '*.wat'`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.trustAdd(c.Context(), args[0], o) },
	}
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "what you call the owner: `NAME` (default: the publisher's own name, or the key file's)")
	f.StringArrayVar(&o.patterns, "for", nil, "the files they may sign: `PATTERN`; repeats")
	f.StringVar(&o.role, "role", string(sealwax.RoleRelease), "what they may sign: `ROLE`, release or native")
	f.StringVar(&o.prove, "prove", "", "the `URL` of a page that must state the publisher's id")
	dryRunFlag(c, &o.dryRun)
	return c
}

func (a *app) trustAdd(ctx context.Context, arg string, o *trustAddOptions) error {
	pin, err := a.newPin(o)
	if err != nil {
		return err
	}
	who, err := a.identify(ctx, arg)
	if err != nil {
		return err
	}
	if pin.Name, err = nameOf(who, arg, o.name); err != nil {
		return err
	}
	if who.chain == nil {
		if len(who.keys) != 1 {
			return usagef("sealwax trust import "+shellWord(arg)+" --for PATTERN   pins them all", "%s lists %d keys, and a pin is for one", who.origin, len(who.keys))
		}
		pin.Key = who.keys[0].Public
	} else {
		pin.Publisher = who.chain.ID()
	}
	if err := a.prove(ctx, who.chain, pin, o); err != nil {
		return err
	}
	if r := pin.Role; r != sealwax.RoleRelease && r != sealwax.RoleNative {
		a.note("--role %s: only a policy can ask for it; files need %s, and native code %s", r, sealwax.RoleRelease, sealwax.RoleNative)
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	return a.pinIt(ctx, store, pin, who.chain, o.dryRun)
}

// newPin is the pin that the flags ask for, of nobody yet.
func (a *app) newPin(o *trustAddOptions) (trust.Pin, error) {
	pin := trust.Pin{Role: sealwax.Role(o.role), Added: a.now().UTC().Truncate(time.Second)}
	if len(o.patterns) == 0 {
		return pin, usagef("sealwax trust add KEY --name alice --for '*.wasm'", "--for says which files a pin is for, and is not given")
	}
	if err := trust.CheckRole(pin.Role); err != nil {
		return pin, withCode(exitUsage, fmt.Errorf("--role: %w", err))
	}
	for _, s := range o.patterns {
		p, err := trust.ParsePattern(s)
		if err != nil {
			return pin, withCode(exitUsage, err)
		}
		pin.For = append(pin.For, p)
	}
	return pin, nil
}

// nameOf is what to call somebody: what the user says, else what they or the file
// are called.
func nameOf(who *identity, arg, given string) (string, error) {
	name := given
	switch {
	case name != "":
	case who.chain != nil:
		name = who.chain.Name()
	case !isURL(arg):
		name = anchorName(who.keys[0].Comment, arg, false)
	}
	if name == "" {
		return "", usagef("sealwax trust add KEY --name alice --for '*.wasm'", "a pin needs a --name, and nothing here has one")
	}
	if err := trust.CheckPinName(name); err != nil {
		return "", &exitError{code: exitUsage, err: err, hint: "choose one with --name"}
	}
	return name, nil
}

// prove holds a publisher to what is asked of it before it is pinned.
func (a *app) prove(ctx context.Context, chain *publisher.Chain, pin trust.Pin, o *trustAddOptions) error {
	if chain == nil {
		if o.prove != "" {
			return usagef("", "--prove is for publishers, and a key is given")
		}
		return nil
	}
	if _, _, has := chain.Role(pin.Role); !has {
		return usagef("sealwax publisher show FILE   shows its roles", "publisher %s has no role %s", chain.Name(), pin.Role)
	}
	if o.prove == "" {
		return nil
	}
	page, err := a.fetchURL(ctx, o.prove, publisher.MaxChainBytes)
	if err != nil {
		return err
	}
	if !chain.States(string(page)) {
		return &exitError{
			code: exitNo, err: fmt.Errorf("%s does not state that this is %s: nothing is pinned", shownArg(o.prove), chain.Name()),
			hint: "it would say: " + chain.Statement(),
		}
	}
	a.say("%s states it", shownArg(o.prove))
	return nil
}

// pinIt pins a key or a publisher, unless it is only asked what would be done.
func (a *app) pinIt(ctx context.Context, store *trust.Store, pin trust.Pin, chain *publisher.Chain, dryRun bool) error {
	words := "pinned"
	var err error
	switch {
	case dryRun:
		words, err = "would pin", store.CheckAdd(ctx, pin)
	case chain != nil:
		err = store.AddPublisher(ctx, pin, chain)
	default:
		err = store.Add(ctx, pin)
	}
	if err != nil {
		return err
	}
	a.say("%s %s for %s: %s", words, pin.Name, strings.Join(patterns(pin), ", "), pin.Identity())
	if b, is, err := store.BlockOf(ctx, pin.Identity()); err == nil && is {
		a.note("%s is blocked all the same: %s", pin.Name, b.Reason)
	}
	return nil
}
