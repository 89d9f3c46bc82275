// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sealwax/sealwax/internal/helper"
)

// handed are the files that a child gets behind its two pipes. Their positions
// say what they are.
func (f files) handed() ([]*os.File, error) {
	out := []*os.File{f.module.OSFile()}
	switch {
	case f.out != nil && f.known != nil:
		return append(out, f.out.OSFile(), f.known.OSFile()), nil
	case f.out != nil:
		return append(out, f.out.OSFile()), nil
	case f.known != nil:
		return nil, errors.New("a known compiled form without a place to keep a new one")
	}
	return out, nil
}

// turns is the order in which the events that follow a command may come.
type turns interface {
	// listen reads events until the last.
	listen(r *helper.Reader) (last helper.Message, kept int64, err error)
}

// errTurn is an event that may not come now.
var errTurn = fmt.Errorf("%w: a message out of turn", helper.ErrProtocol)

// jobTurns: perhaps Kept, then Started, then Exited; Failed at any time.
type jobTurns struct {
	keep bool
	// kept, if set, is told at once of what was kept: a guest may run for long.
	kept func(size int64)
}

func (j jobTurns) listen(r *helper.Reader) (last helper.Message, kept int64, err error) {
	for started := false; ; {
		m, err := r.Next()
		if err != nil {
			return nil, kept, err
		}
		switch m := m.(type) {
		case helper.Kept:
			if started || kept > 0 || !j.keep {
				return nil, 0, errTurn
			}
			// Whoever speaks before the guest starts is not the guest.
			if kept = m.Size; j.kept != nil {
				j.kept(kept)
			}
		case helper.Started:
			if started {
				return nil, 0, errTurn
			}
			started = true
		case helper.Failed:
			return m, kept, nil
		case helper.Exited:
			if !started {
				return nil, 0, fmt.Errorf("%w: exited before it started", helper.ErrProtocol)
			}
			return m, kept, nil
		default:
			return nil, 0, errTurn
		}
	}
}

// outputTurns: one event that says what was written, or Failed.
type outputTurns struct{}

func (outputTurns) listen(r *helper.Reader) (last helper.Message, kept int64, err error) {
	m, err := r.Next()
	if err != nil {
		return nil, 0, err
	}
	switch m.(type) {
	case helper.Failed, helper.Compiled, helper.Translated:
		return m, 0, nil
	}
	return nil, 0, errTurn
}

// lastWords is the first line of what a child said that is no message; a Rust
// panic says in its second line what happened.
func lastWords(err error) string {
	var crash *helper.CrashError
	switch {
	case errors.As(err, &crash):
		line, rest, _ := strings.Cut(strings.TrimSpace(crash.Text), "\n")
		if strings.Contains(line, "panicked at") {
			second, _, _ := strings.Cut(rest, "\n")
			line += " " + second
		}
		return "with: " + line
	case errors.Is(err, helper.ErrProtocol):
		return "after breaking the rules: " + err.Error()
	}
	return "without a word"
}

// outOfMemory recognises the last words of a Go runtime, or of a Rust library,
// that got no memory.
func outOfMemory(text string) bool {
	if strings.Contains(text, "out of memory") || strings.Contains(text, "cannot allocate memory") {
		return true
	}
	if strings.HasPrefix(strings.TrimSpace(text), "memory allocation of ") {
		return true
	}
	// Go's collector does not always look at what it got, and faults. What faults in
	// C is followed by every goroutine, the collector's among them.
	fault := strings.HasPrefix(text, "SIGSEGV") && !strings.Contains(text, "signal arrived during cgo execution")
	return fault && (strings.Contains(text, "/runtime/mgc") || strings.Contains(text, "/runtime/malloc") || strings.Contains(text, "/runtime/mheap"))
}
