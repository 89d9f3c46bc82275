// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// writeOut writes to the output that a child inherits.
func writeOut(s string) {
	if _, err := os.NewFile(6, "").WriteString(s); err != nil {
		os.Exit(1)
	}
}

func said(size int64) helper.Compiled {
	return helper.Compiled{Size: size, Target: "t", CPU: "baseline", OptLevel: "speed"}
}

// compilerRoles are children that compile, or do not.
var compilerRoles = map[string]func() int{
	"compiler": func() int {
		h := hello()
		h.EngineVersion, h.Binding, h.Library = "1.2.3", "v1", "1.2.3-lib"
		speak(h)
		writeOut("code")
		c := said(4)
		c.Features = []string{"+a"}
		return speak(c)
	},
	"exaggerator": func() int { speak(hello()); writeOut("code"); return speak(said(5)) },
	"translator":  func() int { speak(hello()); writeOut("code"); return speak(helper.Translated{Size: 4}) },
	"runner":      func() int { return speak(hello(), helper.Started{}, helper.Exited{}) },
	"keeper":      func() int { return speak(hello(), helper.Kept{Size: 4}, helper.Started{}, helper.Exited{}) },
	"twice": func() int {
		return speak(hello(), helper.Kept{Size: 4}, helper.Kept{Size: 4}, helper.Started{}, helper.Exited{})
	},
	"late": func() int { return speak(hello(), helper.Started{}, helper.Kept{Size: 4}, helper.Exited{}) },
	"aborter": func() int {
		speak(hello())
		_, _ = os.NewFile(4, "").WriteString("\nthread '<unnamed>' (7) panicked at engine.rs:37:38:\nno such setting\nstack backtrace:\n")
		return 134
	},
	"starved": func() int {
		speak(hello())
		_, _ = os.NewFile(4, "").WriteString("memory allocation of 8388608 bytes failed\n")
		return 134
	},
	"writer": func() int {
		speak(hello())
		if err := syscall.Ftruncate(6, MaxCompiled+1); err != nil {
			return 1
		}
		time.Sleep(time.Hour)
		return 0
	},
}

func TestCompile(t *testing.T) {
	c, err := Child{Executable: role(t, "compiler")}.Compile(t.Context(), CompileJob{}, held(t, spinModule()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Code.Close()
	code, err := io.ReadAll(io.NewSectionReader(c.Code, 0, c.Code.Size()))
	if err != nil || string(code) != "code" {
		t.Errorf("%q, %v", code, err)
	}
	want := Compiled{
		Code: c.Code, Target: "t", CPU: "baseline", Features: c.Features, OptLevel: "speed",
		Engine: "fake", EngineVersion: "1.2.3", Binding: "v1", Library: "1.2.3-lib",
	}
	if strings.Join(c.Features, " ") != "+a" || c.Target != want.Target || c.EngineVersion != want.EngineVersion ||
		c.Binding != want.Binding || c.Library != want.Library || c.Engine != want.Engine || c.CPU != want.CPU || c.OptLevel != want.OptLevel {
		t.Errorf("%+v, want %+v", c, want)
	}
}

func TestCompilersThatMisbehave(t *testing.T) {
	for as, words := range map[string]string{
		"exaggerator": "announced",
		"translator":  "announced",
		"runner":      "out of turn",
		"keeper":      "out of turn",
		"silent":      "without a word",
		"aborter":     "no such setting",
	} {
		_, err := Child{Executable: role(t, as)}.Compile(t.Context(), CompileJob{}, held(t, spinModule()))
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", as, err, words)
		}
		if _, err := (Child{Executable: role(t, as)}).Translate(t.Context(), held(t, nil)); err == nil && as != "translator" {
			t.Errorf("%s: translated", as)
		}
	}
	for as, want := range map[string]error{"starved": ErrMemory, "writer": ErrTooLarge} {
		_, err := Child{Executable: role(t, as)}.Compile(t.Context(), CompileJob{}, held(t, spinModule()))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", as, err, want)
		}
	}
}

// TestTheBuiltInEngineOnlyRuns modules.
func TestTheBuiltInEngineOnlyRuns(t *testing.T) {
	c := Child{Executable: engineExe(t)}
	_, err := c.Compile(t.Context(), CompileJob{}, held(t, spinModule()))
	wantKind(t, "compile", outcome{err: err}, NotRunnable, "ahead of time")
	_, err = c.Translate(t.Context(), held(t, []byte("(module)")))
	wantKind(t, "translate", outcome{err: err}, NotRunnable, "text")
	wantKind(t, "compiled code", try(t, Job{Form: FormCompiled}, spinModule(), ""), NotRunnable, "compiled")
	wantKind(t, "a stack", try(t, Job{MaxStack: 1 << 20}, spinModule(), ""), NotRunnable, "stack")
}

func TestOnlyTheBytesMeant(t *testing.T) {
	m := exiting("\x07")
	job := Job{Size: int64(len(m))}
	if o := try(t, job, append(m, "trailer"...), ""); o.err != nil || o.ExitCode != 7 {
		t.Errorf("%+v", o)
	}
	job.Size += 100
	wantKind(t, "more than there is", try(t, job, append(m, "trailer"...), ""), Internal, "are meant")
}

func TestKept(t *testing.T) {
	run := func(as string, keep bool) (Result, error) {
		var job Job
		if keep {
			out, err := sealedmem.NewOutput("kept")
			if err != nil {
				t.Fatal(err)
			}
			defer out.Discard()
			job.Keep = out
		}
		return Child{Executable: role(t, as)}.Run(t.Context(), job, held(t, spinModule()))
	}
	if res, err := run("keeper", true); err != nil || res.Kept != 4 {
		t.Errorf("%+v, %v", res, err)
	}
	for as, keep := range map[string]bool{"keeper": false, "twice": true, "late": true} {
		_, err := run(as, keep)
		wantKind(t, as, outcome{err: err}, Internal, "out of turn")
	}
	_, err := Child{Executable: role(t, "keeper")}.Run(t.Context(), Job{Known: held(t, nil)}, held(t, spinModule()))
	if err == nil {
		t.Error("a known form without a place to keep a new one")
	}
}

func TestHello(t *testing.T) {
	who, err := Child{Executable: engineExe(t)}.Hello(t.Context())
	if err != nil || who.Name != "sealwax" || who.Engine != "wazero" || who.EngineVersion == "" {
		t.Errorf("%+v, %v", who, err)
	}
	for as, words := range map[string]string{"silent": "without a word", "stranger": "sealwax-helper/2", "rude": "no greeting"} {
		if _, err := (Child{Executable: role(t, as)}).Hello(t.Context()); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", as, err)
		}
	}
	if _, err := (Child{Executable: filepath.Join(t.TempDir(), "absent")}).Hello(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestWasmtime compiles and runs with the real helper.
func TestWasmtime(t *testing.T) {
	dir := peers.Wasmtime(t)
	path, err := Find(Wasmtime, inPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	c := Child{Executable: path}
	code, err := c.Compile(t.Context(), CompileJob{Imports: []string{"wasi_snapshot_preview1.*"}}, held(t, exiting("\x07")))
	if err != nil {
		t.Fatal(err)
	}
	defer code.Code.Close()
	res, err := c.Run(t.Context(), Job{Form: FormCompiled}, code.Code)
	if err != nil || res.ExitCode != 7 || res.EngineVersion != code.EngineVersion {
		t.Errorf("%+v, %v", res, err)
	}
}
