// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/source"
)

func (a *app) inspectCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "inspect FILE",
		Short: "show what is written on a file, believing none of it",
		Long: `Inspect shows a file's kind and size, its sections and parts, its metadata, and every
signature inside it and beside it with key id and coverage; of native code also what its
signature states, and the signatures on its source. No key is asked: nothing that it shows
is proven. Signatures in the formats of other tools are recognised by name.`,
		Example: `  sealwax inspect app.wasm
  sealwax inspect app.wasm --json | jq .signatures`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			err := a.inspect(c.Context(), args[0], asJSON)
			if err != nil && asJSON {
				a.sayError(err)
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON (docs/schema/inspection-v1.json)")
	return c
}

func (a *app) inspect(ctx context.Context, path string, asJSON bool) error {
	in, err := a.stdinFor("the file", path)
	if err != nil {
		return err
	}
	artifact, err := source.Open(ctx, path, source.Options{Stdin: in})
	if err != nil {
		return err
	}
	defer func() { _ = artifact.Close() }()
	artifact.PlanSHA256()
	seen := &sealwax.Inspection{Schema: sealwax.InspectionSchema, Signatures: []sealwax.FoundSignature{}}
	for _, f := range format.All() {
		i, ok := f.(sealwax.Inspector)
		if !ok {
			continue
		}
		if err := i.Inspect(ctx, artifact, seen); err != nil {
			return err
		}
	}
	if err := artifact.Read(ctx); err != nil {
		return err
	}
	seen.Artifact = sealwax.ArtifactInfo{
		Name: path, Kind: artifact.Kind(), Size: artifact.Size(),
		Digests: map[string]string{"sha256": hex.EncodeToString(artifact.Sum("sha256"))},
	}
	if err := unrecognised(ctx, artifact, seen); err != nil {
		return err
	}
	seen.NotProven = append([]string{"whose signatures these are, and that they are good: sealwax verify asks"}, seen.NotProven...)
	if asJSON {
		line, err := json.Marshal(seen)
		if err != nil {
			return err
		}
		a.page(printableJSON(line))
		return nil
	}
	a.showInspection(seen)
	return nil
}

// sayError is the answer of a command that was to answer in JSON and could not.
func (a *app) sayError(err error) {
	line, merr := json.Marshal(struct {
		Schema string `json:"schema"`
		Error  string `json:"error"`
		Code   int    `json:"exit_code"`
	}{"sealwax.error/v1", err.Error(), exitCode(err)})
	if merr == nil {
		a.page(printableJSON(line))
	}
}

// unrecognised adds what lies beside the artifact in no known format.
func unrecognised(ctx context.Context, artifact *sealwax.Artifact, in *sealwax.Inspection) error {
	companions, err := artifact.Companions(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, s := range in.Signatures {
		known[s.Source] = true
	}
	for _, c := range companions {
		switch {
		case c.Err != nil:
			in.Problems = append(in.Problems, fmt.Sprintf("%s: %v", c.Name, c.Err))
		case !known[c.Name]:
			in.Problems = append(in.Problems, c.Name+" is in no known signature format")
		}
	}
	return nil
}

func (a *app) showInspection(in *sealwax.Inspection) {
	p := sealwax.Printable
	a.say("%s: %s, %d bytes", p(in.Artifact.Name), in.Artifact.Kind, in.Artifact.Size)
	a.say("  sha256:%s", in.Artifact.Digests["sha256"])
	if len(in.Signatures) == 0 {
		a.say("signatures: none")
	}
	for _, s := range in.Signatures {
		a.showFound(s)
	}
	if len(in.Metadata) > 0 {
		a.say("it says of itself (sealwax.meta):")
		for _, f := range in.Metadata {
			a.say("  %s = %s", p(f.Name), p(f.Value))
		}
	}
	for i, part := range in.Parts {
		a.say("part %d of %d: %s at %d, %d bytes, running sha256 %s", i+1, len(in.Parts), plural(part.Sections, "section"), part.Offset, part.Size, part.SHA256)
	}
	if len(in.Sections) > 0 {
		a.say("sections:")
	}
	for _, s := range in.Sections {
		a.say("  %10d  %10d bytes  %s", s.Offset, s.Size, sectionName(s))
	}
	for _, n := range in.Neighbours {
		a.say("another tool's signature, which is not verified: %s", p(n))
	}
	for _, s := range in.Problems {
		a.say("problem: %s", p(s))
	}
	for _, s := range in.NotProven {
		a.say("not proven: %s", p(s))
	}
}

func sectionName(s sealwax.Section) string {
	if s.ID == 0 {
		return fmt.Sprintf("custom %q", s.Name)
	}
	return fmt.Sprintf("%s (id %d)", s.Name, s.ID)
}

func (a *app) showFound(s sealwax.FoundSignature) {
	p := sealwax.Printable
	a.say("signature: %s, %s", s.Format, p(s.Source))
	if s.Problem != "" {
		a.say("  problem: %s", p(s.Problem))
	}
	if s.Algorithm != "" {
		a.say("  algorithm: %s", p(s.Algorithm))
	}
	if s.KeyID != "" {
		a.say("  key id: %s", p(s.KeyID))
	}
	a.say("  covers: %s", p(s.Covers))
	for _, f := range s.Fields {
		a.say("  states: %s = %s", p(f.Name), p(f.Value))
	}
	if s.Comment != "" {
		a.say("  comment: %s", p(s.Comment))
	}
}
