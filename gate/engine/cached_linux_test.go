// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// TestGuestCannotReachWhatIsKept: when the guest starts, what the engine handed
// over is sealed, and its process has no descriptor for it any more. It holds as
// well where nothing was handed over.
func TestGuestCannotReachWhatIsKept(t *testing.T) {
	var known *sealedmem.File
	for _, name := range []string{"compiled", "known"} {
		out, err := sealedmem.NewOutput("kept-by-test")
		if err != nil {
			t.Fatal(err)
		}
		p, kept := startedGuest(t, files{module: held(t, spinModule()), out: out, known: known})
		if (kept > 0) != (known == nil) {
			t.Errorf("%s: %d bytes were kept", name, kept)
		}
		for fd, to := range descriptorsOf(t, p.cmd.Process.Pid) {
			if strings.Contains(to, "kept-by-test") {
				t.Errorf("%s: descriptor %s leads to %s", name, fd, to)
			}
		}
		if known == nil {
			tryToChange(t, out.OSFile())
			if known, err = out.Seal(t.Context(), kept); err != nil || known.Size() != kept {
				t.Fatalf("%d bytes, %v; want %d", known.Size(), err, kept)
			}
			defer known.Close()
		} else {
			out.Discard()
		}
		p.kill()
		<-p.exited
		p.close()
	}
}

// startedGuest starts a guest by hand, and returns when it runs.
func startedGuest(t *testing.T, f files) (p *running, kept int64) {
	t.Helper()
	p, err := Child{Executable: engineExe(t)}.start(f)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := Job{}.message(0)
	if err != nil {
		t.Fatal(err)
	}
	r := helper.NewReader(p.events, helper.MaxEvent)
	if _, err := p.greet(r); err != nil {
		t.Fatal(err)
	}
	if err := helper.Write(p.commands, msg); err != nil {
		t.Fatal(err)
	}
	for {
		switch m, err := r.Next(); m := m.(type) {
		case helper.Kept:
			kept = m.Size
		case helper.Started:
			return p, kept
		default:
			t.Fatalf("%v, %v", m, err)
		}
	}
}

// descriptorsOf is where a process's descriptors lead.
func descriptorsOf(t *testing.T, pid int) map[string]string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	list, err := os.ReadDir(dir)
	if err != nil || len(list) < 5 {
		t.Fatalf("%d descriptors, %v", len(list), err)
	}
	out := map[string]string{}
	for _, e := range list {
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			out[e.Name()] = to
		}
	}
	return out
}

// tryToChange tries what a guest could that got out of its engine.
func tryToChange(t *testing.T, f *os.File) {
	t.Helper()
	again, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.WriteAt([]byte("evil"), 0); !errors.Is(err, unix.EPERM) {
		t.Errorf("writing: %v, want EPERM", err)
	}
	if err := again.Truncate(0); !errors.Is(err, unix.EPERM) {
		t.Errorf("shortening: %v, want EPERM", err)
	}
}
