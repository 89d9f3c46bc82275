// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package peers says what becomes of a test that needs something which may not
// be there: another tool, a socket, a terminal. Where peers are required, as in
// CI, it fails, so that a green run never means "not run"; elsewhere it is skipped.
package peers

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Variable is the environment variable that, set to "required", makes a missing
// peer a failure.
const Variable = "SEALWAX_PEERS"

// Required reports whether a missing peer is a failure.
func Required() bool { return os.Getenv(Variable) == "required" }

// Missing ends a test whose peer is not there.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	what := fmt.Sprintf(format, args...)
	if Required() {
		t.Fatalf("%s: it is required (%s)", what, Variable)
	}
	t.Skipf("%s: make peers installs peers", what)
}

// Look is the path of a tool; without the tool the test ends.
func Look(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, "no %s", name)
	}
	return path
}
