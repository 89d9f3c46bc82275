// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// The child is what package engine starts in its tests: nothing but the engine. It
// is built apart because the race detector makes compiling modules slow.
package main

import (
	"os"

	"github.com/sealwax/sealwax/gate/engine/internal/guest"
)

func main() { os.Exit(guest.Main(os.Args[2:])) }
