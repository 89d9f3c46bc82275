// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package engine

// peak is not told here.
func (p *running) peak() int64 { return unknown }

// memory cannot be told here; the child keeps its own limits.
func (p *running) memory() int64 { return unknown }
