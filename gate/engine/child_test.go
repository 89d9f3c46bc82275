// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// TestMain lets the test binary play a role when its name says so.
func TestMain(m *testing.M) {
	for _, roles := range []map[string]func() int{roles, compilerRoles} {
		if play, ok := roles[filepath.Base(os.Args[0])]; ok {
			os.Exit(play())
		}
	}
	os.Exit(inTemporaryFolder(m))
}

// inTemporaryFolder runs the tests and leaves nothing behind.
func inTemporaryFolder(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sealwax-run-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for _, v := range []string{"TMPDIR", "TMP"} {
		os.Setenv(v, dir)
	}
	return m.Run()
}

// engine is testdata/child, built once for all tests.
var engine = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sealwax-test-*")
	if err != nil {
		return "", err
	}
	exe := filepath.Join(dir, "child.exe")
	cmd := exec.Command("go", "build", "-o", exe, "./testdata/child")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return exe, cmd.Run()
})

func engineExe(t *testing.T) string {
	t.Helper()
	exe, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// role is the test binary under a name that makes it play something else.
func role(t *testing.T, as string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), as)
	if err := os.Symlink(exe, link); err != nil {
		peers.Missing(t, "no symbolic links: %v", err)
	}
	return link
}

// outcome is what came of a run.
type outcome struct {
	Result
	err            error
	stdout, stderr string
	took           time.Duration
}

// try runs a module with its output collected.
func try(t *testing.T, job Job, module []byte, stdin string) outcome {
	t.Helper()
	return tryWith(t, t.Context(), engineExe(t), job, module, stdin)
}

func tryWith(t *testing.T, ctx context.Context, exe string, job Job, module []byte, stdin string) outcome {
	t.Helper()
	in := temp(t)
	if _, err := in.WriteString(stdin); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	out, errs := temp(t), temp(t)
	start := time.Now()
	res, err := Child{Executable: exe, Stdin: in, Stdout: out, Stderr: errs}.Run(ctx, job, held(t, module))
	return outcome{res, err, content(t, out), content(t, errs), time.Since(start)}
}

func temp(t *testing.T) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func content(t *testing.T, f *os.File) string {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// goTry runs the Go guest.
func goTry(t *testing.T, job Job, stdin string) outcome {
	t.Helper()
	b, err := goGuest()
	if err != nil {
		t.Fatal(err)
	}
	return try(t, job, b, stdin)
}

func TestStreamsArgumentsAndExitCode(t *testing.T) {
	o := goTry(t, Job{Name: "tool.wasm", Args: []string{"echo", "a b", "ü", ""}}, "from stdin")
	if o.err != nil || o.ExitCode != 0 {
		t.Fatalf("%+v", o)
	}
	if want := "[\"tool.wasm\" \"echo\" \"a b\" \"ü\" \"\"]\nfrom stdin"; o.stdout != want {
		t.Errorf("stdout %q, want %q", o.stdout, want)
	}
	if o.stderr != "on stderr\n" {
		t.Errorf("stderr %q", o.stderr)
	}
	if o.Engine != "wazero" || !strings.HasPrefix(o.EngineVersion, "v") && o.EngineVersion != "unknown" {
		t.Errorf("engine %q %q", o.Engine, o.EngineVersion)
	}
	for code, want := range map[string]int{"\x00": 0, "\x07": 7, "\xff\x01": 255, "\x80\x02": 255, "\x80\x80\x04": 255, "\x7f": 255} {
		if o := try(t, Job{}, exiting(code), ""); o.err != nil || o.ExitCode != want {
			t.Errorf("exit %x: code %d, err %v; want %d", code, o.ExitCode, o.err, want)
		}
	}
}

func TestGuestHasNothingByDefault(t *testing.T) {
	t.Setenv("SECRET", "of the host")
	if o := goTry(t, Job{Args: []string{"env"}}, ""); o.err != nil || o.stdout != "[]\n" {
		t.Errorf("environment %q, err %v", o.stdout, o.err)
	}
	if o := goTry(t, Job{Args: []string{"folders"}}, ""); o.err != nil || o.stdout != "root true\n" {
		t.Errorf("folders %q, err %v", o.stdout, o.err)
	}
	if o := goTry(t, Job{Args: []string{"env"}, Env: []string{"A=1", "B="}}, ""); o.stdout != "[\"A=1\" \"B=\"]\n" {
		t.Errorf("environment %q, err %v", o.stdout, o.err)
	}
	if o := goTry(t, Job{Args: []string{"net", "127.0.0.1:80"}}, ""); o.stdout != "dialled false\n" {
		t.Errorf("network: %q, err %v", o.stdout, o.err)
	}
}

func TestClocksAndRandomnessAreReal(t *testing.T) {
	var at [2]int64
	var random [2]string
	for i := range at {
		before := time.Now().UnixNano()
		o := goTry(t, Job{Args: []string{"clock"}}, "")
		if _, err := fmt.Sscan(o.stdout, &at[i], &random[i]); err != nil {
			t.Fatal(o.stdout, err)
		}
		if at[i] < before || at[i] > time.Now().UnixNano() {
			t.Errorf("the guest's clock says %d", at[i])
		}
	}
	if random[0] == random[1] {
		t.Errorf("twice the same random bytes: %s", random[0])
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("data", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"here.txt": "here", "data/there.txt": "there"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mount := func(specs ...string) (out []Mount) {
		for _, s := range specs {
			m, err := ParseDir(s)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, m)
		}
		return out
	}
	// The folder at "/" is the working folder wherever it stands on the line.
	o := goTry(t, Job{Args: []string{"cat", "here.txt", "/here.txt", "/data/there.txt"}, Mounts: mount("data", ".")}, "")
	if want := "in / <nil>\nhere.txt: here <nil>\n/here.txt: here <nil>\n/data/there.txt: there <nil>\n"; o.stdout != want {
		t.Errorf("stdout %q, want %q (%v)", o.stdout, want, o.err)
	}
	o = goTry(t, Job{Args: []string{"write", "/d/new"}, Mounts: mount("data::/d:ro")}, "")
	if _, err := os.Stat("data/new"); err == nil || !strings.Contains(o.stdout, "Read-only") {
		t.Errorf("a read-only folder was written to: %q", o.stdout)
	}
	if o = goTry(t, Job{Args: []string{"write", "/d/new"}, Mounts: mount("data:/d")}, ""); o.stdout != "<nil>\n" {
		t.Errorf("writing: %q, err %v", o.stdout, o.err)
	}
	if b, err := os.ReadFile("data/new"); err != nil || string(b) != "written" {
		t.Errorf("the host sees %q, %v", b, err)
	}
	o = goTry(t, Job{Mounts: mount("absent")}, "")
	wantKind(t, "an absent folder", o, MountFailed, "absent")
}

// wantKind checks a run that failed.
func wantKind(t *testing.T, what string, o outcome, kind Kind, words ...string) {
	t.Helper()
	var g *GuestError
	if !errors.As(o.err, &g) || g.Kind != kind {
		t.Errorf("%s: code %d, err %v; want kind %s", what, o.ExitCode, o.err, kind)
		return
	}
	for _, w := range words {
		if !strings.Contains(g.Message, w) {
			t.Errorf("%s: message %q does not speak of %q", what, g.Message, w)
		}
	}
}

func TestModulesThatDoNotRun(t *testing.T) {
	many := preamble + types() + section(2, "\x0a"+strings.Repeat(name("env")+name("f")+"\x00\x00", 10))
	for what, c := range map[string]struct {
		module []byte
		job    Job
		kind   Kind
		words  []string
	}{
		"empty":                 {nil, Job{}, BadModule, nil},
		"garbage":               {[]byte("MZ\x90\x00garbage"), Job{}, BadModule, []string{"asm"}},
		"cut short":             {spinModule()[:len(spinModule())-3], Job{}, BadModule, nil},
		"text":                  {[]byte("(module)"), Job{}, NotRunnable, []string{"wat2wasm"}},
		"component":             {[]byte("\x00asm\x0d\x00\x01\x00"), Job{}, NotRunnable, []string{"component"}},
		"other version":         {[]byte("\x00asm\x02\x00\x00\x00"), Job{}, NotRunnable, []string{"version"}},
		"missing import":        {importing("env", "emscripten_thing"), Job{}, NotRunnable, []string{"env.emscripten_thing"}},
		"many missing imports":  {[]byte(many), Job{}, NotRunnable, []string{"and 2 more"}},
		"unknown WASI function": {importing("wasi_snapshot_preview1", "fly"), Job{}, NotRunnable, []string{"wasi_snapshot_preview1.fly"}},
		"old WASI":              {importing("wasi_unstable", "fd_write"), Job{}, NotRunnable, []string{"2019"}},
		"WASI of another type":  {importing("wasi_snapshot_preview1", "fd_write"), Job{}, NotRunnable, nil},
		"no _start":             {function(0, "other", ""), Job{}, NoEntrypoint, []string{"_start", "other", "--entrypoint"}},
		"no such entry point":   {function(0, "_start", ""), Job{Entrypoint: "f"}, NoEntrypoint, []string{`"f"`, "_start"}},
		"entry with parameters": {function(1, "f", ""), Job{Entrypoint: "f"}, NoEntrypoint, []string{"parameters"}},
		"too much memory":       {function(0, "_start", "", section(5, "\x01\x00\x80\x02")), Job{MaxMemory: 1 << 20}, MemoryLimit, []string{"1048576", "--max-memory"}},
		"trap":                  {function(0, "_start", trapBody), Job{}, Trap, []string{"unreachable"}},
		"endless recursion":     {function(0, "_start", deepBody), Job{}, Trap, []string{"stack overflow"}},
	} {
		t.Run(what, func(t *testing.T) {
			o := try(t, c.job, c.module, "")
			wantKind(t, what, o, c.kind, c.words...)
			if o.stdout+o.stderr != "" {
				t.Errorf("the engine wrote %q to the guest's streams", o.stdout+o.stderr)
			}
		})
	}
}

func TestEntrypoints(t *testing.T) {
	if o := try(t, Job{Entrypoint: "f"}, function(0, "f", ""), ""); o.err != nil || o.ExitCode != 0 {
		t.Errorf("another entry point: %+v", o)
	}
	// f traps unless _initialize has set the global.
	reactor := []byte(preamble + types() + section(3, "\x02\x00\x00") + section(6, "\x01\x7f\x01\x41\x00\x0b") +
		section(7, "\x02"+name("_initialize")+"\x00\x00"+name("f")+"\x00\x01") +
		section(10, "\x02"+code("\x41\x01\x24\x00")+code("\x23\x00\x45\x04\x40\x00\x0b")))
	if o := try(t, Job{Entrypoint: "f"}, reactor, ""); o.err != nil {
		t.Errorf("a reactor's function: %v", o.err)
	}
}

// TestHardLimitOfTime runs guests that no engine can be asked to stop.
func TestHardLimitOfTime(t *testing.T) {
	b, err := goGuest()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for what, c := range map[string]struct {
		job    Job
		module []byte
	}{
		"spins":              {Job{}, spinModule()},
		"spins in Go":        {Job{Args: []string{"ready-then-spin"}}, b},
		"blocks in a read":   {Job{Args: []string{"read"}}, b},
		"sleeps":             {Job{Args: []string{"sleep"}}, b},
		"spins in its start": {Job{}, []byte(preamble + types() + section(3, "\x01\x00") + section(7, "\x01"+name("_start")+"\x00\x00") + section(8, "\x00") + section(10, "\x01"+code(spinBody)))},
	} {
		t.Run(what, func(t *testing.T) {
			c.job.Timeout = 1500 * time.Millisecond
			start := time.Now()
			_, err := Child{Executable: engineExe(t), Stdin: r}.Run(t.Context(), c.job, held(t, c.module))
			if !errors.Is(err, ErrTimeout) {
				t.Errorf("err = %v, want ErrTimeout", err)
			}
			if took := time.Since(start); took < c.job.Timeout || took > c.job.Timeout+5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestContextEndsTheGuest(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(300*time.Millisecond, func() { cancel(cause) })
	o := tryWith(t, ctx, engineExe(t), Job{}, spinModule(), "")
	if !errors.Is(o.err, cause) {
		t.Errorf("err = %v, want the context's cause", o.err)
	}
	if o := tryWith(t, ctx, engineExe(t), Job{}, spinModule(), ""); o.err == nil {
		t.Error("a guest ran although its context had ended")
	}
}

// TestOutputStreams reads what a guest says while it still runs.
func TestOutputStreams(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := Child{Executable: engineExe(t), Stdout: w}.Run(ctx, Job{Args: []string{"ready-then-spin"}}, guestModule(t))
		w.Close()
		ended <- err
	}()
	buf := make([]byte, 6)
	if _, err := io.ReadFull(r, buf); err != nil || string(buf) != "ready\n" {
		t.Errorf("read %q, %v", buf, err)
	}
	select {
	case err := <-ended:
		t.Errorf("the guest has ended: %v", err)
	default:
	}
	cancel()
	<-ended
}

func TestLinearMemoryIsCapped(t *testing.T) {
	o := goTry(t, Job{Args: []string{"eat"}, MaxMemory: 64 << 20}, "")
	if o.err != nil || o.ExitCode != 2 || !strings.Contains(o.stderr, "out of memory") {
		t.Errorf("code %d, err %v, stderr %.200q; want the guest's own death", o.ExitCode, o.err, o.stderr)
	}
}

func TestJobsThatCannotBe(t *testing.T) {
	for what, job := range map[string]Job{
		"little memory":   {MaxMemory: 1},
		"negative memory": {MaxMemory: -1},
		"huge memory":     {MaxMemory: MaxMemory + 1},
		"negative time":   {Timeout: -1},
		"NUL":             {Args: []string{"a\x00b"}},
		"not UTF-8":       {Args: []string{"\xff"}},
		"variable":        {Env: []string{"A"}},
		"same place":      {Mounts: []Mount{{Host: ".", Guest: "/"}, {Host: "..", Guest: "/"}}},
		"relative guest":  {Mounts: []Mount{{Host: ".", Guest: "x"}}},
	} {
		if err := job.Check(); err == nil {
			t.Errorf("%s: Check found nothing", what)
		}
		if o := try(t, job, spinModule(), ""); o.err == nil {
			t.Errorf("%s: it ran", what)
		}
	}
	if err := (Job{}).Check(); err != nil {
		t.Errorf("the zero job: %v", err)
	}
}

func TestTotalMemory(t *testing.T) {
	for _, c := range []struct{ linear, module, want int64 }{
		{0, 0, 1<<30 + 512<<20},
		{64 << 20, 16 << 20, 64<<20 + 512<<20},
		{64 << 20, 17 << 20, 64<<20 + 32*17<<20},
	} {
		if got := (Job{MaxMemory: c.linear}).TotalMemory(c.module); got != c.want {
			t.Errorf("linear %d, module %d: %d, want %d", c.linear, c.module, got, c.want)
		}
		keeping := Job{MaxMemory: c.linear, Keep: &sealedmem.Output{}}
		if got, want := keeping.TotalMemory(c.module), c.want+16*c.module; got != want {
			t.Errorf("linear %d, module %d that is kept: %d, want %d", c.linear, c.module, got, want)
		}
	}
}
