// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package run

import (
	"context"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/internal/sealedmem"
)

// newObject makes an Object that does not depend on held staying open.
func newObject(ctx context.Context, held *sealedmem.File) (*Object, error) {
	im, err := newImage(ctx, held)
	if err != nil {
		return nil, err
	}
	if im.file == nil {
		return &Object{path: im.path, close: func() error { im.close(); return nil }}, nil
	}
	const afterStreams = 3 // where a stream is closed, the object must not become it
	fd, err := unix.FcntlInt(im.file.Fd(), unix.F_DUPFD_CLOEXEC, afterStreams)
	if err != nil {
		return nil, err
	}
	own := os.NewFile(uintptr(fd), im.file.Name())
	return &Object{path: descriptorPath(uintptr(fd)), close: own.Close}, nil
}
