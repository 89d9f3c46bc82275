// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/gate/engine"
)

// TestStreamsAreNotShared: whether the user's pipes block is not changed, neither
// while a guest runs nor afterwards. Programs that Go compiles try to change it.
func TestStreamsAreNotShared(t *testing.T) {
	in, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer inW.Close()
	out, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	// Asked once: Fd itself makes a file block.
	streams := map[string]uintptr{"input": in.Fd(), "output": outW.Fd()}
	blocking := func(when string) {
		t.Helper()
		for name, fd := range streams {
			flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
			if err != nil || flags&unix.O_NONBLOCK != 0 {
				t.Errorf("%s: the %s has flags %#x, %v", when, name, flags, err)
			}
		}
	}
	blocking("before")
	code := hold(t, compiled(t, module(t, builtGo)))
	done := make(chan error, 1)
	go func() {
		c := engine.Child{Executable: self(t), Stdin: in, Stdout: outW}
		_, err := c.Run(t.Context(), engine.Job{Form: engine.FormCompiled, Args: []string{"read"}}, code)
		done <- err
	}()
	buf := make([]byte, 6)
	if _, err := io.ReadFull(out, buf); err != nil || string(buf) != "ready\n" {
		t.Fatalf("%q %v", buf, err)
	}
	blocking("while the guest runs")
	inW.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	blocking("after")
}
