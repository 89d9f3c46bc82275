// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package compile is the gate in front of a compiler: it verifies a WebAssembly
// module, or the text of one, and has those very bytes compiled in a child
// process, or it compiles nothing. What comes of it is signed, with a statement of
// what it was made from and with the signatures on that, so that whoever runs it
// can hold both to their own policy ([Gate], [Passed.Make]).
//
// It also makes compiled code again from its source ([Gate.Rebuild]): equal bytes
// prove what the compiler's key only states.
package compile
