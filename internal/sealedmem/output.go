// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealedmem

import (
	"context"
	"fmt"
	"io"
	"os"
)

// Output is content that a child process writes and that is sealed when the
// child is gone, before anybody hashes it. Exactly one of [Output.Seal] and
// [Output.Discard] ends it.
type Output struct {
	h    *hold
	name string
}

// NewOutput makes an empty Output. name appears in error messages and in the
// operating system's listings only.
func NewOutput(name string) (*Output, error) {
	h, err := newHold(name)
	if err != nil {
		return nil, fmt.Errorf("holding %q: %w", name, err)
	}
	return &Output{h: h, name: name}, nil
}

// OSFile is the open file to write to, for a child process to inherit. It stays
// owned by o: do not close it.
func (o *Output) OSFile() *os.File { return o.h.writer }

// Size is the number of bytes written so far.
func (o *Output) Size() (int64, error) {
	st, err := o.h.writer.Stat()
	if err != nil {
		return 0, fmt.Errorf("asking for the length of %q: %w", o.name, err)
	}
	return st.Size(), nil
}

// Discard lets the content go.
func (o *Output) Discard() { o.h.discard() }

// Seal forbids every further change and gives what was written. More than limit
// bytes are refused with [ErrTooLarge]. A memory file is sealed in place, against
// everybody who has it still open; elsewhere the bytes are copied, because
// whoever wrote them could go on.
func (o *Output) Seal(ctx context.Context, limit int64) (*File, error) {
	if !o.h.sealable {
		defer o.h.discard()
		return Copy(ctx, o.name, io.NewSectionReader(o.h.writer, 0, 1<<62), limit)
	}
	f, err := o.h.seal()
	if err != nil {
		o.h.discard()
		return nil, fmt.Errorf("sealing %q: %w", o.name, err)
	}
	st, err := f.f.Stat()
	if err == nil && st.Size() > limit {
		err = fmt.Errorf("%w (%d bytes)", ErrTooLarge, limit)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("sealing %q: %w", o.name, err)
	}
	f.size = st.Size()
	return f, nil
}
