// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guestfs

import "testing"

// makeFIFO: there are no FIFOs in folders here, and the attacks on one fail
// because it is absent.
func makeFIFO(*testing.T, string) {}
