// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package guest

import "context"

// withLinearMemory leaves linear memory to the engine.
func withLinearMemory(ctx context.Context) context.Context { return ctx }
