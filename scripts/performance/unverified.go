// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os"

	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// unverified starts compiled code that nobody vouches for, through the helper, as
// the run gate does after it has verified. It is what verifying is measured
// against, and nothing that anybody should do.
func unverified(helper, path string, args []string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	ctx := context.Background()
	code, err := sealedmem.Copy(ctx, path, f, engine.MaxModule)
	if err != nil {
		return 0, err
	}
	defer func() { _ = code.Close() }()
	child := engine.Child{Executable: helper, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	result, err := child.Run(ctx, engine.Job{Name: path, Args: args, Form: engine.FormCompiled}, code)
	return result.ExitCode, err
}

// write makes a file of what can be read.
func write(path string, from io.Reader) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}
