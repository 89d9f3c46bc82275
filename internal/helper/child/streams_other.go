// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package child

// ownStreams: the guest shares its streams with everybody who has them, and the
// parent puts their mode back in the end.
func ownStreams() {}
