// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package child

import "os"

// brokenPipes: a write that nobody reads is an error to the guest here.
func brokenPipes() (broken <-chan os.Signal, stop func()) { return nil, func() {} }
