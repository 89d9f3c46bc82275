// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// Amounts of memory in bytes.
const (
	DefaultMemory = 1 << 30  // of linear memory, when a job names none
	MinMemory     = 64 << 10 // one page of linear memory
	MaxMemory     = 1 << 40
	// MaxModule is the largest module that should be held for a run: it is in
	// memory before anybody knows who signed it.
	MaxModule = 512 << 20
	// MaxCompiled is the most that an engine may write as a compiled form.
	MaxCompiled = 2 << 30

	// What the engine may use beside the guest's linear memory is the larger of
	// the two: engineMemory, and engineFactor times the module's size, which is
	// what compiling it can take.
	engineMemory = 512 << 20
	engineFactor = 32
	// A compiled form is up to five times the module, and engines write it into
	// buffers that grow by doubling.
	keepFactor = 16
)

// DefaultEntrypoint is the function that every WASI command exports.
const DefaultEntrypoint = "_start"

// Errors of a run that was stopped from outside the guest.
var (
	// ErrTimeout: the time of the job was over, and the child was killed.
	ErrTimeout = errors.New("the time limit was reached")
	// ErrMemory: the child as a whole needed more memory than it may, and was
	// killed, or died of it.
	ErrMemory = errors.New("the memory limit was reached")
	// ErrTooLarge: the engine wrote more than [MaxCompiled] as a compiled form, and
	// was killed. No other limit changes that.
	ErrTooLarge = errors.New("the compiled form is larger than 2 GiB, the most that sealwax keeps")
	// ErrInterrupted: somebody asked for the end (Ctrl-C, SIGTERM).
	ErrInterrupted = errors.New("interrupted")
)

// Form says what the bytes of a run are.
type Form string

// The forms. The zero Form is [FormModule].
const (
	FormModule   Form = ""         // a WebAssembly module
	FormCompiled Form = "compiled" // what the engine compiled one to: trusted code, never a stranger's
)

// sent is how the protocol calls f.
func (f Form) sent() helper.Form {
	if f == FormModule {
		return helper.Module
	}
	return helper.Form(f)
}

// Job is what to run a module with. The zero Job gives it nothing: no
// arguments, no variables, no folders.
type Job struct {
	Name       string        // argument 0; "" is written as "module"
	Args       []string      // arguments 1 and up
	Env        []string      // KEY=VALUE, the guest's whole environment
	Mounts     []Mount       // folders the guest may use, no guest path twice
	Entrypoint string        // exported function without parameters; "" is [DefaultEntrypoint]
	MaxMemory  int64         // bytes of linear memory; 0 is [DefaultMemory]
	Timeout    time.Duration // from the child's start on, compilation included; 0 is none
	Form       Form          // what the bytes are
	Size       int64         // how many bytes of the file are meant; 0 is all
	MaxStack   int64         // bytes of the guest's stack; 0 is the engine's default
	// Known, if set, is a compiled form of the module that the engine may use
	// instead of compiling. It is trusted as code: hand over nothing that
	// somebody else could have written.
	Known *sealedmem.File
	// Keep, if set, is where the engine writes the module's compiled form when it
	// compiled; see [Result.Kept].
	Keep *sealedmem.Output
}

// Kind says what kept a guest from ending by itself; see [GuestError].
type Kind = helper.Kind

// The kinds that callers act upon. There may be others.
const (
	NotRunnable  = helper.NotRunnable  // it needs what the engine does not offer
	BadModule    = helper.BadModule    // it is no valid core module
	NoEntrypoint = helper.NoEntrypoint // the function to call is not there
	MemoryLimit  = helper.MemoryLimit  // it demands more memory than its limit to start
	MountFailed  = helper.MountFailed  // a folder could not be offered
	Trap         = helper.Trap         // it broke a rule of the machine and was stopped
	Internal     = helper.Internal     // the engine's own trouble
	BadOption    = helper.BadOption    // an option of compiling that the engine does not know
	BadImport    = helper.BadImport    // it imports what no pattern allows
)

// TrapCode is the exit code for a guest that trapped: 128 and SIGABRT, as a
// native program that aborts has in a shell.
const TrapCode = 134

// GuestError says that the guest did not run, or was stopped by its own fault.
// Message is for a person and comes from the child: escape it when it is shown.
type GuestError struct {
	Kind    Kind
	Message string
}

// Error says what happened in one line.
func (e *GuestError) Error() string { return fmt.Sprintf("%s: %s", e.Kind, e.Message) }

// Check says what is wrong with j before anything is started. Run checks too.
func (j Job) Check() error {
	_, err := j.message(0)
	return err
}

// TotalMemory is how many bytes the child may use as a whole: the linear memory
// of the job, what the engine may need for a module of the given size, and what
// handing over its compiled form takes, if that is kept.
func (j Job) TotalMemory(moduleSize int64) int64 {
	n := j.linear() + engineTotal(moduleSize)
	if j.Keep != nil {
		n += keepFactor * moduleSize
	}
	return n
}

// engineTotal is what an engine may use for a module of the given size, linear
// memory aside.
func engineTotal(moduleSize int64) int64 { return max(engineMemory, engineFactor*moduleSize) }

func (j Job) linear() int64 {
	if j.MaxMemory == 0 {
		return DefaultMemory
	}
	return j.MaxMemory
}

// message makes the job that is sent to the child.
func (j Job) message(moduleSize int64) (helper.Job, error) {
	if n := j.linear(); n < MinMemory || n > MaxMemory {
		return helper.Job{}, fmt.Errorf("a memory limit of %d bytes: it must be between %s and %s", n, formatSize(MinMemory), formatSize(MaxMemory))
	}
	if j.Timeout < 0 {
		return helper.Job{}, fmt.Errorf("a time limit of %s: it must not be negative", j.Timeout)
	}
	if j.Size > 0 {
		moduleSize = j.Size
	}
	mounts, cwd, err := j.mounts()
	if err != nil {
		return helper.Job{}, err
	}
	out := helper.Job{
		Entrypoint: or(j.Entrypoint, DefaultEntrypoint),
		Args:       append([]string{or(j.Name, "module")}, j.Args...),
		Env:        j.Env,
		Cwd:        cwd,
		Mounts:     mounts,
		Form:       j.Form.sent(),
		Size:       j.Size,
		MaxStack:   j.MaxStack,
		Limits:     helper.Limits{Linear: j.linear(), Total: j.TotalMemory(moduleSize)},
	}
	if _, err := helper.Marshal(out); err != nil {
		return helper.Job{}, err
	}
	return out, helper.Check(out)
}

// mounts makes host paths absolute. A folder at the guest's root is its working
// folder as well.
func (j Job) mounts() (out []helper.Mount, cwd string, err error) {
	for _, m := range j.Mounts {
		host, err := filepath.Abs(m.Host)
		if err != nil {
			return nil, "", fmt.Errorf("finding the folder %q: %w", m.Host, err)
		}
		if m.Guest == "/" {
			cwd = "/"
		}
		out = append(out, helper.Mount{Host: host, Guest: m.Guest, Writable: m.Writable})
	}
	return out, cwd, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
