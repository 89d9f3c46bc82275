// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package guest

// noReserve has no counterpart that every Unix knows.
const noReserve = 0
