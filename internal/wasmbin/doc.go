// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package wasmbin knows where the sections of a WebAssembly binary begin and
// end, in core modules and in components. It speaks of raw byte ranges: nothing
// is decoded beyond a section's header and nothing is ever encoded again, so
// what is hashed or copied is what was in the file.
//
// Three things are kept apart. The framing ([Framer] over a stream, [Walk] over
// random access) says where sections are. [Fit] says whether sections are those
// of the kind that the preamble names. What sections mean is nobody's business
// here.
package wasmbin
