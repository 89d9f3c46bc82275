// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sealwax/sealwax/internal/helper"
)

// TestEndOfThePipeEndsTheChild: where no kernel does it, the child notices that
// its parent is gone.
func TestEndOfThePipeEndsTheChild(t *testing.T) {
	for _, early := range []bool{true, false} {
		p, err := Child{Executable: engineExe(t)}.start(files{module: held(t, spinModule())})
		if err != nil {
			t.Fatal(err)
		}
		if !early {
			msg, err := Job{}.message(0)
			if err != nil {
				t.Fatal(err)
			}
			r := helper.NewReader(p.events, helper.MaxEvent)
			_, helloErr := p.greet(r)
			sendErr := helper.Write(p.commands, msg)
			m, startErr := r.Next()
			if _, ok := m.(helper.Started); !ok {
				t.Fatal(m, helloErr, sendErr, startErr)
			}
		}
		p.commands.Close()
		select {
		case <-p.exited:
		case <-time.After(10 * time.Second):
			t.Errorf("early %v: the child is still there", early)
			p.kill()
		}
		p.close()
	}
}

// Roles that the test binary plays as a child or as a parent.
var roles = map[string]func() int{
	"eater":     eater,
	"silent":    func() int { return 0 },
	"stranger":  func() int { return speak(helper.Hello{Protocol: "sealwax-helper/2", Name: "x", Engine: "y"}) },
	"leaver":    leaver,
	"mute":      func() int { time.Sleep(time.Hour); return 0 },
	"hasty":     func() int { return speak(hello(), helper.Exited{}) },
	"confused":  func() int { return speak(hello(), helper.Started{}, hello()) },
	"rude":      func() int { return speak(helper.Started{}) },
	"chatterer": chatterer,
	"quitter":   func() int { return speak(hello(), helper.Started{}) },
	"parent":    parent,
	// Children that keep what they must not.
	"late-keeper": func() int { return keepAs(helper.Started{}, helper.Kept{Size: 4}, helper.Exited{}) },
	"twice-keeper": func() int {
		return keepAs(helper.Kept{Size: 4}, helper.Kept{Size: 4}, helper.Started{}, helper.Exited{})
	},
	"short-keeper": func() int { return keepAs(helper.Kept{Size: 3}, helper.Started{}, helper.Exited{}) },
	"good-keeper":  func() int { return keepAs(helper.Kept{Size: 4}, helper.Started{}, helper.Exited{}) },

	"struck-int":  func() int { return killMyself(syscall.SIGINT) },
	"struck-term": func() int { return killMyself(syscall.SIGTERM) },
	"struck-kill": func() int { return killMyself(syscall.SIGKILL) },
}

func hello() helper.Hello {
	return helper.Hello{Protocol: helper.Protocol, Name: "fake", Engine: "fake"}
}

// speak sends messages as a child would.
func speak(messages ...helper.Message) int {
	for _, m := range messages {
		if err := helper.Write(os.NewFile(4, ""), m); err != nil {
			return 1
		}
	}
	return 0
}

// leaver goes, and leaves somebody behind who holds the pipe that the parent reads.
func leaver() int {
	cmd := exec.Command("/bin/sleep", "20")
	cmd.ExtraFiles = []*os.File{os.NewFile(4, "")}
	if err := cmd.Start(); err != nil {
		return 1
	}
	return 0
}

func chatterer() int {
	speak(hello())
	os.NewFile(4, "").WriteString("thread 'main' panicked\x1b[31m\n")
	return 101
}

func TestOutOfMemory(t *testing.T) {
	for text, want := range map[string]bool{
		"runtime: out of memory: cannot allocate 8192-byte block\nfatal error: out of memory":                        true,
		"fatal error: runtime: cannot allocate memory":                                                               true,
		"SIGSEGV: segmentation violation\n\t/usr/local/go/src/runtime/mgcmark_greenteagc.go:520 +0x5d":               true,
		"SIGSEGV: segmentation violation\n\t/usr/local/go/src/runtime/malloc.go:1 +0x5d":                             true,
		"SIGSEGV: segmentation violation\n\t/usr/local/go/src/runtime/mheap.go:1 +0x5d":                              true,
		"memory allocation of 8388608 bytes failed\n":                                                                true,
		"SIGSEGV: segmentation violation\nsignal arrived during cgo execution\n\t/usr/local/go/src/runtime/mgc.go:1": false,
		"SIGSEGV: segmentation violation\n\tmain.go:1":                                                               false,
		"panic: nil\n\t/usr/local/go/src/runtime/mgc.go:1":                                                           false,
		"": false,
	} {
		if got := outOfMemory(text); got != want {
			t.Errorf("outOfMemory(%q) = %v", text, got)
		}
	}
}

func TestChildrenThatMisbehave(t *testing.T) {
	for as, words := range map[string]string{
		"silent":    "without a word",
		"leaver":    "without a word",
		"stranger":  "sealwax-helper/2",
		"hasty":     "before it started",
		"confused":  "out of turn",
		"rude":      "no greeting",
		"chatterer": "panicked",
		"quitter":   "without a word",
	} {
		o := tryWith(t, t.Context(), role(t, as), Job{}, spinModule(), "")
		wantKind(t, as, o, Internal, words)
	}
	o := tryWith(t, t.Context(), role(t, "mute"), Job{Timeout: 300 * time.Millisecond}, spinModule(), "")
	if !errors.Is(o.err, ErrTimeout) {
		t.Errorf("mute: %v, want ErrTimeout", o.err)
	}
	if o := tryWith(t, t.Context(), filepath.Join(t.TempDir(), "absent"), Job{}, spinModule(), ""); !errors.Is(o.err, os.ErrNotExist) {
		t.Errorf("an absent executable: %v", o.err)
	}
}

// TestAdmit: an engine that is not admitted gets no job, and why is the answer.
func TestAdmit(t *testing.T) {
	errOther := errors.New("another engine")
	var asked Identity
	c := Child{Executable: engineExe(t), Admit: func(i Identity) error { asked = i; return errOther }}
	_, err := c.Run(t.Context(), Job{}, held(t, spinModule()))
	if !errors.Is(err, errOther) || asked.Engine != "wazero" || asked.EngineVersion == "" {
		t.Errorf("%v, of %+v", err, asked)
	}
}
