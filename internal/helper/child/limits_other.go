// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package child

import (
	"runtime/debug"

	"github.com/sealwax/sealwax/internal/helper"
)

// applyLimits asks the runtime to stay below its share. The parent holds the
// child as a whole where this system can.
func applyLimits(l helper.Limits) error {
	debug.SetMemoryLimit(l.Total - l.Linear)
	return nil
}
