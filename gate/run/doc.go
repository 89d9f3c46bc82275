// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package run is the gate in front of an engine: it verifies a WebAssembly
// module, or the native code made from one, and has those very bytes executed in
// a child process, or it does not start anything.
package run
