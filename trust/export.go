// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sealwax/sealwax/trust/publisher"
)

// MaxExportBytes is the largest text of an [Export].
const MaxExportBytes = 64 << 20

// Export is what the user decided, to be taken elsewhere in one text: pins, with
// the chains of publishers as they are known, and blocks. How names came to be
// pinned stays here.
type Export struct {
	Known  []Known // sorted by name
	Blocks []Block // sorted by what they block
}

// Export reads the whole store.
func (s *Store) Export(ctx context.Context) (*Export, error) {
	known, err := s.Known(ctx)
	if err != nil {
		return nil, err
	}
	blocks, err := s.Blocks(ctx)
	if err != nil {
		return nil, err
	}
	for i := range known {
		if c := known[i].Chain; c != nil { // whoever takes it goes back to none before it
			known[i].Pin.Sequence, known[i].Pin.Head = c.Len()-1, c.HeadDigest()
		}
	}
	return &Export{known, blocks}, nil
}

const exportHeader = "sealwax trust/v1"

// The parts of an export: each is a line with the part's kind and its number of
// lines, and those lines.
const (
	exportPin   = "pin"
	exportChain = "chain"
	exportBlock = "block"
	// exportEnd begins the last line, with the number of parts: an export that was
	// cut off between two parts is not whole.
	exportEnd = "end"
)

func endOfExport(parts int) string { return fmt.Sprintf("%s: %d\n", exportEnd, parts) }

// IsExport reports whether a file says that it is an export.
func IsExport(data []byte) bool { return bytes.HasPrefix(data, []byte(exportHeader+"\n")) }

// Marshal writes the text: docs/formats/pin.md. There is one for each export.
func (e *Export) Marshal() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintln(&b, exportHeader)
	parts := 0
	part := func(kind string, data []byte) {
		fmt.Fprintf(&b, "%s: %d\n", kind, bytes.Count(data, []byte("\n")))
		b.Write(data)
		parts++
	}
	for i := range e.Known {
		k := &e.Known[i]
		data, err := k.Pin.Marshal()
		if err != nil {
			return nil, err
		}
		part(exportPin, data)
		if k.Chain != nil {
			part(exportChain, k.Chain.Marshal())
		}
	}
	for i := range e.Blocks {
		data, err := e.Blocks[i].Marshal()
		if err != nil {
			return nil, err
		}
		part(exportBlock, data)
	}
	b.WriteString(endOfExport(parts))
	return b.Bytes(), nil
}

// ParseExport reads what [Export.Marshal] writes, and nothing else. Every chain is
// checked.
func ParseExport(data []byte) (*Export, error) {
	if len(data) > MaxExportBytes {
		return nil, fmt.Errorf("larger than %d bytes", MaxExportBytes)
	}
	if !IsExport(data) {
		return nil, fmt.Errorf("line 1: want %q", exportHeader)
	}
	e := &Export{}
	line, parts := 2, 0
	rest := data[len(exportHeader)+1:]
	for string(rest) != endOfExport(parts) {
		if end := []byte(exportEnd); len(rest) == 0 || bytes.HasPrefix(rest, end) {
			return nil, fmt.Errorf("line %d: want %q, and nothing after it: the export is not whole", line, strings.TrimSpace(endOfExport(parts)))
		}
		kind, lines, body, err := nextPart(rest)
		if err == nil {
			err = e.add(kind, body)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
		rest, line = rest[len(body):], line+1+lines
		parts++
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	return e, nil
}

// nextPart divides the first part from the rest.
func nextPart(rest []byte) (kind string, lines int, body []byte, err error) {
	head, after, _ := bytes.Cut(rest, []byte("\n"))
	kind, number, _ := strings.Cut(string(head), ": ")
	lines, _ = strconv.Atoi(number) // what is no number is not spelled again
	if strconv.Itoa(lines) != number {
		return "", 0, nil, errors.New("want pin: N, chain: N or block: N, and N lines")
	}
	body = after
	for range lines {
		n := bytes.IndexByte(after, '\n')
		if n < 0 {
			return "", 0, nil, fmt.Errorf("%d lines are announced, and the file ends before", lines)
		}
		after = after[n+1:]
	}
	return kind, lines, body[:len(body)-len(after)], nil
}

// add reads one part.
func (e *Export) add(kind string, body []byte) error {
	switch kind {
	case exportPin:
		p, err := ParsePin(body)
		e.Known = append(e.Known, Known{Pin: p})
		return err
	case exportChain:
		if len(e.Known) == 0 || e.Known[len(e.Known)-1].Chain != nil {
			return errors.New("a chain without a pin")
		}
		c, err := publisher.ParseChain(body)
		e.Known[len(e.Known)-1].Chain = c
		return err
	case exportBlock:
		b, err := ParseBlock(body)
		e.Blocks = append(e.Blocks, b)
		return err
	}
	return fmt.Errorf("part %q is unknown", kind)
}

// check holds what belongs together to each other, and everything to its order.
func (e *Export) check() error {
	for i := range e.Known {
		k := &e.Known[i]
		switch {
		case i > 0 && e.Known[i-1].Pin.Name >= k.Pin.Name:
			return fmt.Errorf("pin %s: pins are sorted by name, none twice", k.Pin.Name)
		case (k.Chain == nil) != (k.Pin.Publisher == ""):
			return fmt.Errorf("pin %s: the pin of a publisher goes with its chain, and of a key without one", k.Pin.Name)
		case k.Chain == nil:
		case k.Chain.ID() != k.Pin.Publisher, k.Chain.Len()-1 != k.Pin.Sequence, k.Chain.HeadDigest() != k.Pin.Head:
			return fmt.Errorf("pin %s: its chain is another than the pin says", k.Pin.Name)
		}
	}
	for i := 1; i < len(e.Blocks); i++ {
		if e.Blocks[i-1].What >= e.Blocks[i].What {
			return fmt.Errorf("%s: blocks are sorted by what they block, none twice", e.Blocks[i].What)
		}
	}
	return nil
}
