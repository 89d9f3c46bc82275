// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package filelock

import (
	"errors"
	"fmt"
	"os"
)

const noFollow = 0

// tryLock fails: writing without a lock might lose what another process writes.
func tryLock(*os.File) error {
	return fmt.Errorf("this system has no locks that we know: %w", errors.ErrUnsupported)
}
