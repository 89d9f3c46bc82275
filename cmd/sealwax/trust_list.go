// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

func (a *app) trustListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "list pins and blocks",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.trustList(c.Context(), asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one pin or block per line as JSON")
	return c
}

// trustList shows what can be read, and then what is wrong with the rest.
func (a *app) trustList(ctx context.Context, asJSON bool) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	known, wrong := store.Known(ctx)
	blocks, err := store.Blocks(ctx)
	for i := range known {
		if err := a.sayPin(&known[i], blockOf(known[i].Pin, blocks), asJSON); err != nil {
			return err
		}
	}
	for _, b := range blocks {
		if err := a.sayBlock(b, asJSON); err != nil {
			return err
		}
	}
	if wrong != nil {
		return wrong
	}
	if err != nil {
		return err
	}
	if len(known)+len(blocks) == 0 && !asJSON {
		a.note("no pins yet")
		a.hint("sealwax trust add KEY --name NAME --for PATTERN")
	}
	return nil
}

// blockOf is the block of a pin among those that are there, or nil.
func blockOf(p trust.Pin, blocks []trust.Block) *trust.Block {
	i := slices.IndexFunc(blocks, func(b trust.Block) bool { return b.What == p.Identity() })
	if i < 0 {
		return nil
	}
	return &blocks[i]
}

type pinJSON struct {
	Schema      string         `json:"schema"`
	Name        string         `json:"name"`
	Fingerprint string         `json:"fingerprint,omitempty"` // of a key
	Key         string         `json:"key,omitempty"`
	Publisher   *publisherJSON `json:"publisher,omitempty"`
	Role        string         `json:"role"`
	For         []string       `json:"for"`
	Added       string         `json:"added"`
	Blocked     *string        `json:"blocked,omitempty"` // why; the reason may be empty
}

type publisherJSON struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Pinned   int             `json:"pinned"`   // the newest document when it was pinned
	Sequence int             `json:"sequence"` // the newest that is known
	Head     string          `json:"head"`
	Stale    string          `json:"stale"`
	Keys     []memberKeyJSON `json:"keys"`
}

type memberKeyJSON struct {
	Fingerprint string   `json:"fingerprint"`
	Roles       []string `json:"roles"`
	Status      string   `json:"status"`
	Since       string   `json:"since,omitempty"`
}

// sayPin shows a pin, and that it is blocked where it is.
func (a *app) sayPin(k *trust.Known, blocked *trust.Block, asJSON bool) error {
	p := &k.Pin
	if !asJSON {
		words := ""
		if blocked != nil {
			words = "  (blocked)"
		}
		a.say("%s  %s  %s  %s%s", p.Name, string(p.Role), p.Identity(), strings.Join(patterns(*p), " "), words)
		return nil
	}
	out := pinJSON{Schema: "sealwax.pin/v1", Name: p.Name, Role: string(p.Role), For: patterns(*p), Added: p.Added.UTC().Format(time.RFC3339)}
	if blocked != nil {
		out.Blocked = &blocked.Reason
	}
	if k.Chain == nil {
		out.Fingerprint, out.Key = string(p.Key.Fingerprint()), p.Key.MinisignLine()
	} else {
		out.Publisher = asPublisherJSON(k)
	}
	return a.jsonLine(out)
}

func asPublisherJSON(k *trust.Known) *publisherJSON {
	c := k.Chain
	out := &publisherJSON{
		ID: string(c.ID()), Name: c.Name(), Pinned: k.Pin.Sequence, Sequence: c.Len() - 1, Head: c.HeadDigest(),
		Stale: c.Head().Stale.UTC().Format(time.RFC3339), Keys: []memberKeyJSON{},
	}
	for _, m := range c.Members() {
		out.Keys = append(out.Keys, memberKeyJSON{
			Fingerprint: string(m.Public.Fingerprint()), Roles: roleWords(m), Status: string(m.Status), Since: m.Since.String(),
		})
	}
	return out
}

func roleWords(m publisher.Member) []string {
	out := []string{}
	for _, r := range m.Roles {
		out = append(out, string(r))
	}
	return out
}

// jsonLine prints one answer for programs.
func (a *app) jsonLine(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	a.page(printableJSON(line))
	return nil
}

type blockJSON struct {
	Schema string `json:"schema"`
	What   string `json:"what"`
	Reason string `json:"reason"`
	Added  string `json:"added"`
}

func (a *app) sayBlock(b trust.Block, asJSON bool) error {
	if asJSON {
		return a.jsonLine(blockJSON{"sealwax.block/v1", b.What, b.Reason, b.Added.UTC().Format(time.RFC3339)})
	}
	a.say("blocked  %s  %s", b.What, b.Reason)
	return nil
}

func (a *app) trustShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:               "show NAME|FINGERPRINT",
		Short:             "show a pin, and what is known of its publisher",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePins,
		RunE: func(c *cobra.Command, args []string) error {
			store, name, err := a.pinNamed(c.Context(), args[0])
			if err != nil {
				return err
			}
			k, err := store.GetKnown(c.Context(), name)
			if err != nil {
				return err
			}
			b, is, err := store.BlockOf(c.Context(), k.Pin.Identity())
			if err != nil {
				return err
			}
			blocked := &b
			if !is {
				blocked = nil
			}
			if asJSON {
				return a.sayPin(&k, blocked, true)
			}
			return a.showPin(c.Context(), store, &k, blocked)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func (a *app) showPin(ctx context.Context, store *trust.Store, k *trust.Known, blocked *trust.Block) error {
	p := &k.Pin
	a.say("name:           %s", p.Name)
	a.say("role:           %s", string(p.Role))
	a.say("for:            %s", strings.Join(patterns(*p), " "))
	a.say("added:          %s", p.Added.UTC().Format(time.RFC3339))
	if k.Chain == nil {
		a.showPublic(p.Key)
	} else {
		a.showKnownPublisher(k)
	}
	if blocked != nil {
		a.say("blocked:        %s", blocked.Reason)
	}
	u, is, err := store.FirstUseOf(ctx, p.Name)
	if err != nil {
		return err
	}
	if is {
		a.say("first use:      %s for %s, offered by %s", u.When.UTC().Format(time.RFC3339), u.Subject, u.Origin)
	}
	return nil
}

func (a *app) showKnownPublisher(k *trust.Known) {
	c := k.Chain
	a.say("publisher:      %s", string(c.ID()))
	if c.Name() != k.Pin.Name {
		a.say("calls itself:   %s", c.Name())
	}
	a.say("documents:      0 to %d; %d when it was pinned", c.Len()-1, k.Pin.Sequence)
	a.say("newest:         %s", c.HeadDigest())
	stale := c.Head().Stale.UTC()
	words := ""
	if !a.now().Before(stale) {
		words = " (is past: fetch a newer one with sealwax trust update)"
	}
	a.say("stale:          %s%s", stale.Format(time.RFC3339), words)
	for _, m := range c.Members() {
		standing := string(m.Status)
		if m.Status != publisher.Active {
			standing += " " + m.Since.Text()
		}
		a.say("key:            %s  %s  %s", m.Public, strings.Join(roleWords(m), " "), standing)
	}
	if n := len(c.Revoked()); n > 0 {
		a.say("taken back:     %s", plural(n, "artifact"))
	}
}
