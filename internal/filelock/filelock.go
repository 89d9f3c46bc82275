// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package filelock is an advisory lock between processes, and between parts of
// one: whoever holds the lock on a file is alone among those who ask. The system
// lets go of it when its holder dies, however that happens.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Lock is a lock that is held. One goroutine uses it.
type Lock struct{ f *os.File }

// The pauses between two tries: the first, and the longest.
const (
	firstPause   = time.Millisecond
	longestPause = 50 * time.Millisecond
)

// errHeld says that somebody else has the lock.
var errHeld = errors.New("another process holds the lock")

// Acquire takes the exclusive lock on the file at path, which it makes (0600) if
// need be, and waits until ctx is done for whoever holds it. The file is never
// removed: a lock on a file that has lost its name locks nothing.
// A symbolic link at path is refused.
func Acquire(ctx context.Context, path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	if err := wait(ctx, f); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return &Lock{f}, nil
}

// wait tries again and again: the systems' own waiting calls cannot be
// interrupted by a context.
func wait(ctx context.Context, f *os.File) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := tryLock(f)
		if !errors.Is(err, errHeld) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", err, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// Release lets go of the lock. A second time it does nothing.
func (l *Lock) Release() error {
	if l.f == nil {
		return nil
	}
	err := l.f.Close() // closing the only descriptor releases the lock
	l.f = nil
	return err
}
