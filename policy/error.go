// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"errors"
	"fmt"

	"github.com/sealwax/sealwax"
)

// Error says what is wrong with a policy file, where, and what to write.
type Error struct {
	// File is the file's name as it was given to Load or Parse.
	File string
	// Line and Column are counted from 1, the column in characters.
	Line, Column int
	// Problem says what is wrong and Fix what to write; what they quote from the
	// file is escaped.
	Problem, Fix string
	// Err is [ErrBeside] if the policy is well written and a file that it names
	// cannot be read; else nil.
	Err error
}

// Error is "file:line:column: problem: fix".
func (e *Error) Error() string {
	where := fmt.Sprintf("%s:%d:%d: ", sealwax.Printable(e.File), e.Line, e.Column)
	if e.Fix == "" {
		return where + e.Problem
	}
	return where + e.Problem + ": " + e.Fix
}

// Unwrap is Err.
func (e *Error) Unwrap() error { return e.Err }

// ErrBeside is wrapped when a key file or a publisher's chain that a policy names
// cannot be read: one cannot tell what the policy says.
var ErrBeside = errors.New("a file that the policy names cannot be read")
