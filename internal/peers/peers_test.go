// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package peers

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// recorder is a test that only notes how it ends.
type recorder struct {
	testing.TB
	ended string
}

func (*recorder) Helper() {}

func (r *recorder) Fatalf(string, ...any) { r.ended = "failed"; runtime.Goexit() }

func (r *recorder) Skipf(string, ...any) { r.ended = "skipped"; runtime.Goexit() }

func end(do func(testing.TB)) string {
	r := &recorder{ended: "went on"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(r)
	}()
	<-done
	return r.ended
}

func TestMissing(t *testing.T) {
	absent := func(tb testing.TB) { Look(tb, "no-such-tool-anywhere") }
	for value, want := range map[string]string{"": "skipped", "optional": "skipped", "required": "failed"} {
		t.Setenv(Variable, value)
		if got := end(absent); got != want {
			t.Errorf("%s=%s: a missing peer %s, want %s", Variable, value, got, want)
		}
		if got := end(func(tb testing.TB) { Look(tb, "go") }); got != "went on" {
			t.Errorf("%s=%s: a present peer %s", Variable, value, got)
		}
	}
}

func TestWasmtime(t *testing.T) {
	for range 2 { // built, and found up to date
		dir := Wasmtime(t)
		out, err := exec.Command(filepath.Join(dir, "sealwax-wasmtime"), "version").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "wasmtime-go") {
			t.Errorf("%s: %v", out, err)
		}
	}
}
