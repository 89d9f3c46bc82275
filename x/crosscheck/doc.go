// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package crosscheck holds sealwax to other people's implementations of what it
// implements: whatever sealwax accepts they accept, and whatever sound they make
// sealwax accepts. It is tests only, and a module of its own so that nobody who
// uses sealwax gets the oracles.
package crosscheck
