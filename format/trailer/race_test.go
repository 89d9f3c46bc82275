// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package trailer_test

// raced: the race detector slows signatures down tenfold.
const raced = true
