// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// app is the process's surroundings, so that commands touch no globals.
type app struct {
	in       *os.File
	out, err *os.File
	env      func(string) (string, bool)
	now      func() time.Time
}

func (a *app) getenv(name string) string {
	v, _ := a.env(name)
	return v
}

// main runs one command line and gives the process's exit code.
func (a *app) main(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil && err != nil {
		return exitInterrupted
	}
	return a.report(err)
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "sealwax",
		Short: "sign, verify and run WebAssembly modules and any other file",
		Long: `sealwax answers one question at every door: may this pass, and who says so?

It signs and verifies any file (minisign) and WebAssembly modules and components
(signatures inside or beside them), and runs a module only if somebody you trust
signed exactly the bytes that are about to run.

New here?  sealwax quickstart   shows everything in a minute, in a temporary folder.`,
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		RunE: func(c *cobra.Command, _ []string) error {
			return c.Help()
		},
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usageError(c, err) })
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddGroup(
		&cobra.Group{ID: "main", Title: "Sign and verify:"},
		&cobra.Group{ID: "keys", Title: "Keys and trust:"},
		&cobra.Group{ID: "wasm", Title: "WebAssembly:"},
		&cobra.Group{ID: "help", Title: "Understand:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("main", a.signCommand(), a.verifyCommand(), a.inspectCommand(), a.digestCommand(), a.runCommand())
	add("keys", a.keygenCommand(), a.keyCommand(), a.trustCommand())
	add("wasm", a.attachCommand(), a.detachCommand(), a.stripCommand(), a.splitCommand())
	add("help", a.quickstartCommand(), a.explainCommand(), a.versionCommand())
	root.AddCommand(helpTopics()...)
	finish(root)
	return root
}

// finish holds every command to the house rules: a single-valued flag given
// twice is an error, and wrong arguments are usage errors.
func finish(c *cobra.Command) {
	c.Flags().SortFlags = false
	c.Flags().VisitAll(once)
	if args := c.Args; args != nil {
		c.Args = func(c *cobra.Command, given []string) error {
			if err := args(c, given); err != nil {
				return usageError(c, err)
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		finish(sub)
	}
}

// once makes a flag that holds one value refuse a second one: which of two was
// meant, nobody can tell.
func once(f *pflag.Flag) {
	if strings.HasSuffix(f.Value.Type(), "Array") || f.Name == "help" {
		return
	}
	f.Value = &onceValue{Value: f.Value, name: f.Name}
}

type onceValue struct {
	pflag.Value
	name string
	set  bool
}

func (o *onceValue) Set(s string) error {
	if o.set {
		return fmt.Errorf("--%s is given twice", o.name)
	}
	o.set = true
	return o.Value.Set(s)
}

// say writes one line of the answer to standard output.
func (a *app) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.out, format+"\n", args...)
}

// note writes one line about the work to standard error.
func (a *app) note(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, "sealwax: "+format+"\n", args...)
}

// hint writes one line that says what to do next.
func (a *app) hint(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, "hint: "+format+"\n", args...)
}
