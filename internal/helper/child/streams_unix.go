// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package child

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// brokenPipes tells when nobody reads the guest's output any more. The system
// would end a native program then. Guests know no signals, and one that does not
// look at what its writes return would go on for ever.
func brokenPipes() (broken <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGPIPE)
	return c, func() { signal.Stop(c) }
}
