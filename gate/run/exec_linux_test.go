// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax/source"
)

// parentName is the name under which the test binary executes the file that its
// first argument names, and lets it sleep.
const parentName = "sealwax-parent"

// parent is that.
func parent(t testing.TB, path string) int {
	a, err := source.Open(t.Context(), path, source.Options{Holding: source.SealedExecutable})
	if err != nil {
		return 1
	}
	g := ExecGate{Demands: ask(known(), nativeOnly()), Stdout: os.Stdout}
	_, ended, err := g.Exec(t.Context(), a, Program{Args: []string{"sleep"}})
	if err != nil {
		return 1
	}
	return ended.ExitCode
}

// TestProgramDiesWithParent: however the gate's process ends, the program does not
// outlive it.
func TestProgramDiesWithParent(t *testing.T) {
	if path := os.Getenv(parentName); path != "" {
		os.Exit(parent(t, path))
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(path, signed(t), 0o600); err != nil {
		t.Fatal(err)
	}
	out := temp(t)
	cmd := exec.Command(exe, "-test.run=^TestProgramDiesWithParent$")
	cmd.Env = append(os.Environ(), parentName+"="+path)
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
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
