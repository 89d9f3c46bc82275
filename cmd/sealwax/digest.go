// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"io"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/source"
)

func (a *app) digestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "digest FILE...",
		Short: "print the identity of files, which signing does not change",
		Long: `Digest prints the SHA-256 of each file. Of a WebAssembly module or component it is the
SHA-256 without the signature section: signing, co-signing and stripping do not change it.
Delimiters (sealwax split) are content and do change it. Of native code it is the SHA-256
without the signature at its end.`,
		Example: `  sealwax digest app.wasm app.signed.wasm     # the same twice`,
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.digest(c.Context(), args) },
	}
}

func (a *app) digest(ctx context.Context, paths []string) error {
	in, err := a.stdinFor("the file", paths...)
	if err != nil {
		return err
	}
	for _, path := range paths {
		sum, err := digestOne(ctx, path, in)
		if err != nil {
			return err
		}
		a.say("sha256:%s  %s", hex.EncodeToString(sum), sealwax.Printable(path))
	}
	return nil
}

func digestOne(ctx context.Context, path string, in io.Reader) ([]byte, error) {
	artifact, err := source.Open(ctx, path, source.Options{Stdin: in})
	if err != nil {
		return nil, err
	}
	defer func() { _ = artifact.Close() }()
	result := func() ([]byte, error) { return artifact.Sum("sha256"), nil }
	known := false
	for _, f := range format.All() {
		d, ok := f.(sealwax.Digester)
		if !ok {
			continue
		}
		if r := d.Digest(artifact); r != nil {
			result, known = r, true
			break
		}
	}
	if !known {
		artifact.PlanSHA256()
	}
	if err := artifact.Read(ctx); err != nil {
		return nil, err
	}
	sum, err := result()
	if err != nil {
		return nil, withCode(exitNo, err)
	}
	return sum, nil
}
