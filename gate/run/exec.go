// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sealwax/sealwax"
)

// MaxProgram is the largest program or shared object that should be held: it is in
// memory before anybody knows who signed it.
const MaxProgram = 1 << 30

// ExecGate lets a native program run if it passes. Its zero value knows no format,
// trusts nobody, and so runs nothing.
//
// The gate vouches for the program's own bytes. The interpreter that the program
// names, the libraries that it is linked with and whatever it reads are not
// covered. It is no sandbox: the program may do what its user may. Its limits are
// those of its own process: what it starts has each of them anew, and lives on when
// the program is ended. (On Windows all of that ends with the program.)
type ExecGate struct {
	// Demands decide: all of them have to allow.
	Demands sealwax.Demands
	// Record, if set, keeps the decision before anything is started. If it fails,
	// nothing is.
	Record func(*sealwax.Report) error
	// Executable is the program that starts the other one; "" is the running one. It
	// must handle [ExecArgument].
	Executable string
	// Stdin, Stdout and Stderr become the program's own. A nil one is the system's
	// null device.
	Stdin, Stdout, Stderr *os.File
}

// Program is what to run a program with. The zero Program gives it nothing and
// limits nothing.
type Program struct {
	Name      string        // argument 0; "" is the artifact's name
	Args      []string      // arguments 1 and up
	Env       []string      // KEY=VALUE, all of them, save what [Scrubbed] takes away
	Timeout   time.Duration // from the start on; 0 is none
	MaxMemory int64         // bytes that it may write to; 0 is no limit
	MaxCPU    time.Duration // of processor time, to the second; 0 is no limit
	MaxFiles  int           // files open at once; 0 is no limit
}

// Ended is how a program ended by itself. A program that a signal ended has the
// exit code that shells give it, 128 and the signal's number.
type Ended struct {
	ExitCode int
	Signal   string // the signal that ended it, "" if none did
}

// Errors of a program that was ended from outside, or never began. A program that
// outlasts Timeout ends with [engine.ErrTimeout].
var (
	// ErrCPU: the program has used the processor time that it may, and was ended.
	ErrCPU = errors.New("the limit of processor time was reached")
	// ErrNotStarted is wrapped when the system does not start the program: it is for
	// another machine, or its interpreter is missing.
	ErrNotStarted = errors.New("the system did not start it")
)

// Exec verifies a and runs it as p says, in a child process that has nothing open
// but its three streams. The report is never nil. Nothing is started unless the
// verdict is Allow, and then it is the bytes that were verified: a must be opened
// with [source.SealedExecutable]. Only a signature in the file itself counts, in
// the role native, that says it is a program.
//
// While Exec waits, the signals that this process gets are passed on to the
// program. The error is nil if and only if the program ended by itself, with
// whatever code.
func (g *ExecGate) Exec(ctx context.Context, a *sealwax.Artifact, p Program) (*sealwax.Report, Ended, error) {
	report, err := judgeProgram(ctx, g.Demands, a, notProgram)
	if err = kept(g.Record, report, err); err != nil {
		return report, Ended{}, err
	}
	if err := p.Check(); err != nil {
		return report, Ended{}, err
	}
	held, err := heldBytes(a)
	if err != nil {
		return report, Ended{}, err
	}
	if p.Name == "" {
		p.Name = a.Name()
	}
	image, err := newImage(ctx, held)
	if err != nil {
		return report, Ended{}, fmt.Errorf("preparing %s: %w", sealwax.Printable(a.Name()), err)
	}
	defer image.close()
	ended, err := g.start(ctx, image, p)
	return report, ended, err
}

// judgeProgram asks the demands about a program or shared object. not says why an
// artifact does not pass the door, whoever signed it, or "".
func judgeProgram(ctx context.Context, ds sealwax.Demands, a *sealwax.Artifact, not func(*sealwax.Artifact) string) (*sealwax.Report, error) {
	if a == nil {
		return ds.Verify(ctx, a) // which nothing passes
	}
	if why := not(a); why != "" {
		return refuseKind(a, why)
	}
	return judgeNative(ctx, ds, a, func(c *sealwax.Claim) bool { return isNative(c, sealwax.KindProgram) })
}

// notProgram says why an artifact is nothing for exec, or "".
func notProgram(a *sealwax.Artifact) string {
	switch a.Kind() { //nolint:exhaustive // what is left is no native code
	case sealwax.KindProgram:
		return ""
	case sealwax.KindCompiled:
		return "it was compiled of a WebAssembly module, and exec is for native programs: use sealwax run"
	case sealwax.KindModule, sealwax.KindComponent:
		return "it is WebAssembly, and exec is for native programs: use sealwax run"
	}
	head := make([]byte, 2)
	if n, err := a.ReadAt(head, 0); n == len(head) && err == nil && string(head) == "#!" {
		return "it is a script: what runs would be its interpreter, which nobody has verified"
	}
	return "it is no native program (ELF, PE or Mach-O)"
}

// Limits of the limits of a program.
const (
	minMemory = 1 << 20
	minFiles  = 8 // its streams, itself, and what the loader opens
	maxFiles  = 1 << 20
)

// Check says what is wrong with p before anything is started. Exec checks too.
func (p Program) Check() error {
	switch {
	case p.Timeout < 0 || p.MaxCPU < 0:
		return errors.New("a time limit must not be negative")
	case p.MaxMemory < 0 || p.MaxMemory > 0 && p.MaxMemory < minMemory:
		return fmt.Errorf("a memory limit of %d bytes: a program takes at least %d", p.MaxMemory, minMemory)
	case p.MaxFiles != 0 && (p.MaxFiles < minFiles || p.MaxFiles > maxFiles):
		return fmt.Errorf("a limit of %d open files: it must be between %d and %d", p.MaxFiles, minFiles, maxFiles)
	}
	return checkSupported(p)
}
