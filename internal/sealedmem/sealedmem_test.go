// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealedmem

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestCopyHoldsTheBytes(t *testing.T) {
	want := bytes.Repeat([]byte("wax"), 700_000)
	f, err := Copy(t.Context(), "m\x00od ule.wasm", bytes.NewReader(want), int64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("read back %d bytes, err %v; want %d equal bytes", len(got), err, len(want))
	}
	if f.Sealed() != (runtime.GOOS == "linux") {
		t.Errorf("Sealed() = %v on %s", f.Sealed(), runtime.GOOS)
	}
}

func TestCopyRefusesMoreThanTheLimit(t *testing.T) {
	for _, limit := range []int64{0, 1, 9} {
		_, err := Copy(t.Context(), "x", bytes.NewReader(make([]byte, 10)), limit)
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("limit %d: err = %v, want ErrTooLarge", limit, err)
		}
	}
	if _, err := Copy(t.Context(), "x", bytes.NewReader(nil), -1); err == nil {
		t.Error("a negative limit was accepted")
	}
}

func TestCopyStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Copy(ctx, "x", endless{}, 1<<40); !errors.Is(err, context.Canceled) {
		t.Fatalf("err = %v, want context.Canceled", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestSealedContentCannotChange tries every way to change held bytes.
func TestSealedContentCannotChange(t *testing.T) {
	private := func(t *testing.T) *File {
		h, err := newPrivateHold()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.writer.WriteString("original"); err != nil {
			t.Fatal(err)
		}
		f, err := h.seal()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	copied := func(t *testing.T) *File {
		f, err := Copy(t.Context(), "x", bytes.NewReader([]byte("original")), 100)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if runtime.GOOS == "windows" {
		t.Skip("the copy is private, not sealed, on Windows")
	}
	for name, open := range map[string]func(*testing.T) *File{"copied": copied, "private": private} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			defer f.Close()
			o := f.OSFile()
			if _, err := o.WriteAt([]byte("X"), 0); err == nil {
				t.Error("a byte was overwritten")
			}
			if err := o.Truncate(3); err == nil {
				t.Error("the content was shortened")
			}
			if err := o.Truncate(30); err == nil {
				t.Error("the content was lengthened")
			}
			got := make([]byte, 8)
			if _, err := f.ReadAt(got, 0); err != nil || string(got) != "original" {
				t.Errorf("content is now %q, err %v", got, err)
			}
		})
	}
}

func TestPrivateCopyHasNoName(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a Windows copy has a name that nobody can open")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	h, err := newPrivateHold()
	if err != nil {
		t.Fatal(err)
	}
	defer h.discard()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("the temporary folder holds %v, err %v", left, err)
	}
}

func TestZeroFileReadsNothing(t *testing.T) {
	var f File
	if _, err := f.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("the zero File could be read")
	}
	if err := f.Close(); err == nil {
		t.Error("the zero File could be closed")
	}
}

// TestFillSaysWhatCouldNotBeWritten: a full disk must not pass for an empty file.
func TestFillSaysWhatCouldNotBeWritten(t *testing.T) {
	closed, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if _, err := fill(t.Context(), closed, bytes.NewReader([]byte("x")), 10); !errors.Is(err, os.ErrClosed) {
		t.Errorf("err = %v, want the writer's", err)
	}
}
