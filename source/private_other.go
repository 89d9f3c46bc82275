// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package source

import "os"

// nonBlocking is nothing here: no file's opening waits.
const nonBlocking = 0

// privateFile is not to be had where open files cannot lose their name: the
// caller uses package sealedmem's private file instead.
func privateFile() (*os.File, error) { return nil, nil }
