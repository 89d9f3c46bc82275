// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
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

// engineVersion is the version of the engine that is linked in.
func engineVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if dep.Path == "github.com/tetratelabs/wazero" {
			return dep.Version
		}
	}
	return "unknown"
}

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
	if err := checkKind(module); err != nil {
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
	form := &compiledForm{known: g.Known}
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
	form.keep(g)
	if err := errors.Join(checkImports(code, wasi), checkEntrypoint(code, job.Entrypoint)); err != nil {
		return 0, err
	}
	if err := g.Started(); err != nil {
		return 0, err
	}
	return call(ctx, rt, code, moduleConfig(job, folders).WithStderr(g.Stderr), job)
}

// checkKind says clearly what the engine would say in its own way.
func checkKind(module []byte) error {
	const magic, version = "\x00asm", "\x01\x00\x00\x00"
	switch head := string(module[:min(len(module), 8)]); {
	case head == magic+version:
		return nil
	case strings.HasPrefix(head, magic) && len(head) == 8 && head[6:] == "\x01\x00":
		return child.Failf(helper.NotRunnable, "this is a WebAssembly component, and this engine runs core modules; build for wasm32-wasip1 and sign that")
	case strings.HasPrefix(head, magic):
		return child.Failf(helper.NotRunnable, "this is WebAssembly of a version other than 1; build it with a current toolchain")
	case strings.HasPrefix(strings.TrimSpace(head), "("):
		return child.Failf(helper.NotRunnable, "this is WebAssembly text; translate it (wat2wasm) and sign the module that comes out")
	}
	return child.Failf(helper.BadModule, "this is no WebAssembly module: it does not begin with \\0asm")
}

// compileError tells a module that wants too much memory from a broken one.
func compileError(err error, limits helper.Limits) error {
	if strings.Contains(err.Error(), "over limit of") {
		return child.Failf(helper.MemoryLimit, "the module demands more linear memory than the limit of %d bytes; allow more with --max-memory (%w)", limits.Linear, err)
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
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return child.Failf(helper.NotRunnable, "the module imports what is not offered here: %s; it must be built for WASI (wasm32-wasip1, wasi_snapshot_preview1)%s", list(missing), oldWASI(missing))
}

func oldWASI(missing []string) string {
	if strings.HasPrefix(missing[0], "wasi_unstable.") {
		return "; wasi_unstable is the WASI of 2019: build it again with a current toolchain"
	}
	return ""
}

// list shows the first few names.
func list(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// checkEntrypoint looks for the function to call.
func checkEntrypoint(code wazero.CompiledModule, name string) error {
	exports := code.ExportedFunctions()
	f, ok := exports[name]
	if ok && len(f.ParamTypes()) == 0 {
		return nil
	}
	if ok {
		return child.Failf(helper.NoEntrypoint, "the function %q takes parameters, and there is no way to give them", name)
	}
	var callable []string
	for other, f := range exports {
		if len(f.ParamTypes()) == 0 {
			callable = append(callable, other)
		}
	}
	if len(callable) == 0 {
		return child.Failf(helper.NoEntrypoint, "the module exports no function %q, nor any other that could be called", name)
	}
	slices.Sort(callable)
	return child.Failf(helper.NoEntrypoint, "the module exports no function %q; it exports %s (--entrypoint)", name, list(callable))
}

// mounts opens the folders. WASI knows no working folder; toolchains take the
// first folder for it, so the job's comes first.
func mounts(job helper.Job) (wazero.FSConfig, error) {
	ordered := slices.Clone(job.Mounts)
	slices.SortStableFunc(ordered, func(a, b helper.Mount) int {
		return at(b.Guest == job.Cwd) - at(a.Guest == job.Cwd)
	})
	config := wazero.NewFSConfig()
	for _, m := range ordered {
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

func at(first bool) int {
	if first {
		return 1
	}
	return 0
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
