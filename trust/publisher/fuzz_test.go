// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// seeds are a chain, its documents and a proposal, as files of testdata.
func seeds(f *testing.F) [][]byte {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.publisher*"))
	if err != nil || len(paths) == 0 {
		f.Fatal("no seeds", err)
	}
	var out [][]byte
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}

// FuzzParseChain: whatever is a chain has one text, and relates to itself.
func FuzzParseChain(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseChain(data)
		if err != nil {
			return
		}
		if !bytes.Equal(c.Marshal(), data) || !Recognise(data) || c.Compare(c).Kind != Same {
			t.Errorf("read and written it is another:\n%s", data)
		}
	})
}

// FuzzParseDocument: whatever is a document has one text.
func FuzzParseDocument(f *testing.F) {
	for _, s := range seeds(f) {
		doc, _, _ := bytes.Cut(s, []byte("\n\n"))
		f.Add(append(doc, '\n'))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseDocument(data)
		if err != nil {
			return
		}
		again, err := d.Marshal()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("read and written it is another: %v\n%s", err, data)
		}
	})
}

// FuzzParseProposal: whatever is a proposal has one text, and is no publisher.
func FuzzParseProposal(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseProposal(data)
		if err != nil {
			return
		}
		again, err := d.Marshal()
		if err != nil || !bytes.Equal(again, data) || Recognise(data) {
			t.Errorf("read and written it is another: %v\n%s", err, data)
		}
	})
}

// FuzzSince: whatever is a moment has one text.
func FuzzSince(f *testing.F) {
	for _, s := range []string{"always", "time:2026-01-31T12:00:00Z", "log:log.example/2026#17", "log:#1", "log:a#-1", "time:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		since, err := ParseSince(s)
		if err != nil {
			return
		}
		again, err := ParseSince(since.String())
		if err != nil || again != since || since.IsZero() || !since.notAfter(since) {
			t.Errorf("%q: %v, %v", s, since, err)
		}
	})
}
