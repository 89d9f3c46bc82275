// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package child

import "os"

// seal does nothing: this system has no sealed memory. Closing the file has to do,
// because it has no name.
func seal(*os.File) error { return nil }

// sealed: this system has no sealed memory.
func sealed(*os.File) bool { return false }
