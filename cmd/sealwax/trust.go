// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/folders"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust"
)

// truster says whom to trust about the artifact at a path.
type truster func(path string) sealwax.Trust

// truster is the keys given with -k, which replace the pins for this call, else
// the pins for the artifact's name.
func (a *app) truster(ctx context.Context, keys []string) (truster, error) {
	if len(keys) > 0 {
		anchors, err := a.anchors(ctx, keys, sealwax.RoleRelease, "-k")
		if err != nil {
			return nil, err
		}
		return func(string) sealwax.Trust { return keyTrust(anchors) }, nil
	}
	store, err := a.store()
	if err != nil {
		return nil, err
	}
	return func(path string) sealwax.Trust {
		if path == source.Stdin {
			return nil // a stream has no name that a pin could be for
		}
		// Both roles are asked, so that a key of the wrong one is called by its
		// name: the policy counts the right one only.
		return store.For(trust.FileSubject(path), sealwax.RoleRelease, sealwax.RoleNative)
	}, nil
}

func keyTrust(anchors []sealwax.Anchor) sealwax.Trust { return trust.Keys(anchors) }

func (a *app) store() (*trust.Store, error) {
	dir, err := folders.Config(a.getenv)
	if err != nil {
		return nil, fmt.Errorf("finding the configuration folder: %w", err)
	}
	return trust.OpenStore(dir), nil
}

func (a *app) trustCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "trust",
		Short: "pin the keys that you know, for the files they sign",
		Long: `A pin says: this key is theirs, and I trust it for files called so. Verify and run then need
no -k. Pins are one text file each, in the folder pins/ of the configuration
(sealwax help environment).`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.trustAddCommand(), a.trustListCommand(), a.trustShowCommand(), a.trustRemoveCommand())
	return c
}

type trustAddOptions struct {
	name, role string
	patterns   []string
}

func (a *app) trustAddCommand() *cobra.Command {
	o := &trustAddOptions{}
	c := &cobra.Command{
		Use:   "add KEY --name NAME --for PATTERN",
		Short: "pin a key",
		Long: `Add pins a key under a name, for the files whose base name matches a pattern: * is any run of
characters but /, ? is one. Compare the fingerprint that is printed with one that reached you
another way than the file did.`,
		Example: `  sealwax trust add maker.pub --name maker --for 'maker-*.tar.gz'
  sealwax trust add 'ssh-ed25519 AAAA…' --name alice --for '*.wasm' --for '*.wat'`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.trustAdd(c.Context(), args[0], o) },
	}
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "what you call the key's owner: `NAME`")
	f.StringArrayVar(&o.patterns, "for", nil, "the files it may sign: `PATTERN`; repeats")
	f.StringVar(&o.role, "role", string(sealwax.RoleRelease), "what it may sign: `ROLE`, release or native")
	return c
}

func (a *app) trustAdd(ctx context.Context, arg string, o *trustAddOptions) error {
	if o.name == "" || len(o.patterns) == 0 {
		return usagef("sealwax trust add KEY --name alice --for '*.wasm'", "a pin needs a --name, and --for says which files it is for")
	}
	keys, err := a.publicKeys(ctx, arg)
	if err != nil {
		return err
	}
	if len(keys) != 1 {
		return usagef("pin them one by one", "%s lists %d keys, and a pin is for one", arg, len(keys))
	}
	pin := trust.Pin{Name: o.name, Key: keys[0].Public, Role: sealwax.Role(o.role), Added: a.now().UTC().Truncate(time.Second)}
	if err := trust.CheckPinName(o.name); err != nil {
		return withCode(exitUsage, err)
	}
	if pin.Role != sealwax.RoleRelease && pin.Role != sealwax.RoleNative {
		return usagef("", "--role %q: want release or native", o.role)
	}
	for _, s := range o.patterns {
		p, err := trust.ParsePattern(s)
		if err != nil {
			return withCode(exitUsage, err)
		}
		pin.For = append(pin.For, p)
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	if err := store.Add(ctx, pin); err != nil {
		return err
	}
	a.say("pinned %s for %s: %s", pin.Name, strings.Join(o.patterns, ", "), pin.Key)
	return nil
}

func (a *app) trustListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "list the pins",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			pins, err := store.List(c.Context()) // the readable ones, and what is wrong with the others
			for _, p := range pins {
				if err := a.sayPin(p, asJSON); err != nil {
					return err
				}
			}
			if err != nil {
				return err
			}
			if len(pins) == 0 && !asJSON {
				a.note("no pins yet")
				a.hint("sealwax trust add KEY --name NAME --for PATTERN")
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one pin per line as JSON")
	return c
}

type pinJSON struct {
	Schema      string   `json:"schema"`
	Name        string   `json:"name"`
	Fingerprint string   `json:"fingerprint"`
	Key         string   `json:"key"`
	Role        string   `json:"role"`
	For         []string `json:"for"`
	Added       string   `json:"added"`
}

func patterns(p trust.Pin) []string {
	out := []string{}
	for _, f := range p.For {
		out = append(out, f.String())
	}
	return out
}

func (a *app) sayPin(p trust.Pin, asJSON bool) error {
	if !asJSON {
		a.say("%s  %s  %s  %s", p.Name, p.Role, p.Key, strings.Join(patterns(p), " "))
		return nil
	}
	line, err := json.Marshal(pinJSON{
		Schema: "sealwax.pin/v1", Name: p.Name, Fingerprint: string(p.Key.Fingerprint()), Key: p.Key.MinisignLine(),
		Role: string(p.Role), For: patterns(p), Added: p.Added.UTC().Format(time.RFC3339),
	})
	if err != nil {
		return err
	}
	a.page(printableJSON(line))
	return nil
}

func (a *app) trustShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:               "show NAME|FINGERPRINT",
		Short:             "show a pin",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePins,
		RunE: func(c *cobra.Command, args []string) error {
			store, name, err := a.pinNamed(c.Context(), args[0])
			if err != nil {
				return err
			}
			p, err := store.Get(c.Context(), name)
			if err != nil {
				return err
			}
			if asJSON {
				return a.sayPin(p, true)
			}
			a.say("name:           %s", p.Name)
			a.say("role:           %s", p.Role)
			a.say("for:            %s", strings.Join(patterns(p), " "))
			a.say("added:          %s", p.Added.UTC().Format(time.RFC3339))
			a.showPublic(p.Key)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func (a *app) trustRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME|FINGERPRINT",
		Short:             "remove a pin",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePins,
		RunE: func(c *cobra.Command, args []string) error {
			store, name, err := a.pinNamed(c.Context(), args[0])
			if err != nil {
				return err
			}
			if err := store.Remove(c.Context(), name); err != nil {
				return err
			}
			a.say("removed %s", name)
			return nil
		},
	}
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

// pinNamed is the store and the name of the pin that is meant: by its name, or by
// the key's fingerprint, ours or OpenSSH's.
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

// pinOf is the name of the one pin whose key has the fingerprint.
func pinOf(ctx context.Context, store *trust.Store, fingerprint string) (string, error) {
	pins, err := store.List(ctx)
	if err != nil {
		return "", err
	}
	var found []string
	for _, p := range pins {
		if p.Key.NamedBy(fingerprint) {
			found = append(found, p.Name)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%s: %w", fingerprint, trust.ErrNoPin)
	case 1:
		return found[0], nil
	}
	return "", usagef("name one of them", "%s is the key of several pins: %s", fingerprint, strings.Join(found, ", "))
}
