// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package trust

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestIndexIsAPipe: nobody waits for a pipe's other end.
func TestIndexIsAPipe(t *testing.T) {
	_, dir := crowded(t)
	if err := os.MkdirAll(dir+"-state", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir+"-state", "index"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask(t, openStore(dir), 7, "p07")
}
