// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package wasmtime is the engine behind the helper sealwax-wasmtime: it compiles
// WebAssembly modules ahead of time, and runs modules and what was compiled. It
// speaks the helper protocol, in a child process, because the library that it
// binds ends the process when it is given a setting that it does not know.
//
// It decides nothing. What it is given to run has been verified, and compiled code
// is run as it is: whoever hands it over answers for it.
package wasmtime
