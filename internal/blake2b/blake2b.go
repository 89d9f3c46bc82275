// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package blake2b is BLAKE2b-512 without a key (RFC 7693), which minisign hashes
// files with. It is plain Go with its rounds written out: on current processors
// that is a third faster than the vector code of the usual library, and verifying
// a large file is nothing but hashing. See decision 0010.
package blake2b

import (
	"encoding/binary"
	"hash"
)

// Sizes in bytes.
const (
	Size      = 64  // of a digest
	BlockSize = 128 // of what is compressed at once
)

// lastBlock marks the last block (RFC 7693 section 3.2: "v[14] := v[14] ^ 0xFF..FF").
const lastBlock = 1<<64 - 1

// digest holds back the last block, full or not: only the end of the message
// tells that it is the last.
type digest struct {
	h      [8]uint64
	length uint64 // bytes compressed; 2^64 of them are out of reach
	block  [BlockSize]byte
	n      int // bytes in block
}

// New512 is a new BLAKE2b-512. Its Write never fails.
func New512() hash.Hash {
	d := &digest{}
	d.Reset()
	return d
}

func (d *digest) Reset() {
	// RFC 7693 section 2.5: "p[0] = 0x0101kknn", without a key and with 64 bytes.
	const parameters = 0x01010000 ^ Size
	*d = digest{h: [8]uint64{iv0 ^ parameters, iv1, iv2, iv3, iv4, iv5, iv6, iv7}}
}

func (d *digest) Size() int      { return Size }
func (d *digest) BlockSize() int { return BlockSize }

func (d *digest) Write(p []byte) (int, error) {
	written := len(p)
	if d.n > 0 {
		took := copy(d.block[d.n:], p)
		d.n += took
		p = p[took:]
		if len(p) == 0 {
			return written, nil // a full block may be the last one
		}
		d.length = compress(&d.h, d.block[:], d.length, 0)
		d.n = 0
	}
	if whole := (len(p) - 1) / BlockSize * BlockSize; whole > 0 {
		d.length = compress(&d.h, p[:whole], d.length, 0)
		p = p[whole:]
	}
	d.n = copy(d.block[:], p)
	return written, nil
}

// Sum appends the digest of what was written so far, and changes nothing.
func (d *digest) Sum(b []byte) []byte {
	h, block := d.h, d.block
	clear(block[d.n:])
	compressOne(&h, &block, d.length+uint64(d.n), lastBlock) //nolint:gosec // n is at most a block
	for _, v := range h {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}
