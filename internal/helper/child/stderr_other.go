// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package child

import (
	"os"
	"runtime/debug"
)

// takeStderr leaves the guest's error stream as it is, and has a dying runtime
// say most of what it says to the parent as well.
func takeStderr(events *os.File) (*os.File, error) {
	return os.Stderr, debug.SetCrashOutput(events, debug.CrashOptions{})
}

// giveStderr has nothing to give: the stream was not taken.
func giveStderr(*os.File) error { return nil }
