// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/internal/helper"
)

func memory(t *testing.T, content string) *os.File {
	t.Helper()
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "test")
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestSealedPath: only what can never change any more has a path.
func TestSealedPath(t *testing.T) {
	plain, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	open, half, whole := memory(t, "code"), memory(t, "code"), memory(t, "code")
	if _, err := unix.FcntlInt(half.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW); err != nil {
		t.Fatal(err)
	}
	if err := seal(whole); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*os.File{"none": nil, "a file": plain, "memory": open, "memory of one size": half} {
		if path, ok := (&Guest{module: f}).SealedPath(); ok {
			t.Errorf("%s has the path %s", name, path)
		}
	}
	path, ok := (&Guest{module: whole}).SealedPath()
	if got, err := os.ReadFile(path); !ok || string(got) != "code" {
		t.Errorf("%q: %q, %v", path, got, err)
	}
}

// TestBytesOf: what is meant of compiled code, and never more than is there.
func TestBytesOf(t *testing.T) {
	f := memory(t, "code and more")
	for size, want := range map[int64]string{0: "code and more", 4: "code", 13: "code and more"} {
		got, err := bytesOf(f, helper.Job{Form: helper.Native, Size: size})
		if string(got) != want || err != nil {
			t.Errorf("%d: %q, %v", size, got, err)
		}
	}
	if got, err := bytesOf(f, helper.Job{Form: helper.Native, Size: 14}); err == nil {
		t.Errorf("%q of bytes that are not there", got)
	}
}
