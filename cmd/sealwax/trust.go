// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

func (a *app) trustCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "trust",
		Short: "pin the keys and publishers that you know, and block those that you never want",
		Long: `A pin says: this key is theirs, or this publisher, and I trust it for files called so. Verify and
run then need no -k. A block says: never. Pins and blocks are one text file each, in the folders
pins/ and blocks/ of the configuration (sealwax help environment).`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.thenIndex(a.trustAddCommand()), a.trustListCommand(), a.trustShowCommand(), a.thenIndex(a.trustRemoveCommand()),
		a.thenIndex(a.trustUpdateCommand()), a.trustBlockCommand(), a.trustUnblockCommand(), a.trustExportCommand(),
		a.thenIndex(a.trustImportCommand()),
	)
	return c
}

// thenIndex lets a command that changes pins make the index of many anew, so that
// the next decision need not.
func (a *app) thenIndex(c *cobra.Command) *cobra.Command {
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		err := run(c, args)
		if store, where := a.store(); err == nil && where == nil {
			store.Reindex(c.Context())
		}
		return err
	}
	return c
}

func patterns(p trust.Pin) []string {
	out := []string{}
	for _, f := range p.For {
		out = append(out, f.String())
	}
	return out
}

// coded is an error with a finding's code as an answer: no, and why.
func coded(err error) error {
	c := (*sealwax.CodedError)(nil)
	if !errors.As(err, &c) {
		return err
	}
	return &exitError{code: exitNo, err: fmt.Errorf("%s: %w", c.Code, err), hint: "sealwax explain " + string(c.Code)}
}

func (a *app) trustRemoveCommand() *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "remove NAME|FINGERPRINT",
		Short: "remove a pin",
		Long: `Remove forgets a pin, and what was seen of its publisher. To make sure that somebody is never
trusted again, block them instead: then it is known what speaks against their keys.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePins,
		RunE: func(c *cobra.Command, args []string) error {
			store, name, err := a.pinNamed(c.Context(), args[0])
			if err != nil {
				return err
			}
			if dryRun {
				_, err := store.Get(c.Context(), name)
				if errors.Is(err, trust.ErrNoPin) {
					return err
				}
				a.say("would remove %s", name)
				return nil
			}
			if err := store.Remove(c.Context(), name); err != nil {
				return err
			}
			a.say("removed %s", name)
			return nil
		},
	}
	dryRunFlag(c, &dryRun)
	return c
}

// dryRunFlag adds --dry-run.
func dryRunFlag(c *cobra.Command, into *bool) {
	c.Flags().BoolVar(into, "dry-run", false, "say what would be done, and do nothing")
}

func (a *app) trustUpdateCommand() *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "update NAME FILE|URL",
		Short: "take note of a pinned publisher's newer documents",
		Long: `Update reads a publisher's file and keeps what is new in it: keys that were added, retired or
revoked. A file that is older than what is known changes nothing. One that contradicts it is
refused: two histories, or one that its owner recovered from (publisher.fork), of which both are
kept as evidence, and another publisher (publisher.changed).

Nobody tells you of a revocation: it reaches those who fetch it.`,
		Example: `  sealwax trust update acme https://acme.example/acme.publisher`,
		Args:    cobra.ExactArgs(2),
		ValidArgsFunction: func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return a.completePins(c, args, word)
		},
		RunE: func(c *cobra.Command, args []string) error {
			return a.trustUpdate(c.Context(), args[0], args[1], dryRun)
		},
	}
	dryRunFlag(c, &dryRun)
	return c
}

func (a *app) trustUpdate(ctx context.Context, arg, from string, dryRun bool) error {
	store, name, err := a.pinNamed(ctx, arg)
	if err != nil {
		return err
	}
	offered, err := a.chainFrom(ctx, from)
	if err != nil {
		return err
	}
	return a.advance(ctx, store, name, offered, dryRun)
}

// advance takes note of a publisher's documents.
func (a *app) advance(ctx context.Context, store *trust.Store, name string, offered *publisher.Chain, dryRun bool) error {
	look := store.Advance
	if dryRun {
		look = store.Weigh
	}
	result, err := look(ctx, name, offered)
	if err != nil {
		return coded(err)
	}
	a.say("%s %s", name, advanced(result, dryRun))
	return nil
}

// advanced says what became, or would become, of a publisher's documents.
func advanced(r trust.Result, dryRun bool) string {
	now := r.Chain.Len() - 1
	went, recovered := "went", "recovered"
	if dryRun {
		went, recovered = "would go", "would recover"
	}
	switch r.Relation { //nolint:exhaustive // the others change nothing, or are refused
	case publisher.Ahead:
		return fmt.Sprintf("%s from document %d to %d", went, r.From, now)
	case publisher.Recovers:
		text := fmt.Sprintf("%s: document %d replaces what was signed since document %d", recovered, r.At, r.At-1)
		if now > r.At {
			text += fmt.Sprintf(", and the newest is %d", now)
		}
		return text
	}
	return fmt.Sprintf("is at document %d: nothing new", now)
}

// completePins offers the names of the pins to a shell.
func (a *app) completePins(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	store, err := a.store()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	pins, _ := store.List(c.Context()) // a broken pin hides no other from a completion
	names := make([]string, 0, len(pins))
	for _, p := range pins {
		names = append(names, p.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// pinNamed is the store and the name of the pin that is meant: by its name, by
// the key's fingerprint, ours or OpenSSH's, or by the publisher's id.
func (a *app) pinNamed(ctx context.Context, arg string) (*trust.Store, string, error) {
	store, err := a.store()
	if err != nil {
		return nil, "", err
	}
	if strings.Contains(arg, ":") { // no pin's name holds a colon
		name, err := pinOf(ctx, store, arg)
		return store, name, err
	}
	if err := trust.CheckPinName(arg); err != nil {
		return nil, "", withCode(exitUsage, err)
	}
	return store, arg, nil
}

// pinOf is the name of the one pin of an identity.
func pinOf(ctx context.Context, store *trust.Store, identity string) (string, error) {
	pins, err := store.List(ctx)
	if err != nil {
		return "", err
	}
	var found []string
	for _, p := range pins {
		if p.Key.NamedBy(identity) || p.Identity() == identity {
			found = append(found, p.Name)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%s: %w", identity, trust.ErrNoPin)
	case 1:
		return found[0], nil
	}
	return "", usagef("name one of them", "%s is pinned more than once: %s", identity, strings.Join(found, ", "))
}
