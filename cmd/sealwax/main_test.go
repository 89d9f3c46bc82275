// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/peers"
)

// TestMain lets the test binary be the command, and the command's own child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "--sealwax-child") {
		main()
	}
	testscript.Main(m, map[string]func(){"sealwax": scripted})
}

// The variables of scripts that stand for what no variable moves in the command.
const (
	testSystem = "SEALWAX_TEST_SYSTEM" // the system's folder
	testNow    = "SEALWAX_TEST_NOW"    // what time it is, RFC 3339
)

// scripted is main with the system's folder and the clock of a script.
func scripted() {
	if len(os.Args) > 1 && os.Args[1] == engine.ChildArgument {
		main()
	}
	a := newApp()
	a.system = os.Getenv(testSystem)
	if now, err := time.Parse(time.RFC3339, os.Getenv(testNow)); err == nil {
		a.now = func() time.Time { return now }
	}
	os.Exit(a.main(context.Background(), os.Args[1:]))
}

// TestScripts runs testdata/script: the commands as people and scripts use them.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SEALWAX_CONFIG_DIR", filepath.Join(env.WorkDir, "config"))
			env.Setenv("SEALWAX_STATE_DIR", filepath.Join(env.WorkDir, "state"))
			env.Setenv(testSystem, filepath.Join(env.WorkDir, "etc"))
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("TMPDIR", filepath.Join(env.WorkDir, ".tmp"))
			module := filepath.Join(env.WorkDir, "hello.wasm")
			return os.WriteFile(module, helloModule, 0o644)
		},
		Condition: func(cond string) (bool, error) { return peerOrPlatform(cond) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": cmdExits, "serve": cmdServe, "flip": cmdFlip, "mode": cmdMode, "wasip1": cmdWasip1,
			"helper": helperCommand(), "compiled": cmdCompiled, "entry": cmdEntry,
			"goprogram": cmdGoProgram,
		},
	})
}

// peerOrPlatform answers [peer:NAME]: a reference tool is there, and
// [helper:NAME]: a helper can be built. Where peers are required, a missing one is
// a failure and not a skip.
func peerOrPlatform(cond string) (bool, error) {
	if name, ok := strings.CutPrefix(cond, "helper:"); ok {
		return helperCanBe(name)
	}
	name, ok := strings.CutPrefix(cond, "peer:")
	if !ok {
		return false, nil
	}
	_, err := exec.LookPath(name)
	if err != nil && peers.Required() {
		return false, err
	}
	return err == nil, nil
}

// cmdExits runs a command and demands its exit code: exits CODE COMMAND...
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exited, ok := err.(*exec.ExitError) // testscript gives it as it is
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exited.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdFlip copies a file with one bit changed: flip FROM TO OFFSET (from the end
// if negative).
func cmdFlip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: flip FROM TO OFFSET")
	}
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	at, err := strconv.Atoi(args[2])
	ts.Check(err)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o644))
}

// cmdMode demands a file's permission bits: mode FILE 0600.
func cmdMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE OCTAL")
	}
	if runtime.GOOS == "windows" {
		return
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	want, err := strconv.ParseUint(args[1], 8, 32)
	ts.Check(err)
	if info.Mode().Perm() != os.FileMode(want) {
		ts.Fatalf("%s has mode %04o, want %04o", args[0], info.Mode().Perm(), want)
	}
}

// cmdWasip1 builds a Go program for WASI: wasip1 DIR OUT.
func cmdWasip1(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: wasip1 DIR OUT")
	}
	cmd := exec.Command("go", "build", "-o", ts.MkAbs(args[1]), ".")
	cmd.Dir = ts.MkAbs(args[0])
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		ts.Fatalf("building %s: %v\n%s", args[0], err, out)
	}
}
