// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/sealwax/sealwax/gate/engine"
)

// TestConfined: a program begins when it is in its job, ends as it does by itself,
// and is ended by what it may use.
func TestConfined(t *testing.T) {
	shell, err := exec.LookPath("cmd.exe")
	if err != nil {
		t.Fatal(err)
	}
	const forever = "for /L %i in (0,0,1) do @rem"
	for name, tc := range map[string]struct {
		program Program
		want    Ended
		err     error
	}{
		"by itself":      {Program{Args: []string{"/c", "exit 3"}}, Ended{ExitCode: 3}, nil},
		"time":           {Program{Args: []string{"/c", forever}, Timeout: time.Second}, Ended{}, engine.ErrTimeout},
		"processor time": {Program{Args: []string{"/c", forever}, MaxCPU: time.Second}, Ended{}, ErrCPU},
	} {
		tc.program.Name = "cmd"
		got, err := (&ExecGate{}).start(t.Context(), &image{path: shell}, tc.program)
		if !errors.Is(err, tc.err) || got != tc.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if err := resume(0xFFFFFFF0); err == nil {
		t.Error("a process that is not there was resumed")
	}
}
