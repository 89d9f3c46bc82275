// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign

import "github.com/sealwax/sealwax"

var _ sealwax.Sidecar = Format{}

// Extension is [Extension].
func (Format) Extension() string { return Extension }

// Recognise reports whether data is a whole signature file.
func (Format) Recognise(data []byte) bool {
	_, err := Parse(data)
	return err == nil
}
