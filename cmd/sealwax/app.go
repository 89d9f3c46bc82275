// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/engine"
)

// app is the process's surroundings, so that commands touch no globals.
type app struct {
	in       *os.File
	out, err *os.File
	env      func(string) (string, bool)
	now      func() time.Time
	// system is the folder of the system's administrator; see systemFolder.
	system string
	// inherited are descriptors that flags name.
	inherited map[int]*os.File
	// quiet is whether nothing is said beside the answer.
	quiet bool
	// stdinIs is what the standard input was given out as.
	stdinIs string
	// unsaid is why the answer could not be written.
	unsaid error
	// interruptible gives a context that ends when the user wants an end.
	interruptible func(context.Context) (context.Context, func())
}

func (a *app) getenv(name string) string {
	v, _ := a.env(name)
	return v
}

// main runs one command line and gives the process's exit code.
func (a *app) main(ctx context.Context, args []string) int {
	root := a.rootCommand(args)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if early := (*exitError)(nil); errors.As(err, &early) && early.early && slices.Contains(args, "--json") {
		a.sayError(err)
	}
	code := a.report(err)
	if code == exitYes && a.unsaid != nil {
		return a.report(a.unsaid)
	}
	return code
}

// rootCommand is the whole tree of commands, or, when the first argument names
// one, the root with that one: making them all would be a good part of the time
// that verifying a small file takes.
func (a *app) rootCommand(args []string) *cobra.Command {
	root := a.newRoot()
	for _, e := range a.commands() {
		if len(args) > 0 && e.name == args[0] {
			root.AddCommand(e.make())
			finish(root)
			return root
		}
	}
	root.AddGroup(
		&cobra.Group{ID: "main", Title: "Sign and verify:"},
		&cobra.Group{ID: "keys", Title: "Keys and trust:"},
		&cobra.Group{ID: "wasm", Title: "WebAssembly:"},
		&cobra.Group{ID: "help", Title: "Understand:"},
	)
	for _, e := range a.commands() {
		c := e.make()
		c.GroupID = e.group
		root.AddCommand(c)
	}
	root.AddCommand(helpTopics()...)
	strictHelp(root)
	finish(root)
	completeValues(root) // shells ask the whole tree, and only they need it
	return root
}

// strictHelp makes help and completion say so when they are asked for something
// that is not there.
func strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Run = nil
			c.RunE = func(c *cobra.Command, args []string) error {
				about, rest, err := c.Root().Find(args)
				if err != nil || len(rest) > 0 {
					return usagef("sealwax help   lists commands and topics", "there is no help on %q", strings.Join(args, " "))
				}
				about.InitDefaultHelpFlag()
				return about.Help()
			}
		case "completion":
			c.RunE = func(c *cobra.Command, args []string) error {
				if len(args) > 0 {
					return usagef("want bash, zsh, fish or powershell", "no completion for the shell %q", args[0])
				}
				return c.Help()
			}
		}
	}
}

func (a *app) newRoot() *cobra.Command {
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
	root.SetFlagErrorFunc(usageError)
	root.SetIn(a.in)
	root.SetOut(&answerWriter{a})
	root.SetErr(a.err)
	return root
}

// entry is one command of the tree.
type entry struct {
	name, group string
	make        func() *cobra.Command
}

// commands lists every command: a new one is one new file and one line here.
func (a *app) commands() []entry {
	return []entry{
		{"sign", "main", a.signCommand},
		{"verify", "main", a.verifyCommand},
		{"inspect", "main", a.inspectCommand},
		{"digest", "main", a.digestCommand},
		{"compile", "main", a.compileCommand},
		{"run", "main", a.runCommand},
		{"exec", "main", a.execCommand},
		{"keygen", "keys", a.keygenCommand},
		{"key", "keys", a.keyCommand},
		{"trust", "keys", a.trustCommand},
		{"publisher", "keys", a.publisherCommand},
		{"policy", "keys", a.policyCommand},
		{"attach", "wasm", a.attachCommand},
		{"detach", "wasm", a.detachCommand},
		{"strip", "wasm", a.stripCommand},
		{"split", "wasm", a.splitCommand},
		{"cache", "wasm", a.cacheCommand},
		{"quickstart", "help", a.quickstartCommand},
		{"explain", "help", a.explainCommand},
		{"doctor", "help", a.doctorCommand},
		{"version", "help", a.versionCommand},
	}
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
			if slices.Contains(given, "") && !passesOn(c) { // a guest's argument may be empty
				return usageError(c, errors.New("an argument is empty: is a variable unset?"))
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		finish(sub)
	}
}

// completeValues offers the values of flags that take one of a few.
func completeValues(c *cobra.Command) {
	for _, sub := range c.Commands() {
		completeValues(sub)
	}
	values := map[string][]string{
		"coverage": {"whole", "prefix"},
		"kind":     {"module", "component", "compiled", "program", "file"},
		"role":     {"release", "native"},
		"format":   {keyMinisign, keyWasmsig},

		"opt-level":  {"none", "speed", "speed_and_size"},
		"target-cpu": {"baseline", "native"},
		"engine":     {engineBuiltIn, engine.Wasmtime},
	}
	if c.Name() == "keygen" || c.HasParent() && c.Parent().Name() == "key" {
		values["format"] = []string{keyMinisign, keyWasmsig, keyPEM}
	}
	for name, v := range values {
		if c.Flags().Lookup(name) != nil {
			// It fails only for a flag that is not there.
			_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(v, cobra.ShellCompDirectiveNoFileComp))
		}
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
	if s == "" && o.Type() == "string" && o.name != "trusted-comment" {
		return fmt.Errorf("--%s is given, and empty: is a variable unset?", o.name)
	}
	return o.Value.Set(s)
}

// careful wraps a command that has something to put back when it is interrupted.
func (a *app) careful(run func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		ctx, stop := a.interruptible(c.Context())
		defer stop()
		// A second signal ends the process at once: the first may find it in a call
		// that nothing interrupts, as opening a pipe that nobody writes to.
		defer context.AfterFunc(ctx, stop)()
		err := run(ctx, args)
		if err != nil && ctx.Err() != nil {
			return &exitError{code: exitInterrupted}
		}
		return err
	}
}

// say writes one line of the answer to standard output. What the arguments hold
// is escaped: names and errors can come from anywhere.
func (a *app) say(format string, args ...any) {
	a.page(fmt.Sprintf(format, escaped(args)...))
}

// answerWriter is the standard output of what the command line's library prints.
type answerWriter struct{ app *app }

func (w *answerWriter) Write(p []byte) (int, error) {
	n, err := w.app.out.Write(p)
	if err != nil && w.app.unsaid == nil {
		w.app.unsaid = fmt.Errorf("writing the answer: %w", err)
	}
	return n, err
}

// page writes a text of several lines, which is escaped already, to standard
// output. The first failure to write decides the exit code: an answer that
// nobody could read is none.
func (a *app) page(text string) {
	if _, err := fmt.Fprintln(a.out, text); err != nil && a.unsaid == nil {
		a.unsaid = fmt.Errorf("writing the answer: %w", err)
	}
}

// note writes one line about the work to standard error.
func (a *app) note(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, "sealwax: "+format+"\n", escaped(args)...)
}

// hint writes one line that says what to do next.
func (a *app) hint(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, "hint: "+format+"\n", escaped(args)...)
}

// escaped makes the texts among the arguments safe for a terminal and for logs.
func escaped(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			out[i] = sealwax.Printable(redact(v))
		case error:
			out[i] = sealwax.Printable(redact(v.Error()))
		default:
			out[i] = arg
		}
	}
	return out
}
