// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxBlockBytes is the largest block file.
const MaxBlockBytes = 4 << 10

// Block is the user's own "never": of a key, a publisher or an artifact. No flag,
// pin or policy lifts it. The zero Block is invalid.
type Block struct {
	// What is a key's fingerprint ("key:…"), a publisher's id ("publisher:…") or an
	// artifact's digest ("sha256:…"): each a word, a colon and 64 lower-case
	// hexadecimal digits.
	What string
	// Reason is the user's own: one line that can be seen, at most 1024 bytes.
	Reason string
	// Added is when the user decided, kept to the second.
	Added time.Time
}

// CheckBlockable says why a text names nothing that can be blocked.
func CheckBlockable(what string) error {
	kind, hash, _ := strings.Cut(what, ":")
	switch kind {
	case blockKey, blockPublisher, blockArtifact:
		if isHash(hash) {
			return nil
		}
	}
	return fmt.Errorf("%q: want key:, publisher: or sha256: and 64 lower-case hexadecimal digits", what)
}

// The kinds of blocks.
const (
	blockKey       = "key"
	blockPublisher = "publisher"
	blockArtifact  = "sha256"
)

// blockName is the name of the file that blocks something: KIND-HEX.
func blockName(what string) string { return strings.Replace(what, ":", "-", 1) }

// blocked is what the file of a name blocks.
func blocked(name string) (what string, err error) {
	what = strings.Replace(name, "-", ":", 1)
	if CheckBlockable(what) != nil {
		return "", errors.New("its name is no block's: want key-HEX.block, publisher-HEX.block or sha256-HEX.block")
	}
	return what, nil
}

func (b *Block) check() error {
	if err := CheckBlockable(b.What); err != nil {
		return err
	}
	if err := checkText(b.Reason); err != nil {
		return fmt.Errorf("reason: %w", err)
	}
	if err := checkTime(b.Added); err != nil {
		return fmt.Errorf("%w when it was added", err)
	}
	return nil
}

// The fields of a block file, in their order, each once.
const (
	blockHeader = "sealwax block/v1"
	blockWhat   = "what"
	blockReason = "reason"
	blockAdded  = "added"
)

// ParseBlock reads a block file. Each block has one text, the one that
// [Block.Marshal] writes.
func ParseBlock(data []byte) (Block, error) {
	r, err := newFieldReader(data, blockHeader, MaxBlockBytes)
	if err != nil {
		return Block{}, err
	}
	var b Block
	err = r.fields([]fieldRow{
		{blockWhat, func(v string) error { b.What = v; return CheckBlockable(v) }},
		{blockReason, func(v string) error { b.Reason = v; return checkText(v) }},
		{blockAdded, func(v string) (err error) { b.Added, err = parseTime(v); return err }},
	})
	if err == nil {
		err = r.end()
	}
	if err == nil {
		err = b.check()
	}
	if err != nil {
		return Block{}, err
	}
	return b, nil
}

// Marshal writes the block's file: docs/formats/pin.md.
func (b *Block) Marshal() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("writing a block: %w", err)
	}
	return fmt.Appendf(nil, "%s\n%s: %s\n%s: %s\n%s: %s\n", blockHeader,
		blockWhat, b.What, blockReason, b.Reason, blockAdded, formatTime(b.Added)), nil
}
