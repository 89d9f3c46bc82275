// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/source"
)

// ran is what came of a program.
type ran struct {
	Ended
	report      *sealwax.Report
	out, errors string
	err         error
}

// signed is the good program, signed by the compiler.
func signed(t *testing.T) []byte {
	t.Helper()
	return signProgram(t, program(t, "good"), compiler())
}

func execute(t *testing.T, a *sealwax.Artifact, p Program, stdin string) ran {
	t.Helper()
	return executeAs(t, t.Context(), ExecGate{Demands: ask(known(), nativeOnly())}, a, p, stdin)
}

func executeAs(t *testing.T, ctx context.Context, g ExecGate, a *sealwax.Artifact, p Program, stdin string) ran {
	t.Helper()
	in, out, errs := temp(t), temp(t), temp(t)
	if _, err := in.WriteString(stdin); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	g.Stdin, g.Stdout, g.Stderr = in, out, errs
	report, ended, err := g.Exec(ctx, a, p)
	return ran{ended, report, content(t, out), content(t, errs), err}
}

const iAmGood = "I am good\n"

func TestExec(t *testing.T) {
	a := held(t, "dir/tool", signed(t))
	for _, tc := range []struct {
		name    string
		program Program
		stdin   string
		want    Ended
		out     string
	}{
		{"nothing", Program{}, "", Ended{}, ""},
		{"arguments", Program{Args: []string{"args", "", "a b", "-k"}}, "", Ended{}, `["dir/tool" "args" "" "a b" "-k"]` + "\n"},
		{"another name", Program{Name: "x", Args: []string{"args"}}, "", Ended{}, `["x" "args"]` + "\n"},
		{"no variables", Program{Args: []string{"env"}}, "", Ended{}, "\n"},
		{"variables", Program{Args: []string{"env"}, Env: []string{"A=1", "LD_PRELOAD=/x", "HOME=/h"}}, "", Ended{}, "A=1\nHOME=/h\n"},
		{"input", Program{Args: []string{"cat"}}, "from stdin", Ended{}, "from stdin"},
		{"exit code", Program{Args: []string{"exit", "42"}}, "", Ended{ExitCode: 42}, ""},
		{"a signal", Program{Args: []string{"signal", "15"}}, "", Ended{ExitCode: 143, Signal: "SIGTERM"}, ""},
		{"a kill that is not ours", Program{Args: []string{"signal", "9"}, Timeout: time.Hour, MaxCPU: time.Hour}, "", Ended{ExitCode: 137, Signal: "SIGKILL"}, ""},
	} {
		got := execute(t, a, tc.program, tc.stdin)
		if got.err != nil || got.Ended != tc.want || got.out != iAmGood+tc.out {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	if got := execute(t, a, Program{Args: []string{"stderr"}}, ""); got.errors != "on stderr\n" {
		t.Errorf("%+v", got)
	}
}

// TestExecDescriptors: what somebody left open is not the program's.
func TestExecDescriptors(t *testing.T) {
	const fd = 100
	if err := unix.Dup2(int(temp(t).Fd()), fd); err != nil { // without close-on-exec
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if got := execute(t, held(t, "tool", signed(t)), Program{Args: []string{"descriptors"}}, ""); got.out != iAmGood+"0 1 2 \n" {
		t.Errorf("%+v", got)
	}
}

// TestExecRefuses: nothing is started that is not signed inside, in the role, as a
// program.
func TestExecRefuses(t *testing.T) {
	good := program(t, "good")
	whole := signed(t)
	patched := append([]byte{}, whole...)
	patched[len(good)-1] ^= 1
	evil := append(append([]byte{}, program(t, "evil")...), whole[len(good):]...)
	sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes("tool", good), compiler(), sealwax.SignOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	beside := sealwax.Companion{Name: "tool.minisig", Data: sig}
	for _, tc := range []struct {
		name   string
		data   []byte
		policy *sealwax.Policy
		beside []sealwax.Companion
		code   sealwax.Code
	}{
		{"unsigned", good, nativeOnly(), nil, sealwax.CodeSignatureNone},
		{"patched", patched, nativeOnly(), nil, sealwax.CodeSignatureInvalid},
		{"another's trailer", evil, nativeOnly(), nil, sealwax.CodeSignatureInvalid},
		{"two trailers", append(append([]byte{}, whole...), whole[len(good):]...), nativeOnly(), nil, sealwax.CodeSignatureMalformed},
		{"something behind", append(append([]byte{}, whole...), 0), nativeOnly(), nil, sealwax.CodeSignatureMalformed},
		{"cut", whole[:len(whole)-1], nativeOnly(), nil, sealwax.CodeSignatureNone},
		{"detached", good, nativeOnly(), []sealwax.Companion{beside}, sealwax.CodeSignatureNone},
		{"detached, for a release", good, sealwax.AnyOf(1, sealwax.RoleRelease), []sealwax.Companion{beside}, sealwax.CodeSignatureNone},
		{"a stranger's", signProgram(t, good, stranger()), nativeOnly(), nil, sealwax.CodeSignerUnknown},
		{"of the role release", signProgram(t, good, maker()), nativeOnly(), nil, sealwax.CodeSignerRole},
		{"a policy for releases", whole, sealwax.AnyOf(1, sealwax.RoleRelease), nil, sealwax.CodeSignerRole},
		{"a script", []byte("#!/bin/sh\necho evil\n"), nativeOnly(), nil, sealwax.CodeArtifactKind},
		{"a module", []byte("\x00asm\x01\x00\x00\x00"), nativeOnly(), nil, sealwax.CodeArtifactKind},
		{"a file", []byte("x"), nativeOnly(), nil, sealwax.CodeArtifactKind},
		{"compiled code", signCode(t, cwasm("code"), compiledBy{}), both(), nil, sealwax.CodeArtifactKind},
	} {
		t.Run(tc.name, func(t *testing.T) {
			kept := 0
			g := ExecGate{Demands: ask(known(), tc.policy), Record: func(r *sealwax.Report) error {
				if kept++; r.Verdict != sealwax.Deny {
					t.Errorf("kept: %v", r.Verdict)
				}
				return nil
			}}
			got := executeAs(t, t.Context(), g, held(t, "tool", tc.data, tc.beside...), Program{}, "")
			denied := (*sealwax.DeniedError)(nil)
			if !errors.As(got.err, &denied) || got.out != "" || kept != 1 {
				t.Fatalf("%+v, kept %d times", got, kept)
			}
			if !got.report.Has(tc.code) {
				t.Errorf("no %s in %+v", tc.code, got.report.Findings)
			}
		})
	}
}

func TestExecRecord(t *testing.T) {
	errFull := errors.New("the disk is full")
	g := ExecGate{Demands: ask(known(), nativeOnly()), Record: func(*sealwax.Report) error { return errFull }}
	got := executeAs(t, t.Context(), g, held(t, "tool", signed(t)), Program{}, "")
	if !errors.Is(got.err, errFull) || got.out != "" {
		t.Errorf("%+v", got)
	}
}

func TestExecNotHeld(t *testing.T) {
	got := execute(t, sealwaxtest.Bytes("tool", signed(t)), Program{}, "")
	if !errors.Is(got.err, ErrNotHeld) || got.out != "" {
		t.Errorf("%+v", got)
	}
}

// TestExecNotStarted: what the system does not execute is said to be that.
func TestExecNotStarted(t *testing.T) {
	got := execute(t, held(t, "tool", signProgram(t, elf(0, "no program"), compiler())), Program{}, "")
	if !errors.Is(got.err, ErrNotStarted) || !strings.Contains(got.err.Error(), "another system or machine") {
		t.Errorf("%+v", got)
	}
	g := ExecGate{Demands: ask(known(), nativeOnly()), Executable: filepath.Join(t.TempDir(), "absent")}
	if got := executeAs(t, t.Context(), g, held(t, "tool", signed(t)), Program{}, ""); !errors.Is(got.err, ErrNotStarted) {
		t.Errorf("%+v", got)
	}
}

func TestExecLimits(t *testing.T) {
	a := held(t, "tool", signed(t))
	for _, tc := range []struct {
		name    string
		program Program
		want    error
	}{
		{"time", Program{Args: []string{"sleep"}, Timeout: 200 * time.Millisecond}, engine.ErrTimeout},
		{"processor time", Program{Args: []string{"spin"}, MaxCPU: time.Second}, ErrCPU},
	} {
		if got := execute(t, a, tc.program, ""); !errors.Is(got.err, tc.want) {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	got := executeAs(t, ctx, ExecGate{Demands: ask(known(), nativeOnly())}, a, Program{Args: []string{"sleep"}}, "")
	if !errors.Is(got.err, context.DeadlineExceeded) {
		t.Errorf("a context that ends: %+v", got)
	}
	if got := execute(t, a, Program{Args: []string{"files", "20"}, MaxFiles: 16}, ""); got.ExitCode != 4 || !strings.Contains(got.out, "too many open files") {
		t.Errorf("files: %+v", got)
	}
	if got := execute(t, a, Program{Args: []string{"files", "5"}, MaxFiles: 16}, ""); got.err != nil || got.ExitCode != 0 {
		t.Errorf("few files: %+v", got)
	}
}

func TestProgramCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		p  Program
		ok bool
	}{
		"nothing":       {Program{}, true},
		"all":           {Program{Timeout: 1, MaxCPU: 1, MaxFiles: minFiles}, true},
		"time":          {Program{Timeout: -1}, false},
		"CPU":           {Program{MaxCPU: -1}, false},
		"memory":        {Program{MaxMemory: -1}, false},
		"little memory": {Program{MaxMemory: minMemory - 1}, false},
		"files":         {Program{MaxFiles: -1}, false},
		"few files":     {Program{MaxFiles: minFiles - 1}, false},
		"many files":    {Program{MaxFiles: maxFiles + 1}, false},
	} {
		if err := tc.p.Check(); (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	got := execute(t, held(t, "tool", signed(t)), Program{MaxFiles: 1}, "")
	if got.err == nil || got.out != "" {
		t.Errorf("a limit that cannot be: %+v", got)
	}
}

// TestExecSignals: what this process gets is the program's.
func TestExecSignals(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGHUP} {
		if signal.Ignored(s) {
			continue // as under nohup: then it is not passed on
		}
		out := temp(t)
		g := ExecGate{Demands: ask(known(), nativeOnly()), Stdout: out}
		done := make(chan ran)
		go func() {
			report, ended, err := g.Exec(t.Context(), held(t, "tool", signed(t)), Program{Args: []string{"wait"}})
			done <- ran{Ended: ended, report: report, err: err}
		}()
		ready(t, out)
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		if got := <-done; got.err != nil || got.ExitCode != 3 || !strings.Contains(content(t, out), s.String()) {
			t.Errorf("%v: %+v, %q", s, got, content(t, out))
		}
	}
}

// ready waits until the program is, and gives its process id.
func ready(t *testing.T, out *os.File) (pid int) {
	t.Helper()
	return announced(t, out, "ready")
}

// announced waits for a process id that follows a word.
func announced(t *testing.T, out *os.File, word string) (pid int) {
	t.Helper()
	for range 1000 {
		for line := range strings.Lines(content(t, out)) {
			if n, err := fmt.Sscanf(line, word+" %d\n", &pid); n == 1 && err == nil {
				return pid
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never was")
	return 0
}

// TestPrivateCopy: what cannot be executed where it is held is copied to where this
// user alone can reach it, and nothing is left of that.
func TestPrivateCopy(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	path := filepath.Join(dir, "tool")
	if err := os.WriteFile(path, signed(t), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := source.Open(t.Context(), path, source.Options{Holding: source.Sealed}) // not executable
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	file, err := heldBytes(a)
	if err != nil {
		t.Fatal(err)
	}
	im, err := newImage(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if im.path == "" || filepath.Dir(filepath.Dir(im.path)) != dir {
		t.Fatalf("%+v", im)
	}
	for _, p := range []string{im.path, im.dir} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", p, info.Mode(), err)
		}
	}
	im.close()
	if got := execute(t, a, Program{Args: []string{"exit", "5"}}, ""); got.err != nil || got.ExitCode != 5 || got.out != iAmGood {
		t.Errorf("%+v", got)
	}
	left, err := filepath.Glob(filepath.Join(dir, "sealwax-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newImage(ctx, file); !errors.Is(err, context.Canceled) {
		t.Errorf("a copy nobody wants: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "sealwax-*")); len(left) > 0 {
		t.Errorf("left of it: %v", left)
	}
}

// TestExecMainAlone: the hidden argument starts nothing for anybody else.
func TestExecMainAlone(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(exe, ExecArgument, "0", "0", "0", "/bin/echo", "echo", "evil").CombinedOutput()
	exited := (*exec.ExitError)(nil)
	if !errors.As(err, &exited) || !strings.Contains(string(out), ErrAlone.Error()) || strings.Contains(string(out), "evil") {
		t.Errorf("%v, %s", err, out)
	}
}

// TestExecMainByHand: nor with a pipe where the parent's would be. Only sealed memory,
// or a copy that lies as this package makes it, is executed.
func TestExecMainByHand(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	echo, err := os.ReadFile("/bin/echo")
	if err != nil {
		t.Fatal(err)
	}
	put := func(dir, name string, dirMode, mode os.FileMode) string {
		dir = filepath.Join(t.TempDir(), dir)
		path := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(path, echo, 0o700), os.Chmod(path, mode), os.Chmod(dir, dirMode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	linked := put("sealwax-1", "other", 0o700, 0o700)
	if err := os.Symlink("/bin/echo", filepath.Join(filepath.Dir(linked), privateName)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		path string
		runs bool
	}{
		"as it should be":     {put("sealwax-1", privateName, 0o700, 0o700), true},
		"any program":         {"/bin/echo", false},
		"an unsealed file":    {"", false},
		"another folder":      {put("mine-1", privateName, 0o700, 0o700), false},
		"another name":        {linked, false},
		"a link":              {filepath.Join(filepath.Dir(linked), privateName), false},
		"a folder of many":    {put("sealwax-1", privateName, 0o750, 0o700), false},
		"a file of many":      {put("sealwax-1", privateName, 0o700, 0o755), false},
		"something not there": {filepath.Join(t.TempDir(), "sealwax-1", privateName), false},
	} {
		cmd := exec.Command(exe, ExecArgument, "0", "0", "0", tc.path, "echo", "evil")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		image, err := os.Open("/bin/echo")
		if err != nil {
			t.Fatal(err)
		}
		cmd.ExtraFiles = []*os.File{w, image}
		out, err := cmd.CombinedOutput()
		r.Close()
		w.Close()
		image.Close()
		if (err == nil) != tc.runs || strings.Contains(string(out), "evil") != tc.runs || !tc.runs && !strings.Contains(string(out), ErrAlone.Error()) {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
}

// TestBecomeNothing: what a parent would not have written changes nothing in this
// process.
func TestBecomeNothing(t *testing.T) {
	for _, args := range [][]string{nil, {"0", "0", "0", "/bin/false"}, {"x", "0", "0", "/bin/false", "false"}, {"0", "0", "", "/bin/false", "false"}} {
		if err := become(args); err == nil {
			t.Errorf("%q", args)
		}
	}
}

// TestSwappedProgram: what is executed is what was verified, although the file is
// exchanged each time in between.
func TestSwappedProgram(t *testing.T) {
	good := signed(t)
	evil := signProgram(t, program(t, "evil"), stranger())
	renew, swap := swapper(t, good, evil)
	for i := range swaps {
		a, err := source.Open(t.Context(), renew(), source.Options{Holding: source.SealedExecutable})
		if err != nil {
			t.Fatal(err)
		}
		g := ExecGate{Demands: ask(known(), nativeOnly()), Record: func(*sealwax.Report) error { swap(); return nil }}
		got := executeAs(t, t.Context(), g, a, Program{}, "")
		a.Close()
		if got.err != nil || got.out != iAmGood {
			t.Fatalf("%d: %+v", i, got)
		}
	}
}

func TestScrubbed(t *testing.T) {
	env := []string{
		"PATH=/bin", "LD_PRELOAD=/evil.so", "LD_LIBRARY_PATH=/evil", "LD_AUDIT=/evil.so", "LD_=", "DYLD_INSERT_LIBRARIES=/evil", "GCONV_PATH=/evil",
		"GLIBC_TUNABLES=x", "MALLOC_CHECK_=3", "LOCPATH=/evil", "TZDIR=/evil", "NLSPATH=/evil", "LD_NOTHING",
		"TMPDIR=/tmp", "LDFLAGS=-lm", "OLD_PATH=/", "LANG=C", "malloc_x=1", "=C:=C:\\", "LD_PRELOAD", "GCONV_PATHS=1",
	}
	before := append([]string{}, env...)
	want := []string{"PATH=/bin", "TMPDIR=/tmp", "LDFLAGS=-lm", "OLD_PATH=/", "LANG=C", "malloc_x=1", "=C:=C:\\", "GCONV_PATHS=1"}
	if diff := cmp.Diff(want, Scrubbed(env)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, env); diff != "" {
		t.Errorf("the caller's was changed: %s", diff)
	}
}
