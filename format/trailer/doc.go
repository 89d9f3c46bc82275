// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package trailer reads and writes signatures at the end of native code: ELF and
// PE programs, shared objects, and what wasmtime compiles of WebAssembly.
//
//	original ‖ payload ‖ u32 payload length ‖ magic
//
// The payload is a prehashed minisign signature of the original whose trusted
// comment is a [Statement] of what the code is and what it was made from, and the
// signatures on that, which it carries along. Nothing of the code is parsed: the
// first eight bytes tell its kind, and the rest is hashed.
// docs/formats/trailer.md is the format, byte for byte.
package trailer
