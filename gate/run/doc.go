// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package run is the gate in front of everything that runs: it verifies a
// WebAssembly module, the native code made from one, a native program or a shared
// object, and has those very bytes executed in a child process, or linked, or it
// does not start anything.
//
// Gate runs modules and compiled code in an engine, ExecGate programs, and
// ObjectGate opens shared objects for the dynamic linker.
package run
