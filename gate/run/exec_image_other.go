// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package run

import "github.com/sealwax/sealwax/internal/sealedmem"

// canExecute is false: this system has no sealed memory.
func canExecute(*sealedmem.File) bool { return false }

// sealedObject is asked for nothing: see canExecute.
func sealedObject(*image) (*Object, error) { return nil, ErrNotHeld }
