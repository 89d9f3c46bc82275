// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import "github.com/sealwax/sealwax/gate/engine/internal/guest"

// ChildMain is the other half of [Child]: what a program does, and nothing else,
// when its first argument is [ChildArgument]. args are the arguments that follow.
// The result is the process's exit code.
//
//	if len(os.Args) > 1 && os.Args[1] == engine.ChildArgument {
//		os.Exit(engine.ChildMain(os.Args[2:]))
//	}
func ChildMain(args []string) int { return guest.Main(args) }
