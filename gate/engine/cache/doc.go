// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package cache keeps the compiled form of WebAssembly modules from one run to
// the next. Compiled code is arbitrary native code to whoever loads it, so every
// entry is authenticated with a key that only this user has, and an entry that is
// not as it was kept is as good as none: the module is compiled again.
//
// What the cache holds never decides anything. It is asked after a verdict of
// Allow about the module itself, and the key is no key of anybody's that a
// policy could speak of.
//
// One file holds one entry; docs/formats/compile-cache.md describes it byte for
// byte, docs/decisions/0022-compile-cache.md says why it is so.
package cache
