// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"time"

	"github.com/sealwax/sealwax/internal/sealedmem"
)

// Identity is who a helper says it is.
type Identity struct {
	Name          string // of the program, for example "sealwax-wasmtime"
	Version       string // of the program, may be empty
	Engine        string // for example "wasmtime"
	EngineVersion string // in full, for example "44.0.0"
	Binding       string // version of what binds the engine to the helper, may be empty
	Library       string // version of the engine's library that is linked in, may be empty
}

// CompileJob is how to compile a module. The zero CompileJob compiles for every
// machine of the host's kind.
type CompileJob struct {
	CPU       string        // "baseline", which "" is as well, "native", or a name that the engine knows
	Features  []string      // "+sse3", "-avx": what the CPU has, or has not, beside CPU
	OptLevel  string        // "none", "speed", which "" is as well, or "speed_and_size"
	Imports   []string      // patterns of MODULE.NAME, one of which each import must match; nil is no rule
	MaxMemory int64         // bytes of the helper as a whole; 0 is what the module's size suggests
	Timeout   time.Duration // 0 is none
	Size      int64         // how many bytes of the file are meant; 0 is all
}

// Compiled is what came of compiling. Code is sealed; the caller closes it.
type Compiled struct {
	Code          *sealedmem.File
	Target        string   // the triple that it is for
	CPU           string   // as in the job, never empty
	Features      []string // what the code may use, sorted, each with "+"
	OptLevel      string   // as in the job, never empty
	Engine        string
	EngineVersion string
	Binding       string
	Library       string
}

// Compile compiles module in a child process, as job says.
func (c Child) Compile(ctx context.Context, job CompileJob, module *sealedmem.File) (*Compiled, error) {
	return nil, errors.ErrUnsupported
}

// Translate makes a module of WebAssembly text in a child process.
func (c Child) Translate(ctx context.Context, text *sealedmem.File) (*sealedmem.File, error) {
	return nil, errors.ErrUnsupported
}

// Hello asks a helper who it is, without giving it a job.
func (c Child) Hello(ctx context.Context) (Identity, error) {
	return Identity{}, errors.ErrUnsupported
}
