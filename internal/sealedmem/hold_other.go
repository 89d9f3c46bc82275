// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package sealedmem

// newHold makes a private file: this system has no sealed memory.
func newHold(string) (*hold, error) { return newPrivateHold() }

// newExecutableHold makes a private file. It has no name and no right to be
// executed: who wants to, copies it.
func newExecutableHold(string) (*hold, error) { return newPrivateHold() }
