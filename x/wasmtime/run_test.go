// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

func TestArgumentsEnvironmentStreams(t *testing.T) {
	for form, code := range forms(t, tool(t)) {
		for _, c := range []struct {
			job    engine.Job
			stdin  string
			code   int
			stdout string
			stderr string
		}{
			{job: engine.Job{Name: "tool.wasm", Args: []string{"args", "a b", "ü", ""}}, stdout: "[tool.wasm][args][a b][ü][]"},
			{job: engine.Job{Args: []string{"env", "A"}, Env: []string{"A=1", "B="}}, stdout: "1"},
			{job: engine.Job{Args: []string{"env", "HOME"}}, stdout: "(none)"},
			{job: engine.Job{Args: []string{"cat"}}, stdin: "from stdin", stdout: "from stdin", stderr: "on stderr\n"},
			{job: engine.Job{Args: []string{"exit", "7"}}, code: 7},
			{job: engine.Job{Args: []string{"exit", "200"}}, code: 200},
			{job: engine.Job{Args: []string{"exit", "256"}}, code: 255},
		} {
			c.job.Form = form
			t.Setenv("HOME", "/nonexistent")
			o := run(t, t.Context(), c.job, code, c.stdin)
			if o.err != nil || o.ExitCode != c.code || o.stdout != c.stdout || o.stderr != c.stderr {
				t.Errorf("form %q, %q: %+v", form, c.job.Args, o)
			}
			if o.Engine != "wasmtime" || o.EngineVersion != Version {
				t.Errorf("engine %q %q", o.Engine, o.EngineVersion)
			}
		}
	}
}

// TestGo runs a program that Go compiled, whose streams are not to be changed.
func TestGo(t *testing.T) {
	m := module(t, builtGo)
	for form, code := range forms(t, m) {
		o := run(t, t.Context(), engine.Job{Form: form, Name: "tool.wasm", Args: []string{"echo", "x"}}, code, "from stdin")
		if o.err != nil || o.stdout != "[\"tool.wasm\" \"echo\" \"x\"]\nfrom stdin" || o.stderr != "on stderr\n" {
			t.Errorf("form %q: %+v", form, o)
		}
	}
}

func TestFolders(t *testing.T) {
	m := compiled(t, tool(t))
	dir, outside := t.TempDir(), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "a"), "inside")
	write(filepath.Join(outside, "secret"), "secret")
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	do := func(writable bool, args ...string) outcome {
		t.Helper()
		mounts := []engine.Mount{{Host: outside, Guest: "/first"}, {Host: dir, Guest: "/", Writable: writable}}
		return run(t, t.Context(), engine.Job{Form: engine.FormCompiled, Args: args, Mounts: mounts[1:]}, m, "")
	}
	for _, writable := range []bool{false, true} {
		if o := do(writable, "read", "a"); o.err != nil || o.stdout != "inside" {
			t.Errorf("writable %v: %+v", writable, o)
		}
		for _, way := range []string{"link", "../" + filepath.Base(outside) + "/secret", filepath.Join(outside, "secret")} {
			if o := do(writable, "read", way); o.err != nil || o.ExitCode != 3 || strings.Contains(o.stdout, "secret") {
				t.Errorf("writable %v, %s: %+v", writable, way, o)
			}
		}
	}
	for _, args := range [][]string{{"write", "a"}, {"write", "new"}, {"truncate", "a"}, {"create", "new"}} {
		if o := do(false, args...); o.stdout != "refused" {
			t.Errorf("read-only, %q: %+v", args, o)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(b) != "inside" {
		t.Errorf("the host sees %q, %v", b, err)
	}
	if o := do(true, "write", "new"); o.err != nil || o.ExitCode != 0 {
		t.Errorf("writing: %+v", o)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "new")); err != nil || string(b) != "written" {
		t.Errorf("the host sees %q, %v", b, err)
	}
}

func TestFoldersThatCannotBeOffered(t *testing.T) {
	m := compiled(t, tool(t))
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for host, words := range map[string]string{
		filepath.Join(t.TempDir(), "absent"): "no such file",
		file:                                 "no folder",
		"/proc/self":                         "process file system",
		"/":                                  "process file system",
	} {
		o := run(t, t.Context(), engine.Job{Form: engine.FormCompiled, Mounts: []engine.Mount{{Host: host, Guest: "/"}}}, m, "")
		wantKind(t, host, o.err, engine.MountFailed, host, words)
	}
}

func TestModulesThatDoNotRun(t *testing.T) {
	for what, c := range map[string]struct {
		text  string
		job   engine.Job
		kind  engine.Kind
		words []string
	}{
		"missing import":        {`(module (import "env" "thing" (func)) (func (export "_start")))`, engine.Job{}, engine.NotRunnable, []string{"env.thing"}},
		"unknown WASI function": {`(module (import "wasi_snapshot_preview1" "fly" (func)) (func (export "_start")))`, engine.Job{}, engine.NotRunnable, []string{"wasi_snapshot_preview1.fly"}},
		"memory import":         {`(module (import "env" "memory" (memory 1)) (func (export "_start")))`, engine.Job{}, engine.NotRunnable, []string{"env.memory"}},
		"WASI of another type":  {`(module (import "wasi_snapshot_preview1" "fd_write" (func)) (func (export "_start")))`, engine.Job{}, engine.NotRunnable, nil},
		"no _start":             {`(module (func (export "other")))`, engine.Job{}, engine.NoEntrypoint, []string{"_start", "other", "--entrypoint"}},
		"entry is a global":     {`(module (global (export "_start") i32 (i32.const 1)))`, engine.Job{}, engine.NoEntrypoint, nil},
		"entry with parameters": {`(module (func (export "f") (param i32)))`, engine.Job{Entrypoint: "f"}, engine.NoEntrypoint, []string{"parameters"}},
		"too much memory":       {`(module (memory 256) (func (export "_start")))`, engine.Job{MaxMemory: 1 << 20}, engine.MemoryLimit, []string{"1048576", "--max-memory"}},
		"several memories":      {`(module (memory 1) (memory 1) (func (export "_start")))`, engine.Job{}, engine.NotRunnable, []string{"several memories"}},
		"trap":                  {`(module (func (export "_start") unreachable))`, engine.Job{}, engine.Trap, []string{"unreachable"}},
		"trap in start":         {`(module (func $s unreachable) (start $s) (func (export "_start")))`, engine.Job{}, engine.Trap, []string{"unreachable"}},
		"out of bounds":         {`(module (memory 1) (func (export "_start") (drop (i32.load (i32.const 0x7fffffff)))))`, engine.Job{}, engine.Trap, []string{"out of bounds"}},
		"endless recursion":     {`(module (func $f (export "_start") call $f))`, engine.Job{}, engine.Trap, []string{"stack exhausted"}},
		"trap in _initialize":   {`(module (func (export "_initialize") unreachable) (func (export "f")))`, engine.Job{Entrypoint: "f"}, engine.Trap, []string{"unreachable"}},
		"stack too large":       {`(module (func (export "_start")))`, engine.Job{MaxStack: maxStack + 1}, engine.NotRunnable, []string{"2097152"}},
	} {
		t.Run(what, func(t *testing.T) {
			for form, code := range forms(t, wat(t, c.text)) {
				c.job.Form = form
				o := run(t, t.Context(), c.job, code, "")
				wantKind(t, what, o.err, c.kind, c.words...)
				if o.stdout+o.stderr != "" {
					t.Errorf("the engine wrote %q to the guest's streams", o.stdout+o.stderr)
				}
			}
		})
	}
	for what, c := range map[string]struct {
		bytes string
		form  engine.Form
		kind  engine.Kind
	}{
		"garbage":            {"MZ\x90\x00garbage", engine.FormModule, engine.BadModule},
		"broken":             {emptyModule + "\x01", engine.FormModule, engine.BadModule},
		"component":          {"\x00asm\x0d\x00\x01\x00", engine.FormModule, engine.NotRunnable},
		"no compiled code":   {"MZ\x90\x00garbage", engine.FormCompiled, engine.NotRunnable},
		"a module, compiled": {emptyModule, engine.FormCompiled, engine.NotRunnable},
	} {
		o := run(t, t.Context(), engine.Job{Form: c.form}, []byte(c.bytes), "")
		wantKind(t, what, o.err, c.kind)
	}
}

func TestEntrypoints(t *testing.T) {
	reactor := wat(t, `(module (global $g (mut i32) (i32.const 0)) (func (export "_initialize") (global.set $g (i32.const 1)))
		(func (export "f") (if (i32.eqz (global.get $g)) (then unreachable))) (func (export "_start") unreachable))`)
	if o := run(t, t.Context(), engine.Job{Entrypoint: "f"}, reactor, ""); o.err != nil {
		t.Errorf("a reactor's function: %v", o.err)
	}
	exits := wat(t, `(module (import "wasi_snapshot_preview1" "proc_exit" (func $x (param i32))) (memory (export "memory") 1)
		(func (export "_initialize") (call $x (i32.const 9))) (func (export "f")) (func (export "_start") (call $x (i32.const -1))))`)
	if o := run(t, t.Context(), engine.Job{Entrypoint: "f"}, exits, ""); o.err != nil || o.ExitCode != 9 {
		t.Errorf("a reactor that exits: %+v", o)
	}
	if o := run(t, t.Context(), engine.Job{}, exits, ""); o.err != nil || o.ExitCode != 255 {
		t.Errorf("exit code -1: %+v", o)
	}
}

func TestLimits(t *testing.T) {
	m := compiled(t, tool(t))
	o := run(t, t.Context(), engine.Job{Form: engine.FormCompiled, Args: []string{"grow"}, MaxMemory: 8 << 20}, m, "")
	if o.err != nil || len(o.stdout) != 1 {
		t.Errorf("8 MiB of linear memory gave %+v", o)
	}
	deep := func(stack int64) outcome {
		return run(t, t.Context(), engine.Job{Form: engine.FormCompiled, MaxStack: stack}, deepModule(t), "")
	}
	if o := deep(maxStack); o.err != nil {
		t.Errorf("the largest stack: %v", o.err)
	}
	wantKind(t, "a small stack", deep(64<<10).err, engine.Trap, "stack exhausted")
	for _, args := range [][]string{{"spin"}, {"sleep"}} {
		o := run(t, t.Context(), engine.Job{Form: engine.FormCompiled, Args: args, Timeout: time.Second}, m, "")
		if !errors.Is(o.err, engine.ErrTimeout) {
			t.Errorf("%q: %+v", args, o)
		}
	}
}

// TestSmallThreads: a user's limit of stacks does not turn a guest's overflow into
// the end of the engine.
func TestSmallThreads(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nulimit -s 256 || exit 1\nexec '"+self(t)+"' \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	deep := hold(t, wat(t, `(module (func $f (export "_start") call $f))`))
	for _, stack := range []int64{0, maxStack} {
		_, err := engine.Child{Executable: script}.Run(t.Context(), engine.Job{MaxStack: stack}, deep)
		wantKind(t, "an endless recursion", err, engine.Trap, "stack exhausted")
	}
}

// deepModule calls itself 20,000 times.
func deepModule(t *testing.T) []byte {
	t.Helper()
	return compiled(t, wat(t, `(module (func $f (param i32) (result i32)
		(if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0)) (else (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))))
		(func (export "_start") (drop (call $f (i32.const 20000)))))`))
}

// TestBrokenPipe: a guest whose output nobody reads ends as a native program does.
func TestBrokenPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	time.AfterFunc(300*time.Millisecond, func() { r.Close() })
	c := engine.Child{Executable: self(t), Stdout: w}
	res, err := c.Run(t.Context(), engine.Job{Form: engine.FormCompiled, Args: []string{"flood"}, Timeout: time.Minute}, hold(t, compiled(t, tool(t))))
	if err != nil || res.ExitCode != 141 {
		t.Errorf("code %d, err %v; want 141", res.ExitCode, err)
	}
}

// TestKeptAndKnown: what one run keeps, another uses.
func TestKeptAndKnown(t *testing.T) {
	m := tool(t)
	out, err := sealedmem.NewOutput("kept")
	if err != nil {
		t.Fatal(err)
	}
	c := engine.Child{Executable: self(t)}
	job := engine.Job{Args: []string{"exit", "5"}, Keep: out}
	res, err := c.Run(t.Context(), job, hold(t, m))
	if err != nil || res.ExitCode != 5 || res.Kept == 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	kept, err := out.Seal(t.Context(), 1<<30)
	if err != nil || kept.Size() != res.Kept {
		t.Fatalf("sealed %v bytes of %d, %v", kept, res.Kept, err)
	}
	for what, c := range map[string]struct {
		known *sealedmem.File
		again bool
	}{"known": {kept, false}, "of no use": {hold(t, []byte("garbage")), true}} {
		again, err := sealedmem.NewOutput("again")
		if err != nil {
			t.Fatal(err)
		}
		job.Keep, job.Known = again, c.known
		res, err := engine.Child{Executable: self(t)}.Run(t.Context(), job, hold(t, m))
		again.Discard()
		if err != nil || res.ExitCode != 5 || (res.Kept > 0) != c.again {
			t.Errorf("%s: %+v, %v", what, res, err)
		}
	}
}

// TestOnlyTheBytesMeant: what follows them in the file is not looked at.
func TestOnlyTheBytesMeant(t *testing.T) {
	for form, code := range forms(t, tool(t)) {
		job := engine.Job{Form: form, Args: []string{"exit", "4"}, Size: int64(len(code))}
		if o := run(t, t.Context(), job, append(slices.Clip(code), "trailer"...), ""); o.err != nil || o.ExitCode != 4 {
			t.Errorf("form %q: %+v", form, o)
		}
		job.Size += 8
		if o := run(t, t.Context(), job, append(slices.Clip(code), "trailer"...), ""); o.err == nil {
			t.Errorf("form %q: more bytes than there are", form)
		}
	}
}
