// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/trust/publisher"
)

func (a *app) publisherShowCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show FILE.publisher",
		Short: "show who a publisher is now",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			chain, err := a.readPublisher(args[0])
			if err != nil {
				return a.inJSON(asJSON, err)
			}
			if asJSON {
				return a.sayPublisherJSON(chain)
			}
			a.showPublisher(chain)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON (docs/schema/publisher-v1.json)")
	return c
}

func (a *app) showPublisher(c *publisher.Chain) {
	head := c.Head()
	a.say("publisher:  %s", c.Name())
	a.say("id:         %s", c.ID())
	a.say("document:   %d, issued %s, to be renewed by %s", head.Sequence, head.Issued.Format(time.RFC3339), head.Stale.Format(time.RFC3339))
	if len(head.Spaces) > 0 {
		a.say("owns:       %s", strings.Join(head.Spaces, " "))
	}
	for _, r := range head.Roles {
		a.say("role:       %s, %d of %s", r.Name, r.Threshold, plural(len(r.Keys), "key"))
		for _, l := range head.Limits {
			if l.Role == r.Name {
				a.say("            only %s", l.Pattern)
			}
		}
	}
	for _, m := range c.Members() {
		state := string(m.Status)
		if m.Status != publisher.Active {
			state += " " + m.Since.Text()
		}
		a.say("key:        %s  %s  %s", m.Public, rolesText(m.Roles), state)
	}
	a.say("next root:  %d of %s", head.Next.Threshold, plural(len(head.Next.Keys), "key"))
	for _, f := range head.Next.Keys {
		a.say("            %s", f)
	}
	for _, d := range slices.Sorted(maps.Keys(c.Revoked())) {
		a.say("taken back: %s  %s", d, c.Revoked()[d])
	}
	for _, d := range slices.Sorted(maps.Keys(c.Endorsed())) {
		a.say("endorsed:   %s", d)
	}
}

func rolesText(roles []sealwax.Role) string {
	if len(roles) == 0 {
		return "no role"
	}
	var out []string
	for _, r := range roles {
		out = append(out, string(r))
	}
	return strings.Join(out, ",")
}

type publisherFileJSON struct {
	Schema   string              `json:"schema"`
	Name     string              `json:"name"`
	ID       sealwax.PartyID     `json:"id"`
	Sequence int                 `json:"sequence"`
	Head     string              `json:"head"`
	Issued   string              `json:"issued"`
	Stale    string              `json:"stale"`
	Spaces   []string            `json:"spaces"`
	Roles    []publisherRoleJSON `json:"roles"`
	Keys     []publisherKeyJSON  `json:"keys"`
	Next     publisherRoleJSON   `json:"next"`
	Revoked  map[string]string   `json:"revoked"`
	Endorsed []string            `json:"endorsed"`
}

type publisherRoleJSON struct {
	Name      string   `json:"name"`
	Threshold int      `json:"threshold"`
	Keys      []string `json:"keys"`
	Limits    []string `json:"limits"`
}

type publisherKeyJSON struct {
	Fingerprint string   `json:"fingerprint"`
	Key         string   `json:"key"`
	Status      string   `json:"status"`
	Since       string   `json:"since,omitempty"`
	Roles       []string `json:"roles"`
}

func (a *app) sayPublisherJSON(c *publisher.Chain) error {
	head := c.Head()
	j := publisherFileJSON{
		Schema: "sealwax.publisher/v1", Name: c.Name(), ID: c.ID(), Sequence: head.Sequence, Head: c.HeadDigest(),
		Issued: head.Issued.Format(time.RFC3339), Stale: head.Stale.Format(time.RFC3339),
		Spaces: append([]string{}, head.Spaces...), Revoked: c.Revoked(),
		Endorsed: append([]string{}, slices.Sorted(maps.Keys(c.Endorsed()))...),
		Next:     publisherRoleJSON{Name: string(roleNext), Threshold: head.Next.Threshold, Keys: texts(head.Next.Keys), Limits: []string{}},
	}
	for _, r := range head.Roles {
		role := publisherRoleJSON{Name: string(r.Name), Threshold: r.Threshold, Keys: texts(r.Keys), Limits: []string{}}
		for _, l := range head.Limits {
			if l.Role == r.Name {
				role.Limits = append(role.Limits, l.Pattern.String())
			}
		}
		j.Roles = append(j.Roles, role)
	}
	for _, m := range c.Members() {
		j.Keys = append(j.Keys, publisherKeyJSON{
			Fingerprint: string(m.Public.Fingerprint()), Key: m.Public.MinisignLine(),
			Status: string(m.Status), Since: m.Since.String(), Roles: texts(m.Roles),
		})
	}
	line, err := json.Marshal(j)
	if err != nil {
		return err
	}
	a.page(printableJSON(line))
	return nil
}

// texts are words of some kind as strings; none is an empty list.
func texts[T ~string](words []T) []string {
	out := []string{}
	for _, w := range words {
		out = append(out, string(w))
	}
	return out
}

func (a *app) publisherVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify FILE.publisher",
		Short: "check every rule and signature of a publisher's file",
		Long: `Verify checks the whole file, from the first document on. It says who the publisher is, not whether
you should trust it: compare the id with one that reached you another way.

Exit codes: 0 all holds, 1 a rule is broken, 2 used wrongly, 3 it could not be read.`,
		Example: `  sealwax publisher verify acme.publisher`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			chain, err := a.readPublisher(args[0])
			if err != nil {
				return err
			}
			a.say("%s: publisher %s, %s, %s", args[0], chain.Name(), chain.ID(), plural(chain.Len(), "document"))
			if stale := chain.Head().Stale; !a.now().Before(stale) {
				a.note("%s: publisher.stale: a newer document is due since %s", args[0], stale.Format(time.RFC3339))
			}
			return nil
		},
	}
}

func (a *app) publisherExportCommand() *cobra.Command {
	var out, links string
	var force bool
	c := &cobra.Command{
		Use:   "export FILE.publisher [-o FILE] [--links DIR]",
		Short: "write it anew, or as files that minisign checks",
		Long: `Export checks the file and writes it to -o, or to standard output. With --links it writes each
document and each signature into a folder, as files of their own, and prints the commands with
which stock minisign checks them, link by link.`,
		Example: `  sealwax publisher export acme.publisher --links acme.d`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			chain, err := a.readPublisher(args[0])
			switch {
			case err != nil:
				return err
			case links != "" && out != "":
				return usagef("", "-o and --links are both given: choose one")
			case links != "":
				return a.exportLinks(chain, links)
			case out == "" || out == stdout: // it is text
				_, err := a.out.Write(chain.Marshal())
				return err
			}
			return a.emit(out, force, func(w output) error {
				_, err := w.Write(chain.Marshal())
				return err
			})
		},
	}
	f := c.Flags()
	f.StringVarP(&out, "output", "o", "", "write to `FILE`")
	f.StringVar(&links, "links", "", "write each link into the folder `DIR`, which is made")
	f.BoolVar(&force, "force", false, "replace the output if it is there")
	return c
}

func (a *app) exportLinks(c *publisher.Chain, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	write := func(name string, data []byte) (string, error) {
		path := filepath.Join(dir, name)
		return path, atomicfile.WriteFile(path, data, atomicfile.Options{Mode: atomicfile.Public})
	}
	for _, l := range c.Links() {
		doc, err := write(l.Name, l.Data)
		if err != nil {
			return err
		}
		for _, s := range l.Signatures {
			sig, err := write(s.Name, s.Data)
			if err != nil {
				return err
			}
			a.say("minisign -Vm %s -x %s -P %s", shellWord(doc), shellWord(sig), s.By.MinisignLine())
		}
		a.note("each must print: Trusted comment: %s", l.Comment)
	}
	return nil
}

func (a *app) publisherProveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prove FILE.publisher",
		Short: "print the statement to put where people know you",
		Long: `Prove prints one line. Put it where people know that only you write: on a page of your website, in
the DNS, in a profile. Whoever pins you can look for it there: sealwax trust add FILE --prove URL.`,
		Example: `  sealwax publisher prove acme.publisher`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			chain, err := a.readPublisher(args[0])
			if err != nil {
				return err
			}
			a.say("%s", chain.Statement())
			a.note("on your website: a page, or https://YOUR.SITE/.well-known/sealwax-publisher")
			a.note(`in the DNS: a TXT record of _sealwax.YOUR.SITE`)
			a.note("in a profile: the line as it is")
			a.hint("others check it with: sealwax trust add %s --for PATTERN --prove https://YOUR.SITE/PAGE", shellWord(args[0]))
			return nil
		},
	}
}
