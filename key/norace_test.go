// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package key

const raceEnabled = false
