// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
)

const (
	// maxStack is what the library allows for a guest's stack, in bytes. It ends
	// the process at more.
	maxStack = 2 << 20
	// maxTable is how many elements a table may have: 16 bytes each.
	maxTable = 10_000_000

	reactorStart = "_initialize" // prepares a module that is no command for its first call
	commandStart = "_start"
)

// Run runs a module, or what one was compiled to.
func (Engine) Run(_ context.Context, g *child.Guest) (uint32, error) {
	wasi, err := wasiConfig(g.Job)
	if err != nil {
		return 0, err
	}
	e, err := newRunner(g.Job)
	if err != nil {
		return 0, err
	}
	m, err := load(e, g)
	if err != nil {
		return 0, err
	}
	store := wasmtime.NewStore(e)
	defer store.Close()
	store.SetWasi(wasi)
	// One memory, so that its limit is the limit of all.
	store.Limiter(g.Job.Limits.Linear, maxTable, -1, -1, 1)
	var end ended
	linker, err := newLinker(e, &end)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(checkImports(linker, store, m), child.CheckEntrypoint(callable(m), g.Job.Entrypoint)); err != nil {
		return 0, err
	}
	// The library writes the guest's errors to the process's own stream.
	if err := errors.Join(g.OwnStderr(), g.Started()); err != nil {
		return 0, err
	}
	err = call(linker, store, m, g.Job)
	if end.called {
		return end.code, nil
	}
	return 0, err
}

// newRunner makes an engine for this machine.
func newRunner(job helper.Job) (*wasmtime.Engine, error) {
	c := wasmtime.NewConfig()
	if job.MaxStack > maxStack {
		return nil, child.Failf(helper.NotRunnable, "a stack of %d bytes: this engine allows at most %d", job.MaxStack, maxStack)
	}
	if job.MaxStack > 0 {
		c.SetMaxWasmStack(int(job.MaxStack))
	}
	return wasmtime.NewEngineWithConfig(c), nil
}

// load makes a module of the guest's bytes. Compiled code is taken as it is.
func load(e *wasmtime.Engine, g *child.Guest) (*wasmtime.Module, error) {
	if g.Job.Form == helper.Native {
		m, err := loadNative(e, g)
		if err != nil {
			return nil, child.Failf(helper.NotRunnable, "this engine (wasmtime %s, on this machine) does not load the compiled code: compile the module again (%w)", Version, err)
		}
		return m, nil
	}
	if err := child.CheckModule(g.Code); err != nil {
		return nil, err
	}
	if len(g.Known) > 0 {
		if m, err := wasmtime.NewModuleDeserialize(e, g.Known); err == nil {
			return m, nil
		}
	}
	m, err := wasmtime.NewModule(e, g.Code)
	if err != nil {
		return nil, &child.Failure{Kind: helper.BadModule, Err: err}
	}
	if g.Wanted() {
		keep(g, m)
	}
	return m, nil
}

// loadNative takes compiled code as it is: mapped where it can never change any more,
// else from a copy. The library leaves out what follows the object in a file.
func loadNative(e *wasmtime.Engine, g *child.Guest) (*wasmtime.Module, error) {
	if path, ok := g.SealedPath(); ok {
		return wasmtime.NewModuleDeserializeFile(e, path)
	}
	return wasmtime.NewModuleDeserialize(e, g.Code)
}

// keep hands the compiled form to the parent. Where that fails the guest runs all
// the same, and the next start compiles again.
func keep(g *child.Guest, m *wasmtime.Module) {
	if code, err := m.Serialize(); err == nil {
		_ = g.Keep(bytes.NewReader(code))
	}
}

// ended is how a guest ended itself.
type ended struct {
	called bool
	code   uint32
}

// newLinker offers WASI. Of its functions the one that ends the guest is ours: the
// library's knows no codes above 125.
func newLinker(e *wasmtime.Engine, end *ended) (*wasmtime.Linker, error) {
	l := wasmtime.NewLinker(e)
	if err := l.DefineWasi(); err != nil {
		return nil, fmt.Errorf("offering WASI: %w", err)
	}
	l.AllowShadowing(true)
	err := l.FuncWrap(wasiModule, "proc_exit", func(code int32) *wasmtime.Trap {
		end.called, end.code = true, uint32(code) //nolint:gosec // the guest meant its bits as unsigned
		return wasmtime.NewTrap("the guest ended itself")
	})
	if err != nil {
		return nil, fmt.Errorf("offering WASI: %w", err)
	}
	return l, nil
}

const wasiModule = "wasi_snapshot_preview1"

// checkImports names everything the module wants that nobody offers.
func checkImports(l *wasmtime.Linker, s *wasmtime.Store, m *wasmtime.Module) error {
	var missing []string
	for _, i := range m.Imports() {
		name := ""
		if n := i.Name(); n != nil {
			name = *n
		}
		if l.Get(s, i.Module(), name) == nil {
			missing = append(missing, i.Module()+"."+name)
		}
	}
	return child.MissingImports(missing)
}

// callable are the exported functions, with how many parameters each takes.
func callable(m *wasmtime.Module) map[string]int {
	out := map[string]int{}
	for _, e := range m.Exports() {
		if f := e.Type().FuncType(); f != nil {
			out[e.Name()] = len(f.Params())
		}
	}
	return out
}

// call instantiates the module and calls its entry point.
func call(l *wasmtime.Linker, s *wasmtime.Store, m *wasmtime.Module, job helper.Job) error {
	instance, err := l.Instantiate(s, m)
	if err != nil {
		return linkError(err, job.Limits)
	}
	init := instance.GetFunc(s, reactorStart)
	if init != nil && job.Entrypoint != commandStart && job.Entrypoint != reactorStart {
		if _, err := init.Call(s); err != nil {
			return trapped(err)
		}
	}
	if _, err := instance.GetFunc(s, job.Entrypoint).Call(s); err != nil {
		return trapped(err)
	}
	return nil
}

// linkError tells a trap in the start section from a module that wants too much
// or does not fit.
func linkError(err error, limits helper.Limits) error {
	switch text := err.Error(); {
	case strings.Contains(text, "exceeds memory limits"):
		return child.TooMuchMemory(limits, err)
	case strings.Contains(text, trapMark):
		return trapped(err)
	case strings.Contains(text, "memory count too high"):
		return child.Failf(helper.NotRunnable, "the module has several memories, and this helper offers one (%w)", err)
	}
	return &child.Failure{Kind: helper.NotRunnable, Err: err}
}

const trapMark = "wasm trap: "

// trapped says why a guest was stopped, without the trace that precedes it.
func trapped(err error) error {
	text := err.Error()
	if i := strings.LastIndex(text, trapMark); i >= 0 {
		text, _, _ = strings.Cut(text[i:], "\n")
	}
	return &child.Failure{Kind: helper.Trap, Err: errors.New(text)}
}
