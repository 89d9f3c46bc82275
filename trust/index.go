// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/key"
)

// index finds the pins that list a key by the key's id, in the file state/index.
// It is a memory of what reading everything said: it holds only while neither the
// pins nor the publishers' chains changed, and every record that an answer rests on
// is checked, so that a broken index is noticed and not believed.
//
// It is text: a header, then records of one width, sorted by key id. Each record
// ends in a check of itself, its place and the header, so that two neighbours prove
// that there is nothing between them.
type index struct {
	file    indexFile
	header  string
	records int
}

type indexFile interface {
	io.ReaderAt
	io.Closer
}

const (
	indexName   = "index"
	indexHeader = "sealwax index/v1\n"

	// maxIDDigits is the longest key id, wasmsign2's 12 bytes, in hexadecimal.
	maxIDDigits  = 24
	maxNameBytes = 64
	checkDigits  = 16
	recordBytes  = maxIDDigits + 1 + maxNameBytes + 1 + checkDigits + 1
)

// errBrokenIndex means that the index cannot be believed.
var errBrokenIndex = errors.New("the index is broken")

// stamps are when the folders changed last, as the disk tells it: nanoseconds, 0
// for a folder that is not there. The zero stamps are those of nothing.
type stamps struct{ pins, chains int64 }

// stampsNow asks the disk.
func (s *Store) stampsNow() stamps { return stamps{stampOf(s.pins), stampOf(s.chains)} }

func stampOf(f folder) int64 {
	info, err := os.Stat(f.dir())
	if err != nil {
		return 0
	}
	return info.ModTime().UnixNano()
}

// tick is longer than the steps in which a disk that is fit for an index tells
// time: some 10 ms at most.
const tick = 40 * time.Millisecond

// settled are the folders' stamps, once they are surely older than anything that
// happens from now on: a change in the same step of the disk's clock would not be
// seen. It is zero if there are none that could be relied on.
func (s *Store) settled(ctx context.Context) stamps {
	before := s.stampsNow()
	if before.coarse() {
		return stamps{}
	}
	select {
	case <-ctx.Done():
		return stamps{}
	case <-time.After(tick):
	}
	if s.stampsNow() != before {
		return stamps{}
	}
	return before
}

// coarse reports whether the disk tells time in steps of a second or more, or
// nothing at all of the pins.
func (t stamps) coarse() bool {
	return t.pins%int64(time.Second) == 0 || t.chains != 0 && t.chains%int64(time.Second) == 0
}

// openIndex is the index if it is there, whole as far as can be seen at once, and
// made of what is on disk now. Its file stays open as long as the view is.
func (s *Store) openIndex() *index {
	there, err := s.pins.check()
	if stateThere, stateErr := s.indexes.check(); !there || !stateThere || err != nil || stateErr != nil {
		return nil
	}
	path := s.indexes.path(indexName, "")
	// Asked before opening, since opening a pipe waits for its other end.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	ix, err := s.readIndex(path, file)
	if err != nil {
		file.Close()
		return nil
	}
	return ix
}

func (s *Store) readIndex(path string, file *os.File) (*index, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := safefile.Check(path, info); err != nil {
		return nil, err
	}
	return parseIndex(file, info.Size(), s.stampsNow())
}

// parseIndex takes an index of that size that was made of folders with those
// stamps.
func parseIndex(file indexFile, size int64, now stamps) (*index, error) {
	header := headerOf(now, 0)
	rest := size - int64(len(header))
	if rest%recordBytes != 0 {
		return nil, errBrokenIndex
	}
	ix := &index{file, headerOf(now, int(rest/recordBytes)), int(rest / recordBytes)}
	got := make([]byte, len(header))
	if _, err := file.ReadAt(got, 0); string(got) != ix.header {
		return nil, errors.Join(errBrokenIndex, err)
	}
	return ix, nil
}

// headerOf has one width, whatever it says.
func headerOf(t stamps, records int) string {
	return fmt.Sprintf("%spins: %020d\npublishers: %020d\nrecords: %08d\n", indexHeader, t.pins, t.chains, records)
}

// entry is one record: a key id, in hexadecimal, and the pin that lists the key.
type entry struct{ id, name string }

func (e entry) compare(o entry) int {
	return cmp.Or(strings.Compare(e.id, o.id), strings.Compare(e.name, o.name))
}

// record writes the n-th record.
func record(header string, n int, e entry) string {
	body := fmt.Sprintf("%-*s %-*s ", maxIDDigits, e.id, maxNameBytes, e.name)
	return body + checkOf(header, n, body) + "\n"
}

func checkOf(header string, n int, body string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s%d\n%s", header, n, body))
	return hex.EncodeToString(sum[:checkDigits/2])
}

// at reads the n-th record. Beside the ends stands nothing, which is before and
// behind everything.
func (ix *index) at(n int) (entry, error) {
	buf := make([]byte, recordBytes)
	_, err := ix.file.ReadAt(buf, int64(len(ix.header))+int64(n)*recordBytes)
	text := string(buf)
	e := entry{strings.TrimRight(text[:maxIDDigits], " "), strings.TrimRight(text[maxIDDigits+1:maxIDDigits+1+maxNameBytes], " ")}
	if text != record(ix.header, n, e) {
		return entry{}, errors.Join(errBrokenIndex, err)
	}
	return e, nil
}

// names are the pins that list a key that goes by the id, sorted. The error is
// errBrokenIndex if the answer cannot be believed.
func (ix *index) names(id []byte) ([]string, error) {
	if len(id) == 0 || hex.EncodedLen(len(id)) > maxIDDigits {
		return nil, nil
	}
	want := hex.EncodeToString(id)
	low, high := 0, ix.records // what is before low is less, what is from high on is not
	for low < high {
		mid := low + (high-low)/2
		e, err := ix.at(mid)
		if err != nil {
			return nil, err
		}
		if e.id < want {
			low = mid + 1
		} else {
			high = mid
		}
	}
	var out []string
	for n := low; n < ix.records; n++ {
		e, err := ix.at(n)
		if err != nil {
			return nil, err
		}
		if e.id != want {
			break
		}
		out = append(out, e.name)
	}
	return out, nil
}

// indexText writes an index of what is known.
func indexText(t stamps, all []Known) []byte {
	var entries []entry
	for _, k := range all {
		if k.Chain != nil {
			entries = append(entries, entry{hex.EncodeToString(partyIDBytes(k.Pin.Publisher)), k.Pin.Name})
		}
		for _, p := range k.keys() {
			for _, id := range idsOf(p) {
				entries = append(entries, entry{id, k.Pin.Name})
			}
		}
	}
	slices.SortFunc(entries, entry.compare)
	entries = slices.Compact(entries)
	header := headerOf(t, len(entries))
	out := make([]byte, 0, len(header)+len(entries)*recordBytes)
	out = append(out, header...)
	for n, e := range entries {
		out = append(out, record(header, n, e)...)
	}
	return out
}

// idsOf are the ids that [key.Public.GoesBy] knows.
func idsOf(p key.Public) []string {
	own := p.MinisignID()
	return []string{hex.EncodeToString(own[:]), hex.EncodeToString(p.WasmsignID())}
}

// Reindex makes the index anew if there are so many pins that one is used: whoever
// has changed them does the work, and not the next decision. It is best effort:
// without an index decisions are as right, and slower.
func (s *Store) Reindex(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := s.pins.names(pinExt)
	if err != nil || len(names) <= MaxTried {
		return
	}
	if ix := s.openIndex(); ix != nil {
		ix.file.Close()
		return
	}
	_, _ = s.lookAtAll(ctx, true)
}

// writeIndex makes the index of what was read, if the folders did not change while
// it was. It is best effort: without an index everything is read.
func (s *Store) writeIndex(ctx context.Context, before stamps, all []Known) {
	if before == (stamps{}) || s.stampsNow() != before {
		return
	}
	_ = s.indexes.change(ctx, func() error {
		return s.indexes.replace(indexName, "", indexText(before, all))
	})
}
