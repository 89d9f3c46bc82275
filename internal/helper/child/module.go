// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealwax/sealwax/internal/helper"
)

// What follows is said alike of every engine.

// CheckModule refuses bytes that are no core module, and says clearly what an
// engine would say in its own way.
func CheckModule(module []byte) error {
	const magic, version = "\x00asm", "\x01\x00\x00\x00"
	switch head := string(module[:min(len(module), 8)]); {
	case head == magic+version:
		return nil
	case strings.HasPrefix(head, magic) && len(head) == 8 && head[6:] == "\x01\x00":
		return Failf(helper.NotRunnable, "this is a WebAssembly component, and this engine runs core modules; build for wasm32-wasip1 and sign that")
	case strings.HasPrefix(head, magic):
		return Failf(helper.NotRunnable, "this is WebAssembly of a version other than 1; build it with a current toolchain")
	case strings.HasPrefix(strings.TrimSpace(head), "("):
		return Failf(helper.NotRunnable, "this is WebAssembly text; translate it (wat2wasm) and sign the module that comes out")
	}
	return Failf(helper.BadModule, "this is no WebAssembly module: it does not begin with \\0asm")
}

// TooMuchMemory says that a module demands more linear memory than its limit.
func TooMuchMemory(limits helper.Limits, err error) error {
	return Failf(helper.MemoryLimit, "the module demands more linear memory than the limit of %d bytes; allow more with --max-memory (%w)", limits.Linear, err)
}

// MissingImports names what a module imports and nobody offers; nothing missing is
// no error.
func MissingImports(missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return Failf(helper.NotRunnable, "the module imports what is not offered here: %s; it must be built for WASI (wasm32-wasip1, wasi_snapshot_preview1)%s", List(missing), oldWASI(missing))
}

func oldWASI(missing []string) string {
	if strings.HasPrefix(missing[0], "wasi_unstable.") {
		return "; wasi_unstable is the WASI of 2019: build it again with a current toolchain"
	}
	return ""
}

// List shows the first few names.
func List(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// CheckEntrypoint looks for the function to call among the exported ones, which
// are given with how many parameters each takes.
func CheckEntrypoint(exports map[string]int, name string) error {
	params, ok := exports[name]
	if ok && params == 0 {
		return nil
	}
	if ok {
		return Failf(helper.NoEntrypoint, "the function %q takes parameters, and there is no way to give them", name)
	}
	var callable []string
	for other, params := range exports {
		if params == 0 {
			callable = append(callable, other)
		}
	}
	if len(callable) == 0 {
		return Failf(helper.NoEntrypoint, "the module exports no function %q, nor any other that could be called", name)
	}
	slices.Sort(callable)
	return Failf(helper.NoEntrypoint, "the module exports no function %q; it exports %s (--entrypoint)", name, List(callable))
}

// OrderedMounts are a job's folders. WASI knows no working folder; toolchains take
// the first folder for it, so the job's comes first.
func OrderedMounts(job helper.Job) []helper.Mount {
	ordered := slices.Clone(job.Mounts)
	slices.SortStableFunc(ordered, func(a, b helper.Mount) int {
		return at(b.Guest == job.Cwd) - at(a.Guest == job.Cwd)
	})
	return ordered
}

func at(first bool) int {
	if first {
		return 1
	}
	return 0
}
