// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// TestWatchdog: a child that takes more than it may is killed, even if it does
// not limit itself.
func TestWatchdog(t *testing.T) {
	o := tryWith(t, t.Context(), role(t, "eater"), Job{MaxMemory: MinMemory, Timeout: time.Minute}, spinModule(), "")
	if !errors.Is(o.err, ErrMemory) {
		t.Errorf("err = %v, want ErrMemory", o.err)
	}
}

// TestTablesCountAsMemory: what a guest takes beside linear memory is held as
// well.
func TestTablesCountAsMemory(t *testing.T) {
	bomb := function(0, "_start", tableBody, section(4, "\x01\x70\x00\x00"))
	o := try(t, Job{MaxMemory: MinMemory, Timeout: time.Minute}, bomb, "")
	if !errors.Is(o.err, ErrMemory) {
		t.Errorf("err = %v, stderr %.300q; want ErrMemory", o.err, o.stderr)
	}
}

// TestChildEnvironment looks at the child from outside.
func TestChildEnvironment(t *testing.T) {
	t.Setenv("SECRET", "of the host")
	p, err := Child{Executable: engineExe(t)}.start(held(t, spinModule()))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	defer func() { p.kill(); <-p.exited }()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.cmd.Process.Pid))
	if err != nil || string(b) != "GOTRACEBACK=none\x00" {
		t.Errorf("environment %q, %v", b, err)
	}
}
