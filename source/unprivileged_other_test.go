// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package source_test

import (
	"os"
	"testing"
)

// asUser does something as a user whom permissions bind.
func asUser(t *testing.T, do func()) {
	t.Helper()
	if os.Getuid() <= 0 {
		t.Skip("permissions bind nobody here")
	}
	do()
}
