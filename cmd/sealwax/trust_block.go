// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

func (a *app) trustBlockCommand() *cobra.Command {
	var reason string
	var dryRun bool
	c := &cobra.Command{
		Use:   "block NAME|KEY|publisher:…|sha256:…|FILE",
		Short: "never accept what a key or a publisher signed, or an artifact",
		Long: `Block keeps your own "never". No -k, no pin and no policy lifts it. NAME is a pin's: its key or its
publisher is blocked, and all keys that the publisher lists. FILE is a key, a publisher's file, or
any other file, which is then blocked by its digest (sealwax digest).`,
		Example: `  sealwax trust block acme --reason 'sold to somebody else'
  sealwax trust block bad.wasm`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePins,
		RunE: func(c *cobra.Command, args []string) error {
			return a.trustBlock(c.Context(), args[0], reason, dryRun)
		},
	}
	c.Flags().StringVar(&reason, "reason", "the user wants it so", "why, in a `TEXT` of one line")
	dryRunFlag(c, &dryRun)
	return c
}

func (a *app) trustBlock(ctx context.Context, arg, reason string, dryRun bool) error {
	store, what, err := a.blockable(ctx, arg)
	if err != nil {
		return err
	}
	b := trust.Block{What: what, Reason: reason, Added: a.now().UTC().Truncate(time.Second)}
	if _, err := b.Marshal(); err != nil {
		return withCode(exitUsage, err)
	}
	if dryRun {
		a.say("would block %s", what)
		return nil
	}
	if err := store.AddBlock(ctx, b); err != nil {
		return err
	}
	a.say("blocked %s", what)
	return nil
}

func (a *app) trustUnblockCommand() *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "unblock NAME|KEY|publisher:…|sha256:…|FILE",
		Short: "lift a block",
		Example: `  sealwax trust unblock bad.wasm
  sealwax trust unblock sha256:0f2c…   # as sealwax trust list prints it`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			store, what, err := a.blockable(c.Context(), args[0])
			if err != nil {
				return err
			}
			if dryRun {
				a.say("would unblock %s", what)
				return nil
			}
			if err := store.RemoveBlock(c.Context(), what); err != nil {
				return err
			}
			a.say("unblocked %s", what)
			return nil
		},
	}
	dryRunFlag(c, &dryRun)
	return c
}

// blockable is what an argument names: what is blocked already written out, a key,
// a pin, or a file.
func (a *app) blockable(ctx context.Context, arg string) (*trust.Store, string, error) {
	store, err := a.store()
	if err != nil {
		return nil, "", err
	}
	if trust.CheckBlockable(arg) == nil {
		return store, arg, nil
	}
	if looksLikeKey(arg) || strings.HasPrefix(arg, prefixAgent) || strings.HasPrefix(arg, prefixRaw) {
		keys, err := a.publicKeys(ctx, arg)
		if err != nil {
			return nil, "", err
		}
		return store, string(keys[0].Public.Fingerprint()), nil
	}
	if strings.HasPrefix(arg, "SHA256:") || trust.CheckPinName(arg) == nil {
		what, err := pinned(ctx, store, arg)
		if !errors.Is(err, trust.ErrNoPin) {
			return store, what, err
		}
	}
	what, err := a.blockableFile(ctx, arg)
	return store, what, err
}

// pinned is whose pin a name or an OpenSSH fingerprint is.
func pinned(ctx context.Context, store *trust.Store, arg string) (string, error) {
	if strings.Contains(arg, ":") {
		name, err := pinOf(ctx, store, arg)
		if err != nil {
			return "", err
		}
		arg = name
	}
	p, err := store.Get(ctx, arg)
	if err != nil {
		return "", err
	}
	return p.Identity(), nil
}

// blockableFile is whose file it is, or what: any file but a key or a publisher's
// is an artifact.
func (a *app) blockableFile(ctx context.Context, path string) (string, error) {
	if path == source.Stdin {
		return "", usagef("", "name a file")
	}
	if data, err := readFileUpTo(path, publisher.MaxChainBytes); err == nil {
		if publisher.Recognise(data) {
			c, err := publisher.ParseChain(data)
			if err != nil {
				return "", withCode(exitNo, err)
			}
			return string(c.ID()), nil
		}
		if l, err := key.ParsePublic(data); err == nil && len(l.Keys) == 1 {
			return string(l.Keys[0].Public.Fingerprint()), nil
		}
	}
	sum, err := digestOne(ctx, path, nil)
	if err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(sum), nil
}
