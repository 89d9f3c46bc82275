// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sync/atomic"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/term"
)

// longRead is from how many bytes on the one read gets a progress line: less is
// over before the line would appear.
const longRead = 64 << 20

// counter is a meter that only counts.
type counter struct{ n atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// follow shows how far the one read of an artifact is, until the function it
// returns is called. It must be called before the read.
func (a *app) follow(doing string, artifact *sealwax.Artifact) (stop func()) {
	if artifact.Size() < longRead {
		return func() {}
	}
	read := &counter{}
	artifact.Plan("progress", func() sealwax.Meter { return read })
	name := sealwax.Printable(artifact.Name())
	line := term.StartProgress(a.err, a.getenv, func() string {
		return fmt.Sprintf("%s %s: %d %% of %d MiB", doing, name, 100*read.n.Load()/artifact.Size(), artifact.Size()>>20)
	})
	return line.Stop
}
