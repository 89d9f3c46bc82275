// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// parent runs a spinning guest, says which process runs it, and what came of it.
func parent() int {
	f, err := sealedmem.Copy(context.Background(), "spin", bytes.NewReader(spinModule()), 1<<20)
	if err != nil {
		return 1
	}
	done := make(chan error, 1)
	go func() {
		_, err := Child{Executable: os.Args[1], Stdout: os.Stdout}.Run(context.Background(), Job{}, f)
		done <- err
	}()
	fmt.Println("running")
	err = <-done
	fmt.Println("ended:", err)
	if errors.Is(err, ErrInterrupted) {
		return 130
	}
	return 1
}

// startParent starts a parent and waits until its child has started its guest.
func startParent(t *testing.T) (cmd *exec.Cmd, child int, rest *bufio.Reader) {
	t.Helper()
	cmd = exec.Command(role(t, "parent"), engineExe(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	rest = bufio.NewReader(out)
	if line, err := rest.ReadString('\n'); err != nil || line != "running\n" {
		t.Fatal(line, err)
	}
	for range 200 {
		if child = childOf(t, cmd.Process.Pid); child != 0 && spinning(t, child) {
			return cmd, child, rest
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("no child that spins was found")
	return nil, 0, nil
}

// childOf finds a child process, 0 if there is none.
func childOf(t *testing.T, parent int) int {
	t.Helper()
	out, _ := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	for line := range strings.Lines(string(out)) {
		var pid, ppid int
		if _, err := fmt.Sscan(line, &pid, &ppid); err == nil && ppid == parent {
			return pid
		}
	}
	return 0
}

// spinning reports a process that uses the processor.
func spinning(t *testing.T, pid int) bool {
	t.Helper()
	out, _ := exec.Command("ps", "-p", fmt.Sprint(pid), "-o", "time=").Output()
	return strings.TrimSpace(string(out)) > "00:00:00" && len(out) > 0
}

func gone(pid int) bool {
	for range 200 {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) || zombie(pid) {
			return true
		}
		time.Sleep(25 * time.Millisecond)
	}
	return false
}

// zombie reports a process that has ended and that nobody has asked about.
func zombie(pid int) bool {
	out, _ := exec.Command("ps", "-p", fmt.Sprint(pid), "-o", "stat=").Output()
	return strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

// TestNoChildOutlivesItsParent kills a parent that cannot clean up.
func TestNoChildOutlivesItsParent(t *testing.T) {
	needPS(t)
	cmd, child, _ := startParent(t)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if !gone(child) {
		syscall.Kill(child, syscall.SIGKILL)
		t.Error("the child is still there")
	}
}

// TestSignalsReachTheGuest sends a signal to the parent alone, and to both, as a
// terminal does.
func TestSignalsReachTheGuest(t *testing.T) {
	needPS(t)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		for _, group := range []int{1, -1} {
			t.Run(fmt.Sprint(s, " ", group), func(t *testing.T) {
				cmd, child, rest := startParent(t)
				if err := syscall.Kill(group*cmd.Process.Pid, s); err != nil {
					t.Fatal(err)
				}
				line, err := rest.ReadString('\n')
				if line != "ended: interrupted\n" {
					t.Errorf("the parent says %q, %v", line, err)
				}
				cmd.Wait()
				if code := cmd.ProcessState.ExitCode(); code != 130 {
					t.Errorf("exit code %d", code)
				}
				if !gone(child) {
					t.Error("the child is still there")
				}
			})
		}
	}
}

func needPS(t *testing.T) {
	t.Helper()
	peers.Look(t, "ps")
}

// TestBrokenPipe: a guest whose output nobody reads ends as a native program
// does.
func TestBrokenPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	time.AfterFunc(300*time.Millisecond, func() { r.Close() })
	res, err := Child{Executable: engineExe(t), Stdout: w}.Run(t.Context(), Job{Args: []string{"flood"}, Timeout: time.Minute}, guestModule(t))
	if err != nil || res.ExitCode != 141 {
		t.Errorf("code %d, err %v; want 141", res.ExitCode, err)
	}
}

// eater is a child that ignores its limits.
func eater() int {
	speak(hello(), helper.Started{})
	all := map[int][]byte{}
	for {
		b := make([]byte, 16<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all[len(all)] = b
		time.Sleep(time.Millisecond)
	}
}

// TestTerminalKeepsItsMode: a guest makes its input non-blocking, and it blocks
// again afterwards.
func TestTerminalKeepsItsMode(t *testing.T) {
	// A socket is a stream that the child can only share.
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pair[1])
	r := os.NewFile(uintptr(pair[0]), "socket")
	defer r.Close()
	nonblock := []byte(preamble + section(1, "\x02\x60\x00\x00\x60\x02\x7f\x7f\x01\x7f") +
		section(2, "\x01"+name("wasi_snapshot_preview1")+name("fd_fdstat_set_flags")+"\x00\x01") + section(3, "\x01\x00") +
		section(5, "\x01\x00\x01") + section(7, "\x02"+name("memory")+"\x02\x00"+name("_start")+"\x00\x01") +
		section(10, "\x01"+code("\x41\x00\x41\x04\x10\x00\x04\x40\x00\x0b")))
	if _, err := (Child{Executable: engineExe(t), Stdin: r}).Run(t.Context(), Job{}, held(t, nonblock)); err != nil {
		t.Fatal(err)
	}
	flags, err := statusFlags(r)
	if err != nil || flags&syscall.O_NONBLOCK != 0 {
		t.Errorf("flags %#x, err %v: the input was left non-blocking", flags, err)
	}
}

func killMyself(s syscall.Signal) int {
	speak(hello(), helper.Started{})
	_ = syscall.Kill(os.Getpid(), s)
	time.Sleep(time.Minute)
	return 0
}

// TestChildrenThatAreKilled by somebody else.
func TestChildrenThatAreKilled(t *testing.T) {
	for as, want := range map[string]error{"struck-int": ErrInterrupted, "struck-term": ErrInterrupted} {
		if o := tryWith(t, t.Context(), role(t, as), Job{}, spinModule(), ""); !errors.Is(o.err, want) {
			t.Errorf("%s: %v, want %v", as, o.err, want)
		}
	}
	o := tryWith(t, t.Context(), role(t, "struck-kill"), Job{}, spinModule(), "")
	wantKind(t, "killed", o, Internal, "killed")
}
