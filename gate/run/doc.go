// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package run is the gate in front of an engine: it verifies a WebAssembly
// module and executes those very bytes, in a child process that gets them
// through a sealed memory file, or it does not start anything.
//
// The child has real clocks and real randomness, and nothing else unless the
// [Job] gives it: no environment, no folders, no network. Limits are held from
// outside, so that a guest that spins or blocks is ended all the same.
package run
