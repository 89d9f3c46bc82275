// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows && !linux && !freebsd

package engine

import "syscall"

// dieWithParent does nothing here: the child notices the end of its pipe.
func dieWithParent(*syscall.SysProcAttr) {}

// keepPrivate does nothing here: there is no one call that does it.
func keepPrivate() {}
