// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sealwax/sealwax/internal/helper"
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

// Compile compiles module in a child process, as job says, with the limits and the
// end of [Child.Run]; the streams of c are not used. The same job and module give
// the same code, and so does a job with the CPU "baseline" and the features of the
// outcome.
//
// The error is a [*GuestError] where the engine cannot: kind [BadOption] for an
// option that it does not know, [BadImport] for an import that no pattern allows,
// [BadModule] for a module that is none.
func (c Child) Compile(ctx context.Context, job CompileJob, module *sealedmem.File) (*Compiled, error) {
	msg, err := job.message(module.Size())
	if err != nil {
		return nil, fmt.Errorf("preparing to compile: %w", err)
	}
	last, who, code, err := c.produce(ctx, msg, msg.Limits.Total, job.Timeout, module)
	if err != nil {
		return nil, err
	}
	said, ok := last.(helper.Compiled)
	if !ok || said.Size != code.Size() {
		_ = code.Close()
		return nil, fmt.Errorf("compiling: %w: what was written is not what was announced", helper.ErrProtocol)
	}
	return &Compiled{
		Code: code, Target: said.Target, CPU: said.CPU, Features: said.Features, OptLevel: said.OptLevel,
		Engine: who.Engine, EngineVersion: who.EngineVersion, Binding: who.Binding, Library: who.Library,
	}, nil
}

// Check says what is wrong with j before anything is started. Compile checks too.
func (j CompileJob) Check() error {
	_, err := j.message(0)
	return err
}

// message makes the command that is sent to the child.
func (j CompileJob) message(moduleSize int64) (helper.Compile, error) {
	switch {
	case j.Timeout < 0:
		return helper.Compile{}, fmt.Errorf("a time limit of %s: it must not be negative", j.Timeout)
	case j.MaxMemory < 0 || j.MaxMemory > MaxMemory:
		return helper.Compile{}, fmt.Errorf("a memory limit of %d bytes: it must be at most %s", j.MaxMemory, formatSize(MaxMemory))
	}
	if j.Size > 0 {
		moduleSize = j.Size
	}
	out := helper.Compile{
		Size: j.Size, CPU: or(j.CPU, "baseline"), Features: j.Features, OptLevel: or(j.OptLevel, "speed"),
		Imports: j.Imports, Limits: helper.Limits{Total: j.MaxMemory},
	}
	if j.MaxMemory == 0 {
		out.Limits.Total = engineTotal(moduleSize)
	}
	if _, err := helper.Marshal(out); err != nil {
		return helper.Compile{}, err
	}
	return out, helper.Check(out)
}

// produce has a child do what ends in an output, and seals that.
func (c Child) produce(ctx context.Context, command helper.Message, total int64, timeout time.Duration, in *sealedmem.File) (helper.Message, helper.Hello, *sealedmem.File, error) {
	out, err := sealedmem.NewOutput("output")
	if err != nil {
		return nil, helper.Hello{}, nil, err
	}
	quiet := Child{Executable: c.Executable, Admit: c.Admit}
	w, err := quiet.do(ctx, task{command: command, turns: outputTurns{}, files: files{module: in, out: out}, total: total, timeout: timeout})
	if err != nil {
		out.Discard()
		return nil, helper.Hello{}, nil, err
	}
	last, err := w.outcome()
	if err != nil {
		out.Discard()
		return nil, w.said.hello, nil, err
	}
	sealed, err := out.Seal(ctx, MaxCompiled)
	return last, w.said.hello, sealed, err
}

// translateTime ends a translation that hangs: text is read in less than a second.
const translateTime = time.Minute

// Translate makes a module of WebAssembly text in a child process, with the limits
// and the end of [Child.Run]. Text with a mistake is a [*GuestError] of the kind
// [BadModule] that says where. The caller closes the module.
func (c Child) Translate(ctx context.Context, text *sealedmem.File) (*sealedmem.File, error) {
	command := helper.Translate{Limits: helper.Limits{Total: engineTotal(text.Size())}}
	last, _, module, err := c.produce(ctx, command, command.Limits.Total, translateTime, text)
	if err != nil {
		return nil, err
	}
	if said, ok := last.(helper.Translated); !ok || said.Size != module.Size() {
		_ = module.Close()
		return nil, fmt.Errorf("translating: %w: what was written is not what was announced", helper.ErrProtocol)
	}
	return module, nil
}

// Hello asks a helper who it is, without giving it a job.
func (c Child) Hello(ctx context.Context) (Identity, error) {
	nothing, err := sealedmem.Copy(ctx, "nothing", strings.NewReader(""), 0)
	if err != nil {
		return Identity{}, err
	}
	defer func() { _ = nothing.Close() }()
	quiet := Child{Executable: c.Executable, Admit: c.Admit}
	w, err := quiet.do(ctx, task{files: files{module: nothing}, total: engineMemory})
	if err != nil {
		return Identity{}, err
	}
	if w.said.unwanted == nil && w.said.err == nil {
		return identity(w.said.hello), nil
	}
	if _, err = w.outcome(); err == nil {
		err = w.said.err
	}
	return Identity{}, fmt.Errorf("asking %s who it is: %w", c.Executable, err)
}
