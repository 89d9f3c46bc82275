// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/trust/publisher"
)

// MaxEvidence is the largest number of files of evidence: whoever can make forks
// must not fill the disk with them.
const MaxEvidence = 300

const noteExt = ".txt"

// forked is why a chain that contradicts the stored one is refused. at is the
// number of the first document in which they differ.
func forked(at int, stored, offered *publisher.Chain) *sealwax.CodedError {
	return &sealwax.CodedError{
		Code: sealwax.CodePublisherFork, Final: true,
		Err: fmt.Errorf("two documents %d are signed by its keys: stored is %s, and offered is %s; ask the publisher",
			at, digestAt(stored, at), digestAt(offered, at)),
	}
}

// fork refuses such a chain, and keeps both.
func (s *Store) fork(ctx context.Context, name string, at int, stored, offered *publisher.Chain) error {
	refusal := forked(at, stored, offered)
	where, err := s.keep(ctx, name, at, stored, offered, refusal.Err)
	if err != nil {
		refusal.Err = fmt.Errorf("%w; they could not be kept as evidence: %w", refusal.Err, err)
	} else {
		refusal.Err = fmt.Errorf("%w; both are kept: %s", refusal.Err, where)
	}
	return refusal
}

// digestAt names the document in a place of a chain.
func digestAt(c *publisher.Chain, n int) string {
	upTo, err := c.Prefix(n + 1)
	if err != nil {
		return "none"
	}
	return upTo.HeadDigest()
}

// keep writes both chains and a note, and says where the note is.
func (s *Store) keep(ctx context.Context, name string, at int, stored, offered *publisher.Chain, why error) (string, error) {
	note := evidenceName(name, at, offered)
	files := []struct{ name, ext, text string }{
		{evidenceName(name, at, stored), chainExt, string(stored.Marshal())},
		{note, chainExt, string(offered.Marshal())},
		{note, noteExt, fmt.Sprintf("publisher %s (%s): %v\n", name, stored.ID(), why)},
	}
	err := s.evidence.change(ctx, func() error {
		there, err := s.evidence.readDir(MaxEvidence)
		if err != nil {
			return err
		}
		if len(there)+len(files) > MaxEvidence {
			return fmt.Errorf("%s holds %d files already", s.evidence.dir(), len(there))
		}
		for _, f := range files {
			err := s.evidence.create(f.name, f.ext, []byte(f.text))
			// What is there already was seen before.
			if err != nil && !errors.Is(err, atomicfile.ErrExists) { // mutate:skip it takes a disk that fails between two files
				return err
			}
		}
		return nil
	})
	return s.evidence.path(note, noteExt), err
}

// evidenceName is NAME-SEQ-HHHHHHHH: what differs, and the digest's beginning.
func evidenceName(name string, at int, c *publisher.Chain) string {
	return fmt.Sprintf("%s-%d-%.8s", name, at, strings.TrimPrefix(c.HeadDigest(), "sha256:"))
}
