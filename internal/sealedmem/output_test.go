// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealedmem

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
)

// outputs are one in sealed memory where there is some, and one in a private file.
func outputs(t *testing.T) map[string]*Output {
	t.Helper()
	o, err := NewOutput("made")
	if err != nil {
		t.Fatal(err)
	}
	h, err := newPrivateHold()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*Output{"usual": o, "private": {h: h, name: "made"}}
}

func TestOutputIsSealed(t *testing.T) {
	for name, o := range outputs(t) {
		if _, err := o.OSFile().WriteAt([]byte("original"), 0); err != nil {
			t.Fatal(err)
		}
		if n, err := o.Size(); n != 8 || err != nil {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		writer := duplicate(t, o.OSFile())
		f, err := o.Seal(t.Context(), 8)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if f.Size() != 8 || f.Sealed() != (runtime.GOOS == "linux") {
			t.Errorf("%s: %d bytes, sealed %v", name, f.Size(), f.Sealed())
		}
		// Whoever wrote it may still have it open.
		_, _ = writer.WriteAt([]byte("X"), 0)
		_ = writer.Truncate(3)
		_, _ = f.OSFile().WriteAt([]byte("Y"), 0)
		got, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<20))
		if err != nil || string(got) != "original" {
			t.Errorf("%s: the content is now %q, %v", name, got, err)
		}
	}
}

func TestOutputHasALimit(t *testing.T) {
	for name, o := range outputs(t) {
		if _, err := o.OSFile().WriteAt([]byte("original"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Seal(t.Context(), 7); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
	}
}

func TestOutputDiscarded(t *testing.T) {
	for name, o := range outputs(t) {
		o.Discard()
		if _, err := o.OSFile().WriteAt([]byte("x"), 0); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: %v, want it closed", name, err)
		}
		if _, err := o.Size(); err == nil {
			t.Errorf("%s: a discarded output has a size", name)
		}
	}
}

func TestCopyExecutable(t *testing.T) {
	f, err := CopyExecutable(t.Context(), "x", bytes.NewReader([]byte("original")), 8)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil || string(got) != "original" || f.Sealed() != (runtime.GOOS == "linux") {
		t.Errorf("%q, sealed %v, %v", got, f.Sealed(), err)
	}
	if _, err := CopyExecutable(t.Context(), "x", bytes.NewReader([]byte("original")), 7); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
}
