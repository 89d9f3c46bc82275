// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package guest

import (
	"testing"
	"unsafe"
)

// TestGrowingMovesNothing: linear memory grows in place and never beyond what
// was reserved.
func TestGrowingMovesNothing(t *testing.T) {
	m := reserve(0, 4*pageSize)
	defer m.Free()
	first := m.Reallocate(pageSize)
	if len(first) != pageSize {
		t.Fatalf("%d bytes", len(first))
	}
	first[0], first[pageSize-1] = 1, 2
	for _, pages := range []uint64{2, 4} {
		more := m.Reallocate(pages * pageSize)
		if uint64(len(more)) != pages*pageSize || unsafe.SliceData(more) != unsafe.SliceData(first) {
			t.Fatalf("%d pages: %d bytes, or they moved", pages, len(more))
		}
		if more[0] != 1 || more[pageSize-1] != 2 || more[len(more)-1] != 0 {
			t.Errorf("%d pages: the content changed", pages)
		}
	}
	if m.Reallocate(5*pageSize) != nil {
		t.Error("memory grew beyond what was reserved")
	}
	m.Free()
	if m.Reallocate(pageSize) != nil {
		t.Error("freed memory could be used")
	}
}

// TestNoMemoryIsNoPanic: a guest may have a memory without pages.
func TestNoMemoryIsNoPanic(t *testing.T) {
	m := reserve(0, 0)
	defer m.Free()
	if got := m.Reallocate(0); len(got) != 0 {
		t.Errorf("%d bytes", len(got))
	}
}
