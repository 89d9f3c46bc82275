// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sealwax/sealwax/internal/sealedmem"
)

// image is what the system executes or links: the held bytes themselves, or where
// those cannot be executed a private copy of them.
type image struct {
	file *os.File // sealed memory, owned by who held it; nil where there is a path
	path string   // of the copy
	dir  string   // the private folder around the copy
}

// What a private copy is called, by which the process that becomes it knows it.
const (
	privatePrefix = "sealwax-" // of the folder
	privateName   = "program"
)

// newImage makes held executable.
func newImage(ctx context.Context, held *sealedmem.File) (*image, error) {
	if canExecute(held) {
		return &image{file: held.OSFile()}, nil
	}
	return privateCopy(ctx, held)
}

// privateCopy writes held to a file that this user alone can reach: mode 0700, in
// a folder of mode 0700 that is made for it.
func privateCopy(ctx context.Context, held *sealedmem.File) (_ *image, err error) {
	dir, err := os.MkdirTemp("", privatePrefix+"*")
	if err != nil {
		return nil, err
	}
	im := &image{dir: dir, path: filepath.Join(dir, privateName)}
	defer func() {
		if err != nil {
			im.close()
		}
	}()
	if runtime.GOOS == "windows" {
		im.path += ".exe" // it starts nothing that is called otherwise
	}
	f, err := os.OpenFile(im.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, &contextReader{ctx, io.NewSectionReader(held, 0, held.Size())})
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("copying it: %w", err)
	}
	return im, nil
}

func (im *image) close() {
	if im.dir != "" {
		os.RemoveAll(im.dir)
	}
}

// contextReader ends a long copy when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
