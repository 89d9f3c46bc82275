// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import "github.com/sealwax/sealwax/internal/buildinfo"

// Version is the full version of the library that is linked in. The library
// cannot be asked; a test holds this to its header.
const Version = "44.0.0"

// Note is what a person should know about [Version].
const Note = "this is wasmtime " + Version + "; later patch releases of it exist: sealwax help native says what that means"

const bindingPath = "github.com/bytecodealliance/wasmtime-go/v44"

// Binding is the full version of the Go package that binds the library.
func Binding() string { return buildinfo.Module(bindingPath) }
