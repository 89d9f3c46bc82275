// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package wasmsig reads and writes WebAssembly module signatures: a custom
// section called "signature" at the front of a module or component, or the same
// bytes in a file beside it. docs/formats/wasmsig.md is the format as held here.
//
// A signature covers hashes of everything behind the signature section, as raw
// bytes: nothing is ever encoded again, so a module is signed as its compiler
// wrote it. Delimiter sections divide a module into parts; a signature covers
// leading parts, and by default only one that reaches the last byte counts.
//
// A signature covers neither the preamble nor its own key id. The first is made
// good by holding the sections to the kind that the preamble names, the second
// by taking the id for a hint.
package wasmsig
