// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

// What the tests outside the package look at.
const (
	BlockSize  = blockSize
	BlockCount = blockCount
)

// FullMatch is fullMatch.
var FullMatch = fullMatch

// DeniedUncovered is the list of names that never stay uncovered.
func DeniedUncovered() []string { return deniedUncovered }
