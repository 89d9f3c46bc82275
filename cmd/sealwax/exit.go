// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/internal/term"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust"
)

// The exit codes: `sealwax help exit-codes`.
const (
	exitYes         = 0
	exitNo          = 1
	exitUsage       = 2
	exitUndecided   = 3
	exitPerson      = 4
	exitTimeout     = 124
	exitRunFailed   = 125
	exitRefused     = 126
	exitNotFound    = 127
	exitInterrupted = 130
)

// exitError is an error that knows its exit code. A nil err says nothing more:
// the command has already said it.
type exitError struct {
	code int
	err  error
	hint string
	// early is set when the command line could not be read, and so no command
	// has answered in the form that it asks for.
	early bool
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func withCode(code int, err error) error { return &exitError{code: code, err: err} }

// usagef is "used wrongly", with a hint if there is one.
func usagef(hint, format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...), hint: hint}
}

func usageError(c *cobra.Command, err error) error {
	code := exitUsage
	if passesOn(c) {
		code = exitRunFailed
	}
	return &exitError{code: code, err: err, hint: "sealwax help " + commandWords(c), early: true}
}

// passesOn reports whether arguments and exit codes are those of what the command
// runs, but for few.
func passesOn(c *cobra.Command) bool { return c.Name() == "run" || c.Name() == "exec" }

func commandWords(c *cobra.Command) string {
	if c.HasParent() && c.Parent().HasParent() {
		return c.Parent().Name() + " " + c.Name()
	}
	return c.Name()
}

// report prints what ended a command, with the next step, and gives the code.
func (a *app) report(err error) int {
	if err == nil {
		return exitYes
	}
	code := exitCode(err)
	silent := (*exitError)(nil)
	if errors.As(err, &silent) && silent.err == nil {
		return code
	}
	for i, line := range strings.Split(strings.ReplaceAll(err.Error(), "\t", "  "), "\n") {
		if i > 0 {
			line = "  " + line
		}
		a.note("%s", line)
	}
	for _, h := range hints(err) {
		a.hint("%s", h)
	}
	return code
}

// exitCode maps errors that do not know their exit code to the process's answer.
func exitCode(err error) int {
	own := (*exitError)(nil)
	denied := (*sealwax.DeniedError)(nil)
	switch {
	case errors.As(err, &own):
		return own.code
	case errors.As(err, &denied):
		return exitNo
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, key.ErrPasswordNeeded), errors.Is(err, term.ErrNoTerminal):
		return exitPerson
	case isUsage(err):
		return exitUsage
	}
	return exitUndecided
}

// workError is for what went wrong while an artifact was read and another one
// written: trouble with files is "could not decide", everything else is about
// the artifact, and is "no".
func workError(err error) error {
	own := (*exitError)(nil)
	path := (*fs.PathError)(nil)
	call := (*os.SyscallError)(nil)
	link := (*os.LinkError)(nil)
	switch {
	case errors.As(err, &own), isUsage(err), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &path), errors.As(err, &call), errors.As(err, &link), errors.Is(err, key.ErrPasswordNeeded):
		return err
	}
	return withCode(exitNo, err)
}

// isUsage reports whether the user gave something that cannot be meant: a broken
// key, an output that is there already.
func isUsage(err error) bool {
	for _, target := range []error{
		key.ErrNotKey, key.ErrSecretGiven, key.ErrPublicGiven, key.ErrUnsupported, key.ErrWeakKey, key.ErrDamaged,
		key.ErrCostly, key.ErrWrongPassword, key.ErrNotInAgent, key.ErrAmbiguous, key.ErrScheme,
		atomicfile.ErrExists, atomicfile.ErrNotRegular, source.ErrIsDirectory, source.ErrStdinTwice, trust.ErrPinExists, trust.ErrNoPin,
		trust.ErrBlockExists, trust.ErrNoBlock,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// hints says what to do next about an error.
func hints(err error) []string {
	own := (*exitError)(nil)
	if errors.As(err, &own) && own.hint != "" {
		return []string{own.hint}
	}
	table := []struct {
		target error
		hint   string
	}{
		{atomicfile.ErrExists, "--force replaces it"},
		{key.ErrSecretGiven, "sealwax key public FILE   prints the public half"},
		{key.ErrPublicGiven, "signing takes the secret key file: NAME.key, not NAME.pub"},
		{key.ErrWrongPassword, "the password is taken to the end of its first line, as it is"},
		{key.ErrPasswordNeeded, "give it with --password-file FILE or --password-fd N, or run this in a terminal"},
		{term.ErrNoTerminal, "give the password with --password-file FILE (/dev/null: an empty one) or --password-fd N, or run this in a terminal"},
		{source.ErrIsDirectory, "name a file; sealwax verify -r DIR   verifies all that is in a folder"},
		{trust.ErrNoPin, "sealwax trust list   shows the pins"},
		{trust.ErrNoBlock, "sealwax trust list   shows the blocks"},
		{trust.ErrPinExists, "sealwax trust remove NAME   first, or choose another --name"},
	}
	for _, row := range table {
		if errors.Is(err, row.target) {
			return []string{row.hint}
		}
	}
	return nil
}
