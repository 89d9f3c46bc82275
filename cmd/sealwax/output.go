// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/internal/term"
)

// stdout is the output path that stands for the standard output.
const stdout = "-"

// output is where a command's bytes go. Nothing is visible before the command
// has succeeded.
type output interface{ io.Writer }

// apart keeps an output from taking the place of what is read: a key that is
// replaced is lost.
func apart(out string, inputs ...string) error {
	for _, in := range inputs {
		if out != "" && out != stdout && samePath(strings.TrimPrefix(in, prefixRaw), out) {
			return usagef("", "the output %s is an input as well", out)
		}
	}
	return nil
}

// emit writes a file whole or not at all. For "-" the bytes are collected in a
// private file first and copied to standard output when write has succeeded;
// binary content never goes to a terminal.
func (a *app) emit(path string, force bool, write func(output) error) error {
	return a.emitMode(path, atomicfile.Options{Mode: atomicfile.Public, Replace: force}, write)
}

func (a *app) emitMode(path string, o atomicfile.Options, write func(output) error) error {
	if path == stdout {
		return a.emitStdout(write)
	}
	f, err := atomicfile.Create(path, o)
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit()
}

func (a *app) emitStdout(write func(output) error) error {
	if term.IsTerminal(a.out) {
		return usagef("redirect it, or name a file with -o", "no binary output to a terminal")
	}
	dir, err := os.MkdirTemp("", "sealwax-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	f, err := atomicfile.Create(dir+"/out", atomicfile.Options{})
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := write(f); err != nil {
		return err
	}
	if _, err := io.Copy(a.out, f.Written()); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

// printableJSON writes what a terminal could act on as JSON escapes: the same
// JSON, safe to look at.
func printableJSON(line []byte) string {
	line = []byte(redactJSON(string(line)))
	if sealwax.Printable(string(line)) == string(line) {
		return string(line)
	}
	var b strings.Builder
	for _, r := range string(line) { // encoding/json has replaced what is no UTF-8
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
