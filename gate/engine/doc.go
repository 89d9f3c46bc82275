// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package engine starts engines in child processes: for running a guest, and for
// compiling. It decides nothing: a gate verifies first and hands the very bytes
// over, in a sealed memory file.
//
// A guest has real clocks and real randomness, and nothing else unless the
// [Job] gives it: no environment, no folders, no network. Limits are held from
// outside, so that a guest that spins or blocks is ended all the same.
package engine
