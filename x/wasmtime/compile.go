// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"context"
	"slices"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
)

// Engine is wasmtime behind the helper protocol.
type Engine struct {
	// Name and Build are the helper program's own name and version.
	Name, Build string
}

// Identity is the greeting.
func (e Engine) Identity() helper.Hello {
	return helper.Hello{
		Name: e.Name, Version: e.Build,
		Engine: "wasmtime", EngineVersion: Version, Binding: Binding(), Library: Version,
	}
}

// newCompiler makes an engine that compiles for exactly these features of the
// machine's own architecture. They must be known: see [featuresOf].
func newCompiler(features []feature, level wasmtime.OptLevel) (*wasmtime.Engine, error) {
	target := Target()
	if target == "" {
		return nil, child.Failf(helper.NotRunnable, "this engine does not compile for this system")
	}
	c := wasmtime.NewConfig()
	// A target that is named, even the machine's own, has no features but those
	// that are enabled.
	if err := c.SetTarget(target); err != nil {
		return nil, err
	}
	for _, f := range features {
		c.EnableCraneliftFlag("has_" + f)
	}
	c.SetCraneliftOptLevel(level)
	return wasmtime.NewEngineWithConfig(c), nil
}

// level is how the library calls an optimisation.
func level(name string) (wasmtime.OptLevel, error) {
	switch name {
	case "none":
		return wasmtime.OptLevelNone, nil
	case "speed":
		return wasmtime.OptLevelSpeed, nil
	case "speed_and_size":
		return wasmtime.OptLevelSpeedAndSize, nil
	}
	return 0, child.Failf(helper.BadOption, "this engine knows no optimisation %q; it knows none, speed and speed_and_size", name)
}

// Compile compiles a module for the machine's own kind.
func (Engine) Compile(_ context.Context, how helper.Compile, module []byte) ([]byte, helper.Compiled, error) {
	none := helper.Compiled{}
	if err := child.CheckModule(module); err != nil {
		return nil, none, err
	}
	features, err := featuresOf(how.CPU, how.Features)
	if err != nil {
		return nil, none, err
	}
	opt, err := level(how.OptLevel)
	if err != nil {
		return nil, none, err
	}
	e, err := newCompiler(features, opt)
	if err != nil {
		return nil, none, err
	}
	m, err := wasmtime.NewModule(e, module)
	if err != nil {
		return nil, none, compileError(err)
	}
	if err := allowed(m, how.Imports); err != nil {
		return nil, none, err
	}
	code, err := m.Serialize()
	return code, helper.Compiled{Target: Target(), CPU: how.CPU, Features: signed(features), OptLevel: how.OptLevel}, err
}

// signed writes features as the protocol does.
func signed(features []feature) []string {
	out := make([]string, len(features))
	for i, f := range features {
		out[i] = "+" + f
	}
	return out
}

// compileError tells a machine that cannot from a module that is broken.
func compileError(err error) error {
	if strings.Contains(err.Error(), "not compatible with the native host") {
		return child.Failf(helper.BadOption, "this machine lacks a feature that code is asked for, and this engine compiles only for what its machine has: compile on one that has it, or ask for less (%w)", err)
	}
	return &child.Failure{Kind: helper.BadModule, Err: err}
}

// allowed holds the imports of m to the patterns; nil is no rule.
func allowed(m *wasmtime.Module, patterns []string) error {
	if patterns == nil {
		return nil
	}
	var refused []string
	for _, i := range imports(m) {
		if !slices.ContainsFunc(patterns, i.matches) {
			refused = append(refused, i.String())
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return child.Failf(helper.BadImport, "the module imports what is not allowed: %s", child.List(refused))
}

// imported names something that a module imports.
type imported struct{ module, name string }

// String is MODULE.NAME.
func (i imported) String() string { return i.module + "." + i.name }

// imports are the imports of m, each once.
func imports(m *wasmtime.Module) []imported {
	var out []imported
	seen := map[imported]bool{}
	for _, t := range m.Imports() {
		i := imported{module: t.Module()}
		if n := t.Name(); n != nil {
			i.name = *n
		}
		if !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	return out
}

// matches reports whether the pattern MODULE.NAME is for the import. A pattern without
// a dot is for everything of a module. Either name may have dots itself, so that the
// pattern's may be any of them; what stands for one name never reaches into the other.
func (i imported) matches(pattern string) bool {
	if !strings.Contains(pattern, ".") {
		return matches(pattern, i.module)
	}
	for at, c := range pattern {
		if c == '.' && matches(pattern[:at], i.module) && matches(pattern[at+1:], i.name) {
			return true
		}
	}
	return false
}

// matches reports whether s is p, in which each * stands for any characters.
func matches(p, s string) bool {
	first, rest, more := strings.Cut(p, "*")
	if !more {
		return p == s
	}
	s, ok := strings.CutPrefix(s, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		_, after, ok := strings.Cut(s, part)
		if !ok {
			return false
		}
		s = after
	}
	return strings.HasSuffix(s, last)
}

// Translate makes a module of WebAssembly text.
func (Engine) Translate(_ context.Context, text []byte) ([]byte, error) {
	module, err := wasmtime.Wat2Wasm(string(text))
	if err != nil {
		return nil, &child.Failure{Kind: helper.BadModule, Err: err}
	}
	return module, nil
}
