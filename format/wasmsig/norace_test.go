// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package wasmsig

// raced: the race detector slows signatures down tenfold.
const raced = false
