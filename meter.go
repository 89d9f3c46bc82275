// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
)

// Meter is something that sees every byte of an artifact once, in order: a hash,
// a section scanner, a streaming signature check. A Meter's Write never keeps p,
// and its own findings are asked of it afterwards: an error from Write ends the
// read and makes the verdict undecided, so a malformed artifact is not one.
type Meter = io.Writer

// The one read goes through a few large buffers: reading and metering overlap
// when the content is larger than one of them. Together they bound the memory
// of verifying any size.
const (
	blockSize  = 128 << 10
	blockCount = 8
	// Up to aheadFrom bytes are read in pieces of smallBlock, without a reader
	// that goes ahead.
	aheadFrom  = 8 << 20
	smallBlock = 32 << 10
)

// pass is the one read of an artifact: what was planned, and whether it is over.
type pass struct {
	mu     sync.Mutex
	meters map[string]Meter
	order  []string
	read   bool
	sums   Remembered // of an artifact whose bytes are gone
	late   int        // how often something was planned after the read
	err    error      // why the read failed; it is never tried again
}

// ErrReadBefore is wrapped when an artifact cannot be judged because it was read
// before all was planned that judging takes: open it anew, or call
// [Verifier.Prepare] before the read.
var ErrReadBefore = errors.New("the artifact was read before it was known what to look for")

// Plan asks that the one read feeds the meter that make returns. Two formats
// that plan the same id share one meter. It is called between finding and
// reading. What is planned after the read is never fed: [Artifact.Meter] does not
// give it out, and whoever needs it refuses.
func (a *Artifact) Plan(id string, make func() Meter) {
	p := a.pass
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.meters[id]; ok {
		return
	}
	if p.read || p.err != nil {
		p.late++
		return
	}
	if p.meters == nil {
		p.meters = map[string]Meter{}
	}
	p.meters[id] = make()
	p.order = append(p.order, id)
}

// latecomers is how often something was planned after the read.
func (a *Artifact) latecomers() int {
	a.pass.mu.Lock()
	defer a.pass.mu.Unlock()
	return a.pass.late
}

// Meter is the meter planned under id, once the read is over. It is nil if
// nothing was planned or the read has not happened: callers refuse then.
func (a *Artifact) Meter(id string) Meter {
	p := a.pass
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.read {
		return nil
	}
	return p.meters[id]
}

// PlanHash plans a hash under its name ("sha256", "blake2b-512"); [Artifact.Sum]
// gives its result.
func (a *Artifact) PlanHash(name string, make func() hash.Hash) {
	a.Plan("hash:"+name, func() Meter { return make() })
}

// PlanSHA256 plans the artifact's SHA-256. Reports show the digests that were
// planned; verifying plans those that its formats need and no more.
func (a *Artifact) PlanSHA256() { a.PlanHash("sha256", sha256.New) }

// Sum is the digest planned under name, or nil if there is none.
func (a *Artifact) Sum(name string) []byte {
	if a.IsRemembered() {
		return a.pass.sums[name]
	}
	h, ok := a.Meter("hash:" + name).(hash.Hash)
	if !ok {
		return nil
	}
	return h.Sum(nil)
}

// digests are the hashes that the read computed anyway, as "name" to hex.
func (a *Artifact) digests() map[string]string {
	out := map[string]string{}
	for _, id := range a.pass.order {
		const prefix = "hash:"
		if len(id) > len(prefix) && id[:len(prefix)] == prefix {
			if sum := a.Sum(id[len(prefix):]); sum != nil {
				out[id[len(prefix):]] = hex.EncodeToString(sum)
			}
		}
	}
	return out
}

// Read reads the content once, front to back, through every planned meter.
// A second call does nothing: there is one read. If it failed it stays failed:
// the meters have seen a part, and a second read would show it to them twice.
func (a *Artifact) Read(ctx context.Context) error {
	a.pass.mu.Lock()
	defer a.pass.mu.Unlock()
	if a.pass.read || a.pass.err != nil {
		return a.pass.err
	}
	if err := a.pump(ctx); err != nil {
		a.pass.err = fmt.Errorf("reading %s: %w", a.name, err)
		return a.pass.err
	}
	a.pass.read = true
	return nil
}

func (a *Artifact) pump(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	meters := make([]Meter, 0, len(a.pass.order))
	for _, id := range a.pass.order {
		meters = append(meters, a.pass.meters[id])
	}
	if len(meters) == 0 {
		return nil
	}
	meters = append(meters, &headCheck{want: a.head})
	pump := a.pumpLarge
	if a.Size() <= aheadFrom { // mutate:skip only speed depends on it
		pump = a.pumpSmall
	}
	if err := pump(ctx, meters); err != nil {
		return err
	}
	return a.ended()
}

// ended holds the content to its size: a file that is longer than it said, or
// that grew, was not read whole.
func (a *Artifact) ended() error {
	var one [1]byte
	switch n, err := a.content.ReadAt(one[:], a.Size()); {
	case n > 0:
		return errGrew
	case err != nil && !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// headCheck is a meter that holds the read to the first bytes that were seen
// when the artifact was made: its kind was told from them.
type headCheck struct {
	want string
	seen int
}

func (h *headCheck) Write(p []byte) (int, error) {
	n := min(len(h.want)-h.seen, len(p))
	if string(p[:n]) != h.want[h.seen:h.seen+n] {
		return 0, errChanged
	}
	h.seen += n
	return len(p), nil
}

// pumpSmall needs no second goroutine: start-up counts for small files, and of
// many files that are read at once each keeps a core busy by itself.
func (a *Artifact) pumpSmall(ctx context.Context, meters []Meter) error {
	buf := make([]byte, min(a.Size(), smallBlock))
	for off := int64(0); off < a.Size(); off += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		buf = buf[:min(int64(len(buf)), a.Size()-off)]
		if err := readFull(a.content, buf, off); err != nil {
			return err
		}
		if err := feed(meters, buf); err != nil {
			return err
		}
	}
	return nil
}

// What a file that is only verified can do under our hands.
var (
	errShrunk  = errors.New("it became shorter while it was read")
	errGrew    = errors.New("it is longer than it said, or grew while it was read")
	errChanged = errors.New("it changed while it was read")
)

func readFull(r io.ReaderAt, buf []byte, off int64) error {
	n, err := r.ReadAt(buf, off)
	if n == len(buf) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return errShrunk
	}
	return err
}

func feed(meters []Meter, p []byte) error {
	for _, m := range meters {
		if _, err := m.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// pumpLarge reads ahead in one goroutine and meters in this one.
func (a *Artifact) pumpLarge(ctx context.Context, meters []Meter) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	free := make(chan []byte, blockCount)
	full := make(chan []byte, blockCount)
	for range min(blockCount, (a.Size()+blockSize-1)/blockSize) {
		free <- make([]byte, blockSize)
	}
	var readErr error // set before full is closed, read after
	go func() {
		defer close(full)
		readErr = a.readAhead(ctx, free, full)
	}()
	for block := range full {
		if err := feed(meters, block); err != nil {
			stop()
			for range full { // let the reader end: the content may be closed next
			}
			return err
		}
		free <- block[:cap(block)]
	}
	return readErr
}

func (a *Artifact) readAhead(ctx context.Context, free <-chan []byte, full chan<- []byte) error {
	for off, size := int64(0), a.Size(); off < size; {
		var block []byte
		select {
		case <-ctx.Done():
			return ctx.Err()
		case block = <-free:
		}
		block = block[:min(int64(len(block)), size-off)]
		if err := readFull(a.content, block, off); err != nil {
			return err
		}
		off += int64(len(block))
		full <- block
	}
	return nil
}
