// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package guest

import (
	"context"
	"math"

	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// withLinearMemory has the engine take linear memory from address space that is
// reserved once. Growing then needs no second copy of what is there, which
// would double what a guest near its limit takes.
func withLinearMemory(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(reserve))
}

func reserve(_, most uint64) experimental.LinearMemory {
	if most > math.MaxInt {
		return &linear{}
	}
	m, err := unix.Mmap(-1, 0, int(max(most, pageSize)), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|noReserve)
	if err != nil {
		return &linear{}
	}
	return &linear{all: m}
}

// linear is reserved address space of which the first part can be used.
type linear struct {
	all  []byte
	used uint64
}

// Reallocate makes the first size bytes usable, or returns nil.
func (l *linear) Reallocate(size uint64) []byte {
	if size > uint64(len(l.all)) {
		return nil
	}
	if size > l.used {
		if err := unix.Mprotect(l.all[:size], unix.PROT_READ|unix.PROT_WRITE); err != nil {
			return nil
		}
		l.used = size
	}
	return l.all[:size:size]
}

// Free gives the address space back.
func (l *linear) Free() {
	if l.all != nil {
		_ = unix.Munmap(l.all)
	}
	l.all, l.used = nil, 0
}
