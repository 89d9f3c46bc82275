// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/peers"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/source"
)

// The object says who it is when it is linked, before anybody calls it, as
// constructors can; and the host links what its argument names, and calls it.
const (
	objectC = `
extern long write(int, const void *, unsigned long);
__attribute__((constructor)) static void hello(void) { write(1, "linked " WHO "\n", sizeof "linked " WHO "\n" - 1); }
int answer(void) { return 42; }
`
	hostC = `
extern void *dlopen(const char *, int);
extern void *dlsym(void *, const char *);
int main(int argc, char **argv) {
	void *object = dlopen(argv[1], 2);
	if (!object) return 1;
	int (*answer)(void) = (int (*)(void))dlsym(object, "answer");
	return answer ? answer() : 2;
}
`
)

// objects are two shared objects and a program that links one.
type objects struct {
	good, evil []byte
	host       string
}

func buildObjects(t *testing.T) objects {
	t.Helper()
	clang, dir := peers.Look(t, "clang"), t.TempDir()
	build := func(source string, args ...string) string {
		out := filepath.Join(dir, fmt.Sprintf("out%d", len(args))+strings.Join(args, ""))
		cmd := exec.Command(clang, append(args, "-x", "c", "-", "-o", out, "-ldl")...)
		cmd.Stdin = strings.NewReader(source)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return out
	}
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	return objects{
		good: read(build(objectC, "-shared", "-fPIC", `-DWHO="good"`)),
		evil: read(build(objectC, "-shared", "-fPIC", `-DWHO="evil"`)),
		host: build(hostC),
	}
}

// link has the host link an object's path, which on Linux is a descriptor of this
// process, and gives what was said and answered.
func (o objects) link(t *testing.T, path string) (said string, answer int) {
	t.Helper()
	path = strings.Replace(path, "/proc/self/", fmt.Sprintf("/proc/%d/", os.Getpid()), 1)
	out, err := exec.Command(o.host, path).Output()
	exited := (*exec.ExitError)(nil)
	if !errors.As(err, &exited) {
		t.Fatalf("%v, %s", err, out)
	}
	return string(out), exited.ExitCode()
}

func TestObject(t *testing.T) {
	o := buildObjects(t)
	g := ObjectGate{Demands: ask(known(), nativeOnly())}
	a := held(t, "plugin.so", signProgram(t, o.good, compiler()))
	object, report, err := g.Open(t.Context(), a)
	if err != nil || report.Verdict != sealwax.Allow {
		t.Fatal(report.Verdict, err)
	}
	a.Close() // the object does not depend on it
	if said, answer := o.link(t, object.Path()); said != "linked good\n" || answer != 42 {
		t.Errorf("%q, %d", said, answer)
	}
	if err := object.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(object.Path()); err == nil {
		t.Error("it is still there")
	}
	if err := object.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
}

// TestObjectIsNoStream: where a stream is closed, the object does not become it.
func TestObjectIsNoStream(t *testing.T) {
	a := held(t, "plugin.so", signProgram(t, elf(0, "an object"), compiler()))
	stdin, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(stdin)
	if err := unix.Close(0); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Dup2(stdin, 0); err != nil {
			t.Error(err)
		}
	}()
	g := ObjectGate{Demands: ask(known(), nativeOnly())}
	object, _, err := g.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	if strings.HasSuffix(object.Path(), "/fd/0") {
		t.Errorf("it is %s", object.Path())
	}
}

// TestObjectRefuses: unsigned, patched, by others: there is nothing to link.
func TestObjectRefuses(t *testing.T) {
	good := elf(0, "an object")
	whole := signProgram(t, good, compiler())
	patched := append([]byte{}, whole...)
	patched[len(good)-1] ^= 1
	for name, data := range map[string][]byte{
		"unsigned": good, "patched": patched, "a stranger's": signProgram(t, good, stranger()), "of another role": signProgram(t, good, maker()),
		"cut": whole[:len(whole)-1], "compiled code": signCode(t, cwasm("code"), compiledBy{}), "a script": []byte("#!/bin/sh\n"),
	} {
		kept := 0
		g := ObjectGate{Demands: ask(known(), nativeOnly()), Record: func(r *sealwax.Report) error { kept++; return nil }}
		object, report, err := g.Open(t.Context(), held(t, "plugin.so", data))
		denied := (*sealwax.DeniedError)(nil)
		if object != nil || !errors.As(err, &denied) || report.Verdict != sealwax.Deny || kept != 1 {
			t.Errorf("%s: %v, %v, kept %d times", name, object, err, kept)
		}
		for _, f := range report.Findings {
			if strings.Contains(f.Message, "exec") {
				t.Errorf("%s: words of another door: %s", name, f.Message)
			}
		}
	}
	errFull := errors.New("the disk is full")
	g := ObjectGate{Demands: ask(known(), nativeOnly()), Record: func(*sealwax.Report) error { return errFull }}
	if object, _, err := g.Open(t.Context(), held(t, "plugin.so", whole)); object != nil || !errors.Is(err, errFull) {
		t.Errorf("what cannot be kept: %v, %v", object, err)
	}
	g.Record = nil
	if object, _, err := g.Open(t.Context(), sealwaxtest.Bytes("plugin.so", whole)); object != nil || !errors.Is(err, ErrNotHeld) {
		t.Errorf("what is not held: %v, %v", object, err)
	}
}

// TestSwappedObject: what is linked is what was verified, although the file is
// exchanged each time in between.
func TestSwappedObject(t *testing.T) {
	o := buildObjects(t)
	renew, swap := swapper(t, signProgram(t, o.good, compiler()), signProgram(t, o.evil, stranger()))
	g := ObjectGate{Demands: ask(known(), nativeOnly())}
	for i := range swaps {
		a, err := source.Open(t.Context(), renew(), source.Options{Holding: source.SealedExecutable})
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := g.Open(t.Context(), a)
		a.Close()
		if err != nil {
			t.Fatal(i, err)
		}
		swap()
		if said, answer := o.link(t, object.Path()); said != "linked good\n" || answer != 42 {
			t.Fatalf("%d: %q, %d", i, said, answer)
		}
		object.Close()
		exchanged, err := source.Open(t.Context(), a.Name(), source.Options{Holding: source.SealedExecutable})
		if err != nil {
			t.Fatal(err)
		}
		if object, _, err := g.Open(t.Context(), exchanged); err == nil || object != nil {
			t.Fatalf("%d: the exchanged file was opened", i)
		}
		exchanged.Close()
	}
}

// TestObjectCannotChange: what Path names cannot be written to, or is reachable for
// this user alone.
func TestObjectCannotChange(t *testing.T) {
	g := ObjectGate{Demands: ask(known(), nativeOnly())}
	data := signProgram(t, elf(0, "an object"), compiler())
	object, _, err := g.Open(t.Context(), held(t, "plugin.so", data))
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	if f, err := os.OpenFile(object.Path(), os.O_RDWR, 0); err == nil {
		if _, err := f.WriteAt([]byte("X"), 0); err == nil && strings.HasPrefix(object.Path(), "/proc/") {
			t.Error("it could be written to")
		}
		f.Close()
	}
	f, err := os.Open(object.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(io.NewSectionReader(f, 0, int64(len(data)))); err != nil || string(got) != string(data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestPreload: a program that the dynamic linker loads gets nothing in by the
// environment, and would have without the gate.
func TestPreload(t *testing.T) {
	o := buildObjects(t)
	evil := filepath.Join(t.TempDir(), "evil.so")
	if err := os.WriteFile(evil, o.evil, 0o700); err != nil {
		t.Fatal(err)
	}
	host, err := os.ReadFile(o.host)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"LD_PRELOAD=" + evil}
	open := exec.Command(o.host, "/nowhere")
	open.Env = env
	if out, _ := open.Output(); string(out) != "linked evil\n" {
		t.Fatalf("without the gate: %q", out)
	}
	got := execute(t, held(t, "host", signProgram(t, host, compiler())), Program{Args: []string{"/nowhere"}, Env: env}, "")
	if got.err != nil || got.ExitCode != 1 || got.out != "" {
		t.Errorf("%+v", got)
	}
}
