// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "exit" {
		os.Exit(7)
	}
	os.Exit(m.Run())
}

func TestStart(t *testing.T) {
	exe, err := Self("")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "exit")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = Stream(nil), Stream(nil), Stream(os.Stderr)
	exited, err := Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	<-exited
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("it ended with %d", code)
	}
	if _, err := Start(exec.Command(filepath.Join(t.TempDir(), "absent"))); err == nil {
		t.Error("what is not there was started")
	}
}

func TestSelf(t *testing.T) {
	if got, err := Self("x"); got != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	mine, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	self, err := Self("")
	if err != nil {
		t.Fatal(err)
	}
	a, aerr := os.Stat(mine)
	b, berr := os.Stat(self)
	if aerr != nil || berr != nil || !os.SameFile(a, b) {
		t.Errorf("%q is not %q: %v, %v", self, mine, aerr, berr)
	}
}

// TestNoStream: a nil file is the null device, and no stream that fails.
func TestNoStream(t *testing.T) {
	if s := Stream(nil); s != nil {
		t.Errorf("%#v", s)
	}
}
