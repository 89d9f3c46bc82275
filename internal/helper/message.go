// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package helper is the protocol between sealwax and the child processes that
// do heavy work for it: sealwax-helper/1, described byte for byte in
// docs/formats/helper-protocol.md.
//
// Messages are JSON objects, one per line, on two inherited pipes: commands to
// the helper, events from it. The bytes of the module come on a third inherited
// descriptor. Standard input, output and error stay the guest's own. A helper
// reports what happened; it never yields a verdict.
package helper

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// Protocol is the version that both sides must speak. A helper names it in its
// first message and is refused when it names another.
const Protocol = "sealwax-helper/1"

// ChildArgument is the hidden first argument of a helper process; the numbers of
// what it inherits follow.
const ChildArgument = "--sealwax-child=guest"

// Sizes of one line, newline included. Longer ones are refused while reading.
const (
	MaxCommand = 4 << 20  // a job carries every argument and variable of the guest
	MaxEvent   = 64 << 10 // events carry at most one message for a person
)

// Limits of one job.
const (
	maxStrings = 65536 // arguments, and variables
	maxMounts  = 256
)

// Message is one of [Hello], of the commands [Job], [Compile] and [Translate], and
// of the events [Kept], [Started], [Exited], [Compiled], [Translated] and [Failed].
type Message interface {
	kind() string
	check() error
}

// Hello is the helper's first event: who it is and what it speaks.
type Hello struct {
	Protocol      string `json:"protocol"`       // must be [Protocol]
	Name          string `json:"name"`           // for example "sealwax"
	Version       string `json:"version"`        // of the helper, may be empty
	Engine        string `json:"engine"`         // for example "wazero"
	EngineVersion string `json:"engine_version"` // in full, for example "v1.12.0"
	Binding       string `json:"binding"`        // full version of what binds the engine to the helper, may be empty
	Library       string `json:"library"`        // full version of the engine's library, may be empty
}

// Form says what the bytes of a job are.
type Form string

// The forms of a job's bytes. The empty form is [Module].
const (
	Module Form = "module"   // a WebAssembly module
	Native Form = "compiled" // what the helper's engine compiled one to
)

// Job is the command to run something: what, and with what.
type Job struct {
	Form       Form     `json:"form"`       // what the bytes are
	Size       int64    `json:"size"`       // how many bytes of the file are meant, 0 for all
	Entrypoint string   `json:"entrypoint"` // name of an exported function without parameters
	Args       []string `json:"args"`       // argument 0 is the program's name
	Env        []string `json:"env"`        // KEY=VALUE; the guest sees nothing else
	Cwd        string   `json:"cwd"`        // guest path of the working folder, "" for none
	Mounts     []Mount  `json:"mounts"`     // folders that the guest may use
	Limits     Limits   `json:"limits"`
	MaxStack   int64    `json:"max_stack"` // bytes of the guest's stack, 0 for the engine's default
}

// Mount is one folder of the host that the guest may use. Without Writable
// nothing in it can be changed.
type Mount struct {
	Host     string `json:"host"`  // absolute path on the host
	Guest    string `json:"guest"` // absolute, clean path with slashes in the guest
	Writable bool   `json:"writable"`
}

// Limits are in bytes. A job demands both, other commands have no linear memory.
type Limits struct {
	Linear int64 `json:"linear_memory,omitempty"` // of all the guest's linear memory
	Total  int64 `json:"total_memory"`            // of the helper as a whole, compilation included
}

// Started says that the entry point is about to be called.
type Started struct{}

// Exited says that the guest ended by itself, with this exit code.
type Exited struct {
	Code uint32 `json:"code"`
}

// Failed says that the guest did not run, or was stopped by its own fault.
type Failed struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"` // for a person: what, why, what to do
}

// Kind says what went wrong. Readers must treat a kind they do not know like
// [Internal].
type Kind string

// The kinds of [Failed].
const (
	NotRunnable  Kind = "not-runnable"  // a good module that needs what this engine does not offer
	BadModule    Kind = "bad-module"    // the bytes are no valid core module
	NoEntrypoint Kind = "no-entrypoint" // the function to call is not there, or takes parameters
	MemoryLimit  Kind = "memory-limit"  // the module demands more than its limit to start
	MountFailed  Kind = "mount"         // a folder could not be offered
	Trap         Kind = "trap"          // the guest broke a rule of the machine and was stopped
	Internal     Kind = "internal"      // the helper's own trouble
	BadOption    Kind = "option"        // an option of compiling that this engine does not know
	BadImport    Kind = "import"        // the module imports what no pattern of the command allows
)

func (Hello) kind() string   { return "hello" }
func (Job) kind() string     { return "job" }
func (Started) kind() string { return "started" }
func (Exited) kind() string  { return "exited" }
func (Failed) kind() string  { return "failed" }

func (h Hello) check() error {
	switch {
	case h.Protocol == "":
		return errors.New("hello without a protocol")
	case h.Name == "" || h.Engine == "":
		return errors.New("hello without a name and an engine")
	}
	return nil
}

func (f Form) check() error {
	if f != "" && f != Module && f != Native {
		return fmt.Errorf("job of the unknown form %q", f)
	}
	return nil
}

func (j Job) check() error {
	switch {
	case j.Entrypoint == "":
		return errors.New("job without an entry point")
	case len(j.Args) == 0:
		return errors.New("job without a program name")
	case len(j.Args) > maxStrings || len(j.Env) > maxStrings:
		return fmt.Errorf("job with more than %d arguments or variables", maxStrings)
	case len(j.Mounts) > maxMounts:
		return fmt.Errorf("job with more than %d folders", maxMounts)
	case j.Limits.Linear <= 0 || j.Limits.Total < j.Limits.Linear:
		return errors.New("job without limits, or with a total below that of linear memory")
	case j.Size < 0 || j.MaxStack < 0:
		return errors.New("job with a negative size")
	case j.Cwd != "" && !guestPath(j.Cwd):
		return fmt.Errorf("working folder %q is not an absolute, clean guest path", j.Cwd)
	}
	return errors.Join(j.Form.check(), checkStrings(j.Args, j.Env), checkMounts(j.Mounts))
}

// checkStrings holds arguments and variables to what a guest can be given: its
// strings end at the first NUL.
func checkStrings(args, env []string) error {
	for i, a := range args {
		if strings.ContainsRune(a, 0) {
			return fmt.Errorf("argument %d contains a NUL byte", i)
		}
	}
	for i, e := range env {
		if strings.ContainsRune(e, 0) || strings.IndexByte(e, '=') < 1 {
			return fmt.Errorf("variable %d is not KEY=VALUE", i)
		}
	}
	return nil
}

func checkMounts(mounts []Mount) error {
	seen := make(map[string]bool, len(mounts))
	for _, m := range mounts {
		switch {
		case !filepath.IsAbs(m.Host) || strings.ContainsRune(m.Host, 0):
			return fmt.Errorf("folder %q is not an absolute host path", m.Host)
		case !guestPath(m.Guest):
			return fmt.Errorf("folder %q is not an absolute, clean guest path", m.Guest)
		case seen[m.Guest]:
			return fmt.Errorf("two folders share the guest path %q", m.Guest)
		}
		seen[m.Guest] = true
	}
	return nil
}

// guestPath reports whether p is absolute and in its shortest form, so that two
// spellings cannot name one place.
func guestPath(p string) bool {
	return strings.HasPrefix(p, "/") && path.Clean(p) == p && !strings.ContainsRune(p, 0)
}

func (Started) check() error { return nil }
func (Exited) check() error  { return nil }

func (f Failed) check() error {
	if f.Kind == "" {
		return errors.New("failed without a kind")
	}
	return nil
}
