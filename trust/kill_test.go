// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package trust

import (
	"bytes"
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
		var out bytes.Buffer
		c.Stdout = &out
		before, err := OpenStore(dir).List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(10+6*i) * time.Millisecond)
		_ = c.Process.Kill()
		_ = c.Wait()
		reported := strings.Count(out.String(), prefix+"-")
		after, err := OpenStore(dir).List(t.Context())
		if err != nil {
			t.Fatalf("after a kill: %v", err)
		}
		if grown := len(after) - len(before); grown != reported && grown != reported+1 {
			t.Errorf("%d reported, %d there", reported, grown)
		}
	}
	if err := OpenStore(dir).Add(t.Context(), testPin(t, "last", 1, "last")); err != nil {
		t.Error(err)
	}
}
