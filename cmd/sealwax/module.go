// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io/fs"
	"os"
	"regexp"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/source"
)

// moduleOutput adds -o and --force.
func moduleOutput(f *pflag.FlagSet, out *string, force *bool) {
	f.StringVarP(out, "output", "o", "", "write the file to `OUT` (- is standard output)")
	f.BoolVar(force, "force", false, "replace the output if it is there")
}

func (a *app) attachCommand() *cobra.Command {
	var out string
	var force bool
	c := &cobra.Command{
		Use:   "attach FILE SIG",
		Short: "put a detached signature into a module or a program",
		Long: `Attach puts a detached WebAssembly signature inside a copy of the module, or a signature that
was detached from native code back to its end. It checks no key.`,
		Example: `  sealwax attach app.wasm app.wasm.wasmsig -o app.signed.wasm
  sealwax attach server server.minisig -o server.signed`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			in, err := a.stdinFor("the signature", args[1])
			if err != nil {
				return err
			}
			sig, err := source.ReadSignature(args[1], in)
			if err != nil {
				return err
			}
			return a.rewrite(c.Context(), args[0], out, force, func(ctx context.Context, in *sealwax.Artifact, w output) error {
				e, err := embedderFor(in)
				if err != nil {
					return err
				}
				return e.Attach(ctx, in, w, sig)
			})
		},
	}
	moduleOutput(c.Flags(), &out, &force)
	return c
}

func (a *app) detachCommand() *cobra.Command {
	var out, sigPath string
	var force bool
	c := &cobra.Command{
		Use:   "detach FILE",
		Short: "take the signatures out of a module or a program, into a file",
		Long: `Detach writes a copy of the file without its signature, and the signature into a file of its
own. That of native code is a minisign signature, which every minisign tool verifies; sealwax
run and exec want it inside.`,
		Example: `  sealwax detach app.signed.wasm -o app.wasm -s app.wasm.wasmsig
  sealwax detach server.signed -o server -s server.minisig`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.detach(c.Context(), args[0], out, sigPath, force)
		},
	}
	moduleOutput(c.Flags(), &out, &force)
	c.Flags().StringVarP(&sigPath, "signature", "s", "", "write the detached signature to `SIG`")
	return c
}

func (a *app) detach(ctx context.Context, path, out, sigPath string, force bool) error {
	if sigPath == "" {
		return usagef("sealwax strip drops it instead", "-s says where the signature goes")
	}
	if samePath(sigPath, out) {
		return usagef("", "-o and -s name the same file")
	}
	if err := apart(sigPath, path); err != nil {
		return err
	}
	if err := free(sigPath, force); err != nil {
		return err
	}
	return a.rewrite(ctx, path, out, force, func(ctx context.Context, in *sealwax.Artifact, w output) error {
		e, err := embedderFor(in)
		if err != nil {
			return err
		}
		sig, err := e.Detach(ctx, in, w)
		if err != nil {
			return err
		}
		return a.emit(sigPath, force, func(w output) error {
			_, err := w.Write(sig)
			return err
		})
	})
}

func (a *app) stripCommand() *cobra.Command {
	var out string
	var force bool
	c := &cobra.Command{
		Use:     "strip FILE",
		Short:   "drop the signatures of a module or a program",
		Long:    "Strip writes the file without the signatures in it. Everything else, a module's delimiters included, stays byte for byte.",
		Example: "  sealwax strip app.signed.wasm -o app.wasm",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.rewrite(c.Context(), args[0], out, force, func(ctx context.Context, in *sealwax.Artifact, w output) error {
				e, err := embedderFor(in)
				if err != nil {
					return err
				}
				return e.Strip(ctx, in, w)
			})
		},
	}
	moduleOutput(c.Flags(), &out, &force)
	return c
}

func (a *app) splitCommand() *cobra.Command {
	var out, sections string
	var force bool
	c := &cobra.Command{
		Use:   "split MODULE",
		Short: "divide a module into parts that can be verified one after another",
		Long: `Split puts delimiters between sections, so that a signature made afterwards also covers each
leading part: verify --coverage prefix then accepts a module whose last parts were changed
or dropped, if what is uncovered is allowed by name.`,
		Example: `  sealwax split app.wasm -o app.parts.wasm --sections 'name|producers'`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var re *regexp.Regexp
			if sections != "" {
				var err error
				if re, err = regexp.Compile(sections); err != nil {
					return usagef("", "--sections: %w", err)
				}
			}
			return a.rewrite(c.Context(), args[0], out, force, func(ctx context.Context, in *sealwax.Artifact, w output) error {
				s, err := splitterFor(in)
				if err != nil {
					return err
				}
				return s.Split(ctx, in, w, re)
			})
		},
	}
	moduleOutput(c.Flags(), &out, &force)
	c.Flags().StringVar(&sections, "sections", "", "custom sections that belong with the standard ones: a `REGEX`")
	return c
}

// modeLike is the mode of a file that is made of another: a program that could be
// executed still can be.
func modeLike(a *sealwax.Artifact) fs.FileMode {
	const executable = 0o111
	if a.Kind() != sealwax.KindProgram {
		return atomicfile.Public
	}
	// Its bytes are held, so that the path says nothing but this.
	if info, err := os.Stat(a.Name()); err != nil || info.Mode()&executable == 0 {
		return atomicfile.Public
	}
	return atomicfile.Public | executable
}

// rewrite writes a new file made from a held one.
func (a *app) rewrite(ctx context.Context, path, out string, force bool, write func(context.Context, *sealwax.Artifact, output) error) error {
	if out == "" {
		return usagef("", "-o says where the new file goes")
	}
	if err := free(out, force); err != nil {
		return err
	}
	ctx, stop := a.interruptible(ctx)
	defer stop()
	stdin, err := a.stdinFor("the file", path)
	if err != nil {
		return err
	}
	in, err := source.Open(ctx, path, source.Options{Holding: source.Held, Stdin: stdin})
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	return a.emitMode(out, atomicfile.Options{Mode: modeLike(in), Replace: force}, func(w output) error {
		if err := write(ctx, in, w); err != nil {
			return workError(err)
		}
		return nil
	})
}
