// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwaxtest

import (
	"bytes"
	"context"
	"io"

	"github.com/sealwax/sealwax"
)

// Content is an artifact's content in memory. Closing it does nothing.
func Content(data []byte) sealwax.Content {
	return memory{bytes.NewReader(data)}
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// Bytes is an artifact in memory with companions beside it.
func Bytes(name string, data []byte, companions ...sealwax.Companion) *sealwax.Artifact {
	return From(name, Content(data), companions...)
}

// From is an artifact of any content with companions beside it. It panics if
// the first bytes of the content cannot be read.
func From(name string, content sealwax.Content, companions ...sealwax.Companion) *sealwax.Artifact {
	a, err := sealwax.NewArtifact(name, content, func(context.Context) ([]sealwax.Companion, error) {
		return companions, nil
	})
	if err != nil {
		panic(err)
	}
	return a
}

// Synthetic is content of any size that takes no memory: the byte at an offset
// depends on the offset and the seed alone. It never looks like WebAssembly.
func Synthetic(size int64, seed byte) sealwax.Content {
	return synthetic{size, seed}
}

type synthetic struct {
	size int64
	seed byte
}

func (s synthetic) Size() int64  { return s.size }
func (s synthetic) Close() error { return nil }

func (s synthetic) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), s.size-off))
	for i := range p[:n] {
		at := off + int64(i)
		p[i] = byte(at) ^ byte(at>>8) ^ byte(at>>16) ^ s.seed | 1
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
