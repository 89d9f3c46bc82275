// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package sealedmem holds the bytes of an artifact so that nobody can change
// them any more, not even the process that holds them.
//
// On Linux the bytes live in an anonymous memory file that is sealed against
// writing, growing, shrinking and against further seals. Elsewhere they live in
// a private file that has no name (or, on Windows, that no other process can
// open) and is only held through a read-only descriptor. The bytes are sealed
// before anybody hashes them, so that what is hashed is what is used.
package sealedmem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// ErrTooLarge reports that a source holds more bytes than the limit given to
// [Copy]. The bytes read so far have been dropped.
var ErrTooLarge = errors.New("content is larger than the limit")

// copyChunk is how much is read at once, and between two looks at the context:
// large enough for few calls, small enough for the processor's cache.
const copyChunk = 128 << 10

// File is content that cannot change any more. The zero File holds nothing and
// every read from it fails. A File may be read from several goroutines.
type File struct {
	f      *os.File
	size   int64
	sealed bool
}

// Copy reads r to its end into a new File and seals it. name appears in error
// messages and in the operating system's listings only. More than limit bytes
// are refused with [ErrTooLarge]. The caller closes the File.
func Copy(ctx context.Context, name string, r io.Reader, limit int64) (*File, error) {
	return copyTo(ctx, newHold, name, r, limit)
}

// CopyExecutable is [Copy] into a File that the system may execute, where it has
// sealed memory: [File.Sealed] tells. Elsewhere the File is a private one as any.
func CopyExecutable(ctx context.Context, name string, r io.Reader, limit int64) (*File, error) {
	return copyTo(ctx, newExecutableHold, name, r, limit)
}

func copyTo(ctx context.Context, make func(string) (*hold, error), name string, r io.Reader, limit int64) (*File, error) {
	h, err := make(name)
	if err != nil {
		return nil, fmt.Errorf("holding %q: %w", name, err)
	}
	n, err := fill(ctx, h.writer, r, limit)
	if err != nil {
		h.discard()
		return nil, fmt.Errorf("holding %q: %w", name, err)
	}
	f, err := h.seal()
	if err != nil {
		h.discard()
		return nil, fmt.Errorf("sealing %q: %w", name, err)
	}
	f.size = n
	return f, nil
}

// fill copies r into w, at most limit bytes.
func fill(ctx context.Context, w io.Writer, r io.Reader, limit int64) (int64, error) {
	// One byte more than the limit tells a source that is too long from one that
	// fits exactly.
	if limit < math.MaxInt64 {
		r = io.LimitReader(r, limit+1)
	}
	var total int64
	chunk := make([]byte, copyChunk)
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := r.Read(chunk)
		if _, werr := w.Write(chunk[:n]); werr != nil {
			return total, werr
		}
		total += int64(n)
		if total > limit {
			return total, fmt.Errorf("%w (%d bytes)", ErrTooLarge, limit)
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// Size is the number of bytes held.
func (f *File) Size() int64 { return f.size }

// Sealed reports whether the operating system itself forbids every change, as
// it does for a Linux memory file. Otherwise the content is private, not sealed.
func (f *File) Sealed() bool { return f.sealed }

// ReadAt reads as [io.ReaderAt] demands; it never moves a shared file position.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	return f.f.ReadAt(p, off)
}

// OSFile is the open file behind the content, for a child process to inherit.
// It stays owned by f: do not close it, and do not rely on its position.
func (f *File) OSFile() *os.File { return f.f }

// Close lets the content go; a private copy vanishes with it.
func (f *File) Close() error {
	return f.f.Close()
}
