// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/sealwax/sealwax/internal/guestfs"
	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
)

// Engine is the engine's name in the handshake.
const Engine = "wazero"

// enginePath is the module of the engine that is linked in.
const enginePath = "github.com/tetratelabs/wazero"

// features are those of WebAssembly 2.0, and what current toolchains use beyond.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst | experimental.CoreFeaturesTailCall

const (
	pageSize = 64 << 10
	maxPages = 1 << 16 // of a 32-bit memory
	// reactorStart prepares a module that is no command for its first call.
	reactorStart = "_initialize"
	commandStart = "_start"
)

// execute compiles and runs a module, and returns the guest's exit code. It
// calls started once everything that can be checked before has been.
func execute(ctx context.Context, g *child.Guest) (uint32, error) {
	job, module := g.Job, g.Code
	if err := child.CheckModule(module); err != nil {
		return 0, err
	}
	folders, err := mounts(job)
	if err != nil {
		return 0, err
	}
	ctx = experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0))
	ctx = withLinearMemory(ctx)
	config := wazero.NewRuntimeConfig().WithCoreFeatures(features).WithDebugInfoEnabled(false).
		WithMemoryLimitPages(uint32(min(max(job.Limits.Linear/pageSize, 1), maxPages)))
	form := &compiledForm{known: g.Known, keep: g.Keep}
	if g.Wanted() {
		config = form.stand(config)
	}
	rt := wazero.NewRuntimeWithConfig(ctx, config)
	defer rt.Close(ctx)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, rt); err != nil {
		return 0, err
	}
	wasi := rt.Module(wasi_snapshot_preview1.ModuleName)
	code, err := form.compile(ctx, rt, module)
	if err != nil {
		return 0, compileError(err, job.Limits)
	}
	if err := errors.Join(checkImports(code, wasi), child.CheckEntrypoint(callable(code), job.Entrypoint)); err != nil {
		return 0, err
	}
	if err := g.Started(); err != nil {
		return 0, err
	}
	return call(ctx, rt, code, moduleConfig(job, folders).WithStderr(g.Stderr), job)
}

// compileError tells a module that wants too much memory from a broken one.
func compileError(err error, limits helper.Limits) error {
	if strings.Contains(err.Error(), "over limit of") {
		return child.TooMuchMemory(limits, err)
	}
	return &child.Failure{Kind: helper.BadModule, Err: err}
}

// checkImports names everything the module wants that nobody offers.
func checkImports(code wazero.CompiledModule, wasi api.Module) error {
	offered := wasi.ExportedFunctionDefinitions()
	var missing []string
	for _, f := range code.ImportedFunctions() {
		module, name, _ := f.Import()
		if _, ok := offered[name]; module != wasi.Name() || !ok {
			missing = append(missing, module+"."+name)
		}
	}
	for _, m := range code.ImportedMemories() {
		module, name, _ := m.Import()
		missing = append(missing, module+"."+name)
	}
	return child.MissingImports(missing)
}

// callable are the exported functions, with how many parameters each takes.
func callable(code wazero.CompiledModule) map[string]int {
	out := map[string]int{}
	for name, f := range code.ExportedFunctions() {
		out[name] = len(f.ParamTypes())
	}
	return out
}

// mounts opens the folders.
func mounts(job helper.Job) (wazero.FSConfig, error) {
	config := wazero.NewFSConfig()
	for _, m := range child.OrderedMounts(job) {
		access := guestfs.ReadOnly
		if m.Writable {
			access = guestfs.ReadWrite
		}
		f, err := guestfs.Open(m.Host, access)
		if err != nil {
			return nil, &child.Failure{Kind: helper.MountFailed, Err: err}
		}
		config = config.(sysfs.FSConfig).WithSysFSMount(f, m.Guest)
	}
	return config, nil
}

// moduleConfig gives the guest what the job says, real clocks and real
// randomness, and nothing else.
func moduleConfig(job helper.Job, folders wazero.FSConfig) wazero.ModuleConfig {
	c := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithArgs(job.Args...).
		WithStdin(os.Stdin).WithStdout(blocking(os.Stdout)).
		WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithRandSource(rand.Reader).
		WithFSConfig(folders)
	for _, e := range job.Env {
		key, value, _ := strings.Cut(e, "=")
		c = c.WithEnv(key, value)
	}
	return c
}

// blocking hides from the engine that a stream is a pipe, which a guest could
// make non-blocking: guests that do so by habit then spin while their reader is
// slow. A write that waits costs nothing.
func blocking(f *os.File) io.Writer {
	if info, err := f.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		return struct{ io.Writer }{f}
	}
	return f
}

// call instantiates the module and calls its entry point.
func call(ctx context.Context, rt wazero.Runtime, code wazero.CompiledModule, c wazero.ModuleConfig, job helper.Job) (exit uint32, err error) {
	mod, err := instantiate(ctx, rt, code, c)
	if err != nil {
		return exitCode(err, linkError(err))
	}
	if init := mod.ExportedFunction(reactorStart); init != nil && job.Entrypoint != commandStart && job.Entrypoint != reactorStart {
		if _, err := init.Call(ctx); err != nil {
			return exitCode(err, &child.Failure{Kind: helper.Trap, Err: err})
		}
	}
	if _, err := mod.ExportedFunction(job.Entrypoint).Call(ctx); err != nil {
		return exitCode(err, &child.Failure{Kind: helper.Trap, Err: err})
	}
	return 0, nil
}

// instantiate turns the engine's panic about memory that it did not get into an
// error.
func instantiate(ctx context.Context, rt wazero.Runtime, code wazero.CompiledModule, c wazero.ModuleConfig) (mod api.Module, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = child.Failf(helper.MemoryLimit, "the system has no memory for the module's start (%v); allow less with --max-memory, or free some", r)
		}
	}()
	return rt.InstantiateModule(ctx, code, c)
}

// linkError tells a trap in the start section from a module that does not fit.
func linkError(err error) error {
	if _, ok := errors.AsType[*child.Failure](err); ok {
		return err
	}
	if strings.Contains(err.Error(), "wasm error:") {
		return &child.Failure{Kind: helper.Trap, Err: err}
	}
	return &child.Failure{Kind: helper.NotRunnable, Err: err}
}

// exitCode takes a guest's own end out of an error.
func exitCode(err, otherwise error) (uint32, error) {
	if exit, ok := errors.AsType[*sys.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, otherwise
}
