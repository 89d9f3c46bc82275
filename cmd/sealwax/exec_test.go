// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdGoProgram builds a Go program for this system, static: goprogram DIR OUT.
func cmdGoProgram(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: goprogram DIR OUT")
	}
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", ts.MkAbs(args[1]), ".")
	cmd.Dir = ts.MkAbs(args[0])
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		ts.Fatalf("building %s: %v\n%s", args[0], err, out)
	}
}

// TestTimeValue: Go's form, or plain milliseconds.
func TestTimeValue(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "1500": 1500 * time.Millisecond, "1m30s": 90 * time.Second, "0": 0, "250ms": 250 * time.Millisecond,
		"": -1, "-1s": -1, "-1": -1, "1.5": -1, "soon": -1, "10 s": -1, "9223372036854775807": -1, "99999999999999999999": -1,
	} {
		var v timeValue
		err := v.Set(text)
		if (err == nil) != (want >= 0) || err == nil && time.Duration(v) != want {
			t.Errorf("%q: %v, %v; want %v", text, time.Duration(v), err, want)
		}
	}
}
