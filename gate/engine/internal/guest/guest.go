// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package guest is the built-in engine (wazero) behind the helper protocol. It
// trusts its parent for what to run and with what, and the guest for nothing.
package guest

import (
	"context"

	"github.com/sealwax/sealwax/internal/buildinfo"
	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
)

// Main is the whole life of the child process; see [child.Main].
func Main(args []string) int { return child.Main(Built{}, args) }

// Built is the engine that is linked in.
type Built struct{}

// Identity is who it is.
func (Built) Identity() helper.Hello {
	return helper.Hello{Name: "sealwax", Engine: Engine, EngineVersion: buildinfo.Module(enginePath)}
}

// Run runs a module. Compiled code, and a stack of another size, are not for this
// engine.
func (Built) Run(ctx context.Context, g *child.Guest) (uint32, error) {
	switch {
	case g.Job.Form == helper.Native:
		return 0, child.Failf(helper.NotRunnable, "this engine runs modules, not compiled code")
	case g.Job.MaxStack != 0:
		return 0, child.Failf(helper.NotRunnable, "the size of the stack cannot be chosen with this engine")
	}
	return execute(ctx, g)
}
