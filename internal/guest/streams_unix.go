// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package guest

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"github.com/sealwax/sealwax/internal/helper"
)

// brokenPipeCode is what a shell says of a program that died of SIGPIPE.
const brokenPipeCode = 128 + uint32(unix.SIGPIPE)

// endOnBrokenPipe ends the guest when nobody reads its output any more, as the
// system ends a native program. Guests know no signals, and one that does not
// look at what its writes return would go on for ever.
func endOnBrokenPipe(events *os.File) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, unix.SIGPIPE)
	go func() {
		<-broken
		_ = helper.Write(events, helper.Exited{Code: brokenPipeCode})
		os.Exit(usageCode)
	}()
}
