// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestReadsOnce: whoever verifies compiled code, with the signatures that it
// carries in two formats, reads each byte of the code once, whatever hashes these
// want. Only the first bytes, which tell the kind, and the last, which tell that
// there is one trailer and no more, are looked at before.
func TestReadsOnce(t *testing.T) {
	const head, tail = 64, 16
	original := append(cwasm(), bytes.Repeat([]byte("code"), 1<<20)...)
	s := sourceOf(t, module, maker, minisign.Name, wasmsig.Name)
	signed := sign(t, original, compiler, compiled(s), s.carried)

	content := &tally{Content: sealwaxtest.Content(signed), times: make([]int, len(original))}
	v := &sealwax.Verifier{Formats: format.All(), Trust: people(), Digests: true}
	r, err := v.Verify(t.Context(), sealwaxtest.From("app", content), both())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Counted) != 3 {
		t.Fatalf("%d claims counted, want the compiler's and both of the maker's", len(r.Counted))
	}
	for at, n := range content.times {
		looked := at < head || at >= len(original)-tail
		if n == 0 || n > 1 && !looked {
			t.Fatalf("byte %d of the code was read %d times", at, n)
		}
	}
}

// tally counts how often each byte was read.
type tally struct {
	sealwax.Content
	mu    sync.Mutex
	times []int
}

func (c *tally) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Content.ReadAt(p, off)
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := off; i < off+int64(n) && i < int64(len(c.times)); i++ {
		c.times[i]++
	}
	return n, err
}
