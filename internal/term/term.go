// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package term speaks with the person at the terminal: questions and passwords
// through the terminal device itself, so that standard input stays free for
// data, a progress line, and the question whether there is a terminal at all.
package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ErrNoTerminal is wrapped when nobody can be asked: the process has no terminal.
var ErrNoTerminal = errors.New("there is no terminal to ask on")

// Getenv looks up an environment variable, as [os.Getenv] does.
type Getenv func(name string) string

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// Colour reports whether f should get colour: a terminal that knows escapes,
// and no wish to the contrary (https://no-color.org: "when present and not an
// empty string (regardless of its value), prevents the addition of ANSI color").
func Colour(f *os.File, env Getenv) bool {
	return IsTerminal(f) && wantsColour(env)
}

func wantsColour(env Getenv) bool { return env("NO_COLOR") == "" && knowsEscapes(env) }

// knowsEscapes: a terminal that is called dumb does what it is told, and shows
// escapes as text. On Windows the variable is not set.
func knowsEscapes(env Getenv) bool { return env("TERM") != "dumb" }

// Terminal is the terminal device of this process. One goroutine uses it.
type Terminal struct {
	in, out *os.File
	escapes bool
}

// Open opens the terminal device. The error wraps [ErrNoTerminal] if there is
// none. Prompts must be safe to print; escape what comes from elsewhere.
func Open(env Getenv) (*Terminal, error) {
	in, out, err := openDevice()
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNoTerminal, err)
	}
	return &Terminal{in, out, knowsEscapes(env)}, nil
}

// Close lets go of the device.
func (t *Terminal) Close() error {
	if t.in == t.out {
		return t.in.Close()
	}
	return errors.Join(t.in.Close(), t.out.Close())
}

// Printf shows something that stays.
func (t *Terminal) Printf(format string, args ...any) error {
	_, err := fmt.Fprintf(t.out, format, args...)
	return err
}

// ReadPassword shows the prompt, reads a line that is not shown, and erases the
// prompt. When ctx is done first, it restores the terminal and returns the
// context's error: give it one that ends at Ctrl-C, or an interrupted process
// leaves a terminal that does not show what is typed.
func (t *Terminal) ReadPassword(ctx context.Context, prompt string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := t.Printf("%s", prompt); err != nil {
		return nil, err
	}
	defer t.erase()
	fd := int(t.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	line, err := await(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	if ctx.Err() != nil {
		return nil, errors.Join(ctx.Err(), term.Restore(fd, before))
	}
	if err != nil {
		return nil, fmt.Errorf("reading a password: %w", err)
	}
	return line, nil
}

// Confirm asks a question. Only y and yes are yes; an empty line, the end of
// input and everything else is no. The question and its answer stay: they are
// what was agreed to.
func (t *Terminal) Confirm(ctx context.Context, question string) (bool, error) {
	if err := t.Printf("%s [y/N] ", question); err != nil {
		return false, err
	}
	line, err := await(ctx, t.readLine)
	if ctx.Err() != nil {
		return false, errors.Join(ctx.Err(), t.Printf("\n"))
	}
	if err != nil {
		return false, fmt.Errorf("reading an answer: %w", err)
	}
	answer := strings.ToLower(strings.TrimSpace(string(line)))
	return answer == "y" || answer == "yes", nil
}

// await reads until ctx is done. A read that is given up goes on in the
// background: a terminal's cannot be interrupted, and the process is about to end.
func await(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		line []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := read()
		done <- result{line, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		return r.line, r.err
	}
}

// maxAnswer is how much of an answer is kept. No answer that long is yes.
const maxAnswer = 256

// readLine reads byte by byte, so that nothing behind the line is lost. An
// answer cut off by the end of input is none.
func (t *Terminal) readLine() ([]byte, error) {
	var line []byte
	var b [1]byte
	for {
		n, err := t.in.Read(b[:])
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return nil, err
		case n == 1 && b[0] == '\n':
			return line, nil
		}
		if len(line) < maxAnswer {
			line = append(line, b[:n]...)
		}
	}
}

const eraseLine = "\r\x1b[2K"

// erase takes the prompt away, or where that cannot be done ends its line.
func (t *Terminal) erase() {
	if t.escapes {
		_ = t.Printf("%s", eraseLine) // for the eye only
	} else {
		_ = t.Printf("\n")
	}
}
