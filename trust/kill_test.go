// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package trust

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"time"
)

// TestKill kills a process that adds pins, at many moments: every pin that it
// reported is there, at most one more, and the store can be read and changed.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		prefix := string(rune('a' + i))
		c := adder(dir, prefix)
		pipe, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		before, err := openStore(dir).List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		out := bufio.NewReader(pipe)
		first, err := out.ReadString('\n') // it writes: a kill before that would show nothing
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(6*i) * time.Millisecond)
		_ = c.Process.Kill()
		rest, _ := io.ReadAll(out)
		_ = c.Wait()
		reported := strings.Count(first+string(rest), prefix+"-")
		after, err := openStore(dir).List(t.Context())
		if err != nil {
			t.Fatalf("after a kill: %v", err)
		}
		if grown := len(after) - len(before); grown != reported && grown != reported+1 {
			t.Errorf("%d reported, %d there", reported, grown)
		}
	}
	if err := openStore(dir).Add(t.Context(), testPin(t, "last", 1, "last")); err != nil {
		t.Error(err)
	}
}
