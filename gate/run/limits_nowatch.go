// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows && !linux

package run

// memory cannot be told here; the child keeps its own limits.
func (p *process) memory() int64 { return unknown }
