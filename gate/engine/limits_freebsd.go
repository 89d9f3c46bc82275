// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import "syscall"

// dieWithParent has the kernel kill the child when its parent ends.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// keepPrivate does nothing here: there is no one call that does it.
func keepPrivate() {}
