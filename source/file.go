// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// Holding says how an artifact's bytes are kept between being judged and being
// used.
type Holding int

const (
	// Streamed reads regular files from the one descriptor they were opened on,
	// for artifacts that are only judged. What is no regular file is held.
	Streamed Holding = iota
	// Held copies the bytes to a private unlinked file first, for artifacts
	// that will be emitted or unpacked.
	Held
	// Sealed copies them to sealed memory first, for artifacts that will run.
	Sealed
	// SealedExecutable is Sealed, and lets the operating system execute the
	// memory, for programs and shared objects.
	SealedExecutable
)

// Stdin is the path that stands for the standard input.
const Stdin = "-"

// Options are how to open an artifact. The zero value streams a file.
type Options struct {
	Holding Holding
	// Signatures are paths of detached signatures, besides those found by name.
	Signatures []string
	// Listing, if set, lists the names in a folder instead of reading it anew:
	// for callers that open many artifacts of one folder.
	Listing func(dir string) ([]string, error)
	// Stdin is read for the path "-", the artifact's or one signature's. Nil is
	// an empty stream.
	Stdin io.Reader
	// Name is what a stream is called; empty is [sealwax.Nameless]. Files are
	// called by their path.
	Name string
	// MaxSize refuses anything longer, in bytes; zero is no limit.
	MaxSize int64
}

// ErrIsDirectory is wrapped when a folder is given where one file is wanted.
var ErrIsDirectory = errors.New("it is a folder, not a file")

// ErrTooLarge is wrapped when an artifact is longer than Options.MaxSize.
var ErrTooLarge = errors.New("too large")

// Open opens the file at path once, or the standard input for "-". Everything
// that is later read, hashed, emitted or run comes from what was opened here.
// Explicit signatures that cannot be read are an error now.
func Open(ctx context.Context, path string, o Options) (*sealwax.Artifact, error) {
	if o.Stdin == nil {
		o.Stdin = eof{}
	}
	explicit, err := readSignatures(path, o)
	if err != nil {
		return nil, err
	}
	content, err := open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	name := path
	if path == Stdin {
		if name = o.Name; name == "" {
			name = sealwax.Nameless
		}
	}
	a, err := sealwax.NewArtifact(name, content, companions(path, o, explicit))
	if err != nil {
		_ = content.Close()
		return nil, err
	}
	return a, nil
}

func open(ctx context.Context, path string, o Options) (sealwax.Content, error) {
	if path == Stdin {
		return hold(ctx, "standard input", o.Stdin, o)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	if info.IsDir() {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, ErrIsDirectory)
	}
	if o.MaxSize > 0 && info.Mode().IsRegular() && info.Size() > o.MaxSize {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w: %d bytes, and at most %d are taken", path, ErrTooLarge, info.Size(), o.MaxSize)
	}
	// A file that says it is empty may be one that does not know its size, as in
	// /proc: it is held, which reads it to its end.
	if o.Holding == Streamed && info.Mode().IsRegular() && info.Size() > 0 {
		return &file{File: f, size: info.Size()}, nil
	}
	defer func() { _ = f.Close() }()
	return hold(ctx, path, f, o)
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// file is an open regular file of the size that it had when it was opened.
type file struct {
	*os.File
	size int64
}

// Size is the size at the time of opening.
func (f *file) Size() int64 { return f.size }

// hold copies a stream to where nobody else can reach it.
func hold(ctx context.Context, name string, r io.Reader, o Options) (sealwax.Content, error) {
	r = &interruptible{ctx: ctx, r: r}
	limit := o.MaxSize
	if limit <= 0 {
		limit = 1 << 62
	}
	var f *os.File
	if o.Holding != Sealed && o.Holding != SealedExecutable {
		var err error
		if f, err = privateFile(); err != nil {
			return nil, fmt.Errorf("holding %s: %w", name, err)
		}
	}
	if f == nil {
		seal := sealedmem.Copy
		if o.Holding == SealedExecutable {
			seal = sealedmem.CopyExecutable
		}
		c, err := seal(ctx, name, r, limit)
		if errors.Is(err, sealedmem.ErrTooLarge) {
			err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
		}
		return c, err
	}
	n, err := io.Copy(f, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("holding %s: %w", name, err)
	}
	return &file{File: f, size: n}, nil
}

// interruptible ends a long copy when the context does.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
