// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed quickstart/hello.wasm
var helloModule []byte

func (a *app) quickstartCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "quickstart",
		Short: "see everything in a minute, in a temporary folder",
		Long:  "Quickstart makes a key, signs a real module in both ways, verifies it, runs it, breaks it and shows the refusal. It touches nothing of yours.",
		Args:  cobra.NoArgs,
		RunE:  a.careful(func(ctx context.Context, _ []string) error { return a.quickstart(ctx) }),
	}
}

// tour runs real commands in a temporary folder and echoes them.
type tour struct {
	app *app
	exe string
	dir string
}

func (a *app) quickstart(ctx context.Context) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding sealwax itself: %w", err)
	}
	dir, err := os.MkdirTemp("", "sealwax-quickstart-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.WriteFile(filepath.Join(dir, "hello.wasm"), helloModule, 0o600); err != nil {
		return err
	}
	t := &tour{app: a, exe: exe, dir: dir}
	if err := t.steps(ctx); err != nil {
		return fmt.Errorf("the tour: %w", err)
	}
	a.say("\nThat is all. Next, in your own folder:")
	a.say("  sealwax keygen -o me")
	a.say("  sealwax sign FILE -k me.key")
	a.say("  sealwax verify FILE -k me.pub")
	return nil
}

func (t *tour) steps(ctx context.Context) error {
	t.app.say("A module, hello.wasm, in a temporary folder. First a key:")
	if err := t.run(ctx, exitYes, "keygen", "--no-password", "-o", "demo"); err != nil {
		return err
	}
	t.app.say("\nSign it both ways: beside the module (minisign reads that), and inside a copy of it:")
	if err := t.runAll(ctx, [][]string{
		{"sign", "hello.wasm", "-k", "demo.key", "-t", "my first release"},
		{"sign", "--embed", "hello.wasm", "-k", "demo.key", "-o", "signed.wasm", "--meta", "name=hello,version=1.0.0"},
		{"verify", "hello.wasm", "signed.wasm", "-k", "demo.pub"},
	}); err != nil {
		return err
	}
	t.app.say("\nRun it. Nothing starts unless the very bytes that run were verified:")
	if err := t.run(ctx, exitYes, "run", "-k", "demo.pub", "signed.wasm"); err != nil {
		return err
	}
	t.app.say("\nFlip one bit of a copy (evil.wasm) and try again:")
	if err := t.flip("signed.wasm", "evil.wasm"); err != nil {
		return err
	}
	if err := t.run(ctx, exitRefused, "run", "-k", "demo.pub", "evil.wasm"); err != nil {
		return err
	}
	t.app.say("\nLook inside, believing nothing:")
	return t.run(ctx, exitYes, "inspect", "signed.wasm")
}

func (t *tour) runAll(ctx context.Context, commands [][]string) error {
	for _, c := range commands {
		if err := t.run(ctx, exitYes, c...); err != nil {
			return err
		}
	}
	return nil
}

// run echoes a command, runs it, and holds it to the exit code it must have.
func (t *tour) run(ctx context.Context, want int, args ...string) error {
	t.app.say("\n$ sealwax %s", quoted(args))
	cmd := exec.CommandContext(ctx, t.exe, args...) // sealwax itself
	cmd.Dir = t.dir
	cmd.Env = []string{
		"SEALWAX_CONFIG_DIR=" + filepath.Join(t.dir, "config"), "SEALWAX_STATE_DIR=" + filepath.Join(t.dir, "state"), "TMPDIR=" + t.dir,
	}
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err := cmd.Run()
	t.app.page(strings.TrimRight(both.String(), "\n"))
	code := exitYes
	exited := (*exec.ExitError)(nil)
	switch {
	case errors.As(err, &exited):
		code = exited.ExitCode()
		t.app.say("(exit code %d)", code)
	case err != nil:
		return err
	}
	if code != want {
		return fmt.Errorf("sealwax %s: exit code %d, and %d was to be expected", quoted(args), code, want)
	}
	return nil
}

func quoted(args []string) string {
	out := make([]string, len(args))
	for i, s := range args {
		out[i] = s
		if strings.ContainsAny(s, " *") {
			out[i] = "'" + s + "'"
		}
	}
	return strings.Join(out, " ")
}

// flip copies a file with one bit changed near its end.
func (t *tour) flip(from, to string) error {
	b, err := os.ReadFile(filepath.Join(t.dir, from))
	if err != nil {
		return err
	}
	b[len(b)-100] ^= 1
	return os.WriteFile(filepath.Join(t.dir, to), b, 0o600)
}
