// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package key

// raceEnabled leaves out what takes a gigabyte of memory: the race detector
// multiplies it.
const raceEnabled = true
