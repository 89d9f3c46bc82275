// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import "regexp"

// What the tests outside the package look at.
const (
	BlockSize  = blockSize
	BlockCount = blockCount
	SmallBlock = smallBlock
	AheadFrom  = aheadFrom
)

// FullMatch asks wholeName.
func FullMatch(re *regexp.Regexp, s string) bool { return wholeName(re).MatchString(s) }

// DeniedUncovered is the list of names that never stay uncovered.
func DeniedUncovered() []string { return deniedUncovered }
