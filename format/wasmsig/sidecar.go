// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import "github.com/sealwax/sealwax"

// Extension is the usual ending of a detached signature's name.
const Extension = ".wasmsig"

var _ sealwax.Sidecar = Format{}

// Extension is [Extension].
func (Format) Extension() string { return Extension }

// Recognise reports whether data is a whole payload.
func (Format) Recognise(data []byte) bool {
	_, err := Parse(data)
	return err == nil
}

// Holds reports whether a is a WebAssembly module or component.
func (Format) Holds(a *sealwax.Artifact) bool { return binary(a) }
