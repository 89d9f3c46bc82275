// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package helper

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of one command to compile, and of what a helper says of the outcome.
const (
	maxWord     = 64 // bytes of one option
	maxFeatures = 256
	maxPattern  = 1024 // bytes of one pattern
)

// Compile is the command to compile a module, whose compiled form the helper
// writes to its output.
type Compile struct {
	Size     int64    `json:"size"`      // how many bytes of the file are meant, 0 for all
	CPU      string   `json:"cpu"`       // "baseline", "native", or a name that the engine knows
	Features []string `json:"features"`  // "+sse3", "-avx": beside CPU
	OptLevel string   `json:"opt_level"` // "none", "speed" or "speed_and_size"
	Imports  []string `json:"imports"`   // patterns that imports must match; null is no rule
	Limits   Limits   `json:"limits"`
}

// Translate is the command to make a module of WebAssembly text. The helper
// writes it to its output.
type Translate struct {
	Size   int64  `json:"size"` // how many bytes of the file are meant, 0 for all
	Limits Limits `json:"limits"`
}

// Kept says that the helper wrote a compiled form of the job's module to its
// output. It comes before [Started].
type Kept struct {
	Size int64 `json:"size"` // bytes
}

// Compiled says that compiling is done and what for.
type Compiled struct {
	Size     int64    `json:"size"`      // bytes that were written to the output
	Target   string   `json:"target"`    // the triple that the code is for
	CPU      string   `json:"cpu"`       // as commanded
	Features []string `json:"features"`  // all that the code may use, each with "+", sorted
	OptLevel string   `json:"opt_level"` // as commanded
}

// Translated says that the module is written.
type Translated struct {
	Size int64 `json:"size"` // bytes that were written to the output
}

func (Compile) kind() string    { return "compile" }
func (Translate) kind() string  { return "translate" }
func (Kept) kind() string       { return "kept" }
func (Compiled) kind() string   { return "compiled" }
func (Translated) kind() string { return "translated" }

func (c Compile) check() error {
	switch {
	case c.Size < 0 || c.Limits.Total <= 0 || c.Limits.Linear != 0:
		return errors.New("compile with a negative size, without a limit, or with one of linear memory")
	case len(c.Imports) > maxStrings:
		return fmt.Errorf("compile with more than %d patterns", maxStrings)
	}
	for _, p := range c.Imports {
		if p == "" || len(p) > maxPattern || strings.ContainsRune(p, 0) {
			return fmt.Errorf("a pattern of imports that is empty, longer than %d bytes, or contains NUL", maxPattern)
		}
	}
	return checkTarget(c.CPU, c.Features, c.OptLevel, "+-")
}

// checkTarget holds options to words that can be written down anywhere.
func checkTarget(cpu string, features []string, optLevel, signs string) error {
	if !word(cpu) {
		return fmt.Errorf("the CPU %.80q is not a word of a-z, 0-9, '.', '_' and '-'", cpu)
	}
	switch optLevel {
	case "none", "speed", "speed_and_size":
	default:
		return fmt.Errorf("the unknown optimisation %.80q", optLevel)
	}
	if len(features) > maxFeatures {
		return fmt.Errorf("more than %d features", maxFeatures)
	}
	for _, f := range features {
		if f == "" || !strings.Contains(signs, f[:1]) || !word(f[1:]) {
			return fmt.Errorf("the feature %.80q is not one of %q and a word of a-z, 0-9, '.', '_' and '-'", f, signs)
		}
	}
	return nil
}

// word reports whether s is a short name of plain characters.
func word(s string) bool {
	notWord := func(r rune) bool { return notKeyLetter(r) && r != '.' }
	return s != "" && len(s) <= maxWord && !strings.ContainsFunc(s, notWord)
}

func (t Translate) check() error {
	if t.Size < 0 || t.Limits.Total <= 0 || t.Limits.Linear != 0 {
		return errors.New("translate with a negative size, without a limit, or with one of linear memory")
	}
	return nil
}

func (k Kept) check() error {
	if k.Size <= 0 {
		return errors.New("kept without a size")
	}
	return nil
}

func (c Compiled) check() error {
	if c.Size <= 0 || !word(c.Target) {
		return errors.New("compiled without a size or a target")
	}
	return checkTarget(c.CPU, c.Features, c.OptLevel, "+")
}

func (t Translated) check() error {
	if t.Size <= 0 {
		return errors.New("translated without a size")
	}
	return nil
}
