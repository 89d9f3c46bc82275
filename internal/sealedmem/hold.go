// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealedmem

import "os"

// hold is content that is still being written. Exactly one of seal and discard
// ends it.
type hold struct {
	writer   *os.File
	seal     func() (*File, error)
	discard  func()
	sealable bool // seal binds whoever else has the file open
}
