// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/sealwax/sealwax/internal/atomicfile"
)

var (
	// ErrBlockExists is wrapped when something is blocked already.
	ErrBlockExists = errors.New("it is blocked already")
	// ErrNoBlock is wrapped when something to be unblocked is not blocked.
	ErrNoBlock = errors.New("it is not blocked")
)

const blockExt = ".block"

// AddBlock keeps a block. The error wraps [ErrBlockExists] if there is one already.
func (s *Store) AddBlock(ctx context.Context, b Block) error {
	data, err := b.Marshal()
	if err != nil {
		return err
	}
	err = s.blocks.change(ctx, func() error { return s.blocks.create(blockName(b.What), blockExt, data) })
	s.forget()
	if errors.Is(err, atomicfile.ErrExists) {
		err = ErrBlockExists
	}
	if err != nil {
		return fmt.Errorf("blocking %s: %w", b.What, err)
	}
	return nil
}

// RemoveBlock lifts a block, also one whose file is broken. The error wraps
// [ErrNoBlock] if there is none.
func (s *Store) RemoveBlock(ctx context.Context, what string) error {
	if err := CheckBlockable(what); err != nil {
		return err
	}
	name := blockName(what)
	if s.blocks.isMissing(name, blockExt) {
		return fmt.Errorf("unblocking %s: %w", what, ErrNoBlock)
	}
	err := s.blocks.change(ctx, func() error { return s.blocks.remove(name, blockExt) })
	s.forget()
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoBlock
	}
	if err != nil {
		return fmt.Errorf("unblocking %s: %w", what, err)
	}
	return nil
}

// Blocks reads all blocks, sorted by what they block. With an error it returns
// those that could be read. The error joins a [*FileError] for each file that is wrong.
func (s *Store) Blocks(ctx context.Context) ([]Block, error) { return s.blocksOf(ctx, "") }

// blocksOf reads the blocks whose file's name begins so.
func (s *Store) blocksOf(ctx context.Context, prefix string) ([]Block, error) {
	names, err := s.blocks.names(blockExt)
	if err != nil {
		return nil, err
	}
	var out []Block
	var wrong []error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading the blocks: %w", err)
		}
		_, misnamed := blocked(name)
		if misnamed == nil && !strings.HasPrefix(name, prefix) {
			continue
		}
		b, err := s.readBlock(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed since the folder was listed
		case err != nil:
			wrong = append(wrong, err)
		default:
			out = append(out, b)
		}
	}
	return out, errors.Join(wrong...)
}

func (s *Store) readBlock(name string) (Block, error) {
	path := s.blocks.path(name, blockExt)
	what, err := blocked(name)
	if err != nil {
		return Block{}, &FileError{path, err, "rename or remove the file"}
	}
	data, err := s.blocks.read(name, blockExt, MaxBlockBytes)
	if err != nil {
		return Block{}, err
	}
	b, err := ParseBlock(data)
	if err == nil && b.What != what {
		// What is blocked is looked up by the file's name.
		err = fmt.Errorf("it says that it blocks %s", b.What)
	}
	if err != nil {
		return Block{}, &FileError{path, err, "correct it, or remove it with: sealwax trust unblock " + what}
	}
	return b, nil
}

// BlockOf is the block of something, if there is one: a key's fingerprint, a
// publisher's id or an artifact's digest.
func (s *Store) BlockOf(_ context.Context, what string) (b Block, is bool, err error) {
	if s.blocks.base == "" {
		return Block{}, false, errNoFolder
	}
	if err := CheckBlockable(what); err != nil {
		return Block{}, false, err
	}
	if there, err := s.blocks.check(); !there {
		return Block{}, false, err
	}
	b, err = s.readBlock(blockName(what))
	if errors.Is(err, fs.ErrNotExist) {
		return Block{}, false, nil
	}
	return b, err == nil, err
}

// Void are the digests of the artifacts that are blocked, each with its reason,
// for [sealwax.Verifier.Void].
func (s *Store) Void(ctx context.Context) (map[string]string, error) {
	all, err := s.blocksOf(ctx, blockArtifact+"-")
	if err != nil {
		return nil, err
	}
	void := make(map[string]string, len(all))
	for _, b := range all {
		void[b.What] = b.Reason
	}
	return void, nil
}
