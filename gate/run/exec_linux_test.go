// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/source"
)

// The variables that make a test of the test binary another process with a gate:
// the program's file, and what it does.
const (
	parentFile = "SEALWAX_TEST_PARENT_FILE"
	parentDoes = "SEALWAX_TEST_PARENT_DOES"
	// Set, there is a process between that stays in front of the terminal.
	parentBehind = "SEALWAX_TEST_PARENT_BEHIND"
)

// TestParent is that process, when it is started by another test.
func TestParent(t *testing.T) {
	path := os.Getenv(parentFile)
	if path == "" {
		return
	}
	if os.Getenv(parentBehind) != "" {
		behind(t)
		return
	}
	a, err := source.Open(t.Context(), path, source.Options{Holding: source.SealedExecutable})
	if err != nil {
		t.Fatal(err)
	}
	g := ExecGate{Demands: ask(known(), nativeOnly()), Stdout: os.Stdout}
	if _, _, err := g.Exec(t.Context(), a, Program{Args: []string{os.Getenv(parentDoes)}}); err != nil {
		t.Error(err)
	}
}

// behind starts the test again, in a process group that is not in front.
func behind(t *testing.T) {
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), parentBehind+"=")
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("gate", cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// parent is a process with a gate in which the program does something, on a
// terminal if there is one.
func parent(t *testing.T, does string, tty *os.File) (cmd *exec.Cmd, out *os.File) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(path, signed(t), 0o600); err != nil {
		t.Fatal(err)
	}
	out = temp(t)
	cmd = exec.Command(exe, "-test.run=^TestParent$")
	cmd.Env = append(os.Environ(), parentFile+"="+path, parentDoes+"="+does)
	cmd.Stdout = out
	if tty != nil {
		cmd.Stdin = tty
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// TestProgramDiesWithParent: however the gate's process ends, the program does not
// outlive it.
func TestProgramDiesWithParent(t *testing.T) {
	cmd, out := parent(t, "sleep", nil)
	pid := ready(t, out)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for range 1000 {
		if !alive(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d is still there", pid)
}

// TestControlC: what is typed at a terminal reaches the program once. What is sent
// to the gate's process alone is passed on also from there.
func TestControlC(t *testing.T) {
	master, tty := pty(t)
	cmd, out := parent(t, "count", tty)
	ready(t, out)
	if _, err := master.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(content(t, out), "interrupts: 1\n") {
		t.Errorf("%v, %q", err, content(t, out))
	}
	_, tty = pty(t)
	cmd, out = parent(t, "wait", tty)
	ready(t, out)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(content(t, out), "terminated") {
		t.Errorf("%v, %q", err, content(t, out))
	}
}

// TestControlCBehind: a process that is not in front of its terminal is interrupted
// by somebody who means it alone, and so passes that on.
func TestControlCBehind(t *testing.T) {
	t.Setenv(parentBehind, "yes")
	_, tty := pty(t)
	cmd, out := parent(t, "wait", tty)
	ready(t, out)
	if err := syscall.Kill(announced(t, out, "gate"), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(content(t, out), "interrupt\n") {
		t.Errorf("%v, %q", err, content(t, out))
	}
}

// pty opens a pseudo terminal.
func pty(t *testing.T) (master, tty *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		peers.Missing(t, "no pseudo terminal: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return master, tty
}

// alive reports whether a process is there and no zombie.
func alive(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(state, "Z")
}

// TestExecMemory: a program gets no more memory than its limit, and one that needs
// less runs. The limit is below what the process needs that becomes the program.
func TestExecMemory(t *testing.T) {
	a := held(t, "tool", signed(t))
	if got := execute(t, a, Program{Args: []string{"memory", "128"}, MaxMemory: 512 << 20}, ""); got.err != nil || got.out != iAmGood+"has 128\n" {
		t.Errorf("%+v", got)
	}
	if got := execute(t, a, Program{Args: []string{"memory", "512"}, MaxMemory: 256 << 20}, ""); got.err != nil || got.ExitCode == 0 || strings.Contains(got.out, "has") {
		t.Errorf("%+v", got)
	}
	big := make([]string, 2000)
	for i := range big {
		big[i] = strings.Repeat("x", 100)
	}
	got := execute(t, a, Program{Args: big, Env: []string{"X=" + strings.Repeat("x", 100_000)}, MaxMemory: minMemory}, "")
	if got.err != nil { // the program, which is Go's, dies of it; the process before it does not
		t.Errorf("%+v", got)
	}
}
