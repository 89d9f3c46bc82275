// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
	p, err := Child{Executable: engineExe(t)}.start(files{module: held(t, spinModule())})
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

// TestHugeTable: a module that demands far too much at once kills its engine, and
// what the engine says then does not reach the guest's streams.
func TestHugeTable(t *testing.T) {
	huge := function(0, "_start", "", section(4, "\x04"+strings.Repeat("\x70\x00"+uleb(1<<27), 4)))
	o := try(t, Job{MaxMemory: MinMemory, Timeout: time.Minute}, huge, "")
	if !errors.Is(o.err, ErrMemory) || o.stderr != "" {
		t.Errorf("err = %v, stderr %.300q; want ErrMemory", o.err, o.stderr)
	}
}

// TestStreamsAreNotShared: what a guest does to its input while it runs, others
// do not notice. Programs that Go compiles make their streams non-blocking.
func TestStreamsAreNotShared(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	out, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	r.Fd() // blocking from here on
	done := make(chan error, 1)
	go func() {
		_, err := Child{Executable: engineExe(t), Stdin: r, Stdout: outW}.Run(t.Context(), Job{Args: []string{"read"}}, guestModule(t))
		outW.Close()
		done <- err
	}()
	buf := make([]byte, 6)
	if _, err := io.ReadFull(out, buf); err != nil || string(buf) != "ready\n" {
		t.Fatalf("%q %v", buf, err)
	}
	if flags, err := statusFlags(r); err != nil || flags&unix.O_NONBLOCK != 0 {
		t.Errorf("flags %#x, err %v: the input became non-blocking for everybody", flags, err)
	}
	w.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestChildLimitsItself reads the limits that the kernel holds a child to.
func TestChildLimitsItself(t *testing.T) {
	p, err := Child{Executable: engineExe(t)}.start(files{module: held(t, spinModule())})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	defer func() { p.kill(); <-p.exited }()
	msg, err := Job{}.message(0)
	if err != nil {
		t.Fatal(err)
	}
	go p.converse(task{command: msg, turns: jobTurns{}}, nil)
	for range 200 {
		var data, core unix.Rlimit
		err := errors.Join(unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_DATA, nil, &data), unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_CORE, nil, &core))
		if err != nil {
			t.Fatal(err)
		}
		if data.Max >= uint64(msg.Limits.Total) && data.Max <= uint64(msg.Limits.Total)+1<<30 && core.Max == 0 {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Error("the child did not limit itself")
}
