// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package key

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/scrypt"
)

// ErrCostly is wrapped when a key file asks for more memory or time to check a
// password than any tool writes. It is returned before either is spent.
var ErrCostly = errors.New("the key file asks for an unreasonable amount of work")

// Bounds of what opening a key file may cost.
const (
	// maxScryptLogN allows the 1 GiB of memory that minisign's own keys need.
	maxScryptLogN = 20
	// maxBcryptRounds is 16 times what ssh-keygen writes.
	maxBcryptRounds = 256
	// scryptR is the only block size that libsodium's parameters lead to.
	scryptR = 8
)

// Cost of the keys that are written here: libsodium's parameter choice turns
// this pair into N = 2^17, r = 8, p = 1, which takes 128 MiB.
const (
	newOpsLimit = 1 << 22
	newMemLimit = 1 << 27
)

// scryptCost are the parameters of scrypt (RFC 7914 section 2), with r = 8.
type scryptCost struct {
	logN uint
	p    uint64
}

// scryptCostOf turns the two limits that a minisign key file stores into scrypt's
// parameters, as libsodium does.
func scryptCostOf(ops, mem uint64) scryptCost {
	ops = max(ops, 32768)
	if ops < mem/32 {
		return scryptCost{logN: logAbove(ops / 32 / 2), p: 1}
	}
	logN := logAbove(mem / 1024 / 2)
	return scryptCost{logN: logN, p: min(0x3fffffff, (ops/4)>>logN) / scryptR}
}

// logAbove is the smallest n >= 1 with 2^n > limit, at most 63.
func logAbove(limit uint64) uint {
	n := uint(1)
	for n < 63 && uint64(1)<<n <= limit {
		n++
	}
	return n
}

// check refuses what no minisign tool writes: all of them arrive at p = 1, and
// none goes above N = 2^20.
func (c scryptCost) check() error {
	if c.logN > maxScryptLogN || c.p != 1 {
		return fmt.Errorf("%w: scrypt with N = 2^%d, r = %d, p = %d; the most that is allowed is N = 2^%d, p = 1",
			ErrCostly, c.logN, scryptR, c.p, maxScryptLogN)
	}
	return nil
}

// xorScrypt encrypts or decrypts box in place under the password, with the salt
// and limits of a minisign key file's header.
func xorScrypt(box, password, salt []byte, ops, mem uint64) error {
	cost := scryptCostOf(ops, mem)
	if err := cost.check(); err != nil {
		return err
	}
	stream, err := scrypt.Key(password, salt, 1<<cost.logN, scryptR, int(cost.p), len(box))
	if err != nil {
		return fmt.Errorf("scrypt: %w", err)
	}
	for i := range box {
		box[i] ^= stream[i]
	}
	clear(stream)
	return nil
}

// le64 is the little-endian number that minisign stores.
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
