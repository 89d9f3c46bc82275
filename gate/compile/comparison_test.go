// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile

import (
	"bytes"
	"errors"
	"testing"
)

// TestComparison: only code of which every byte was seen, and was the same, is the
// same; however it comes in pieces.
func TestComparison(t *testing.T) {
	code := bytes.Repeat([]byte("code"), 100)
	other := bytes.Clone(code)
	other[301] ^= 1
	for name, tc := range map[string]struct {
		seen []byte
		end  int
		same bool
	}{
		"the same":                 {code, 400, true},
		"with a trailer":           {append(bytes.Clone(code), "trailer"...), 400, true},
		"one byte differs":         {other, 400, false},
		"cut short":                {code[:399], 399, false},
		"longer":                   {append(bytes.Clone(code), 'c'), 401, false},
		"nothing was seen":         {nil, 400, false},
		"a part was seen":          {code[:200], 400, false},
		"differs behind what ends": {append(bytes.Clone(code[:300]), other[300:]...), 300, false},
	} {
		for _, size := range []int{1, 7, 128, 1000} {
			c := &comparison{code: bytes.NewReader(code), size: 400, end: int64(tc.end)}
			for rest := tc.seen; len(rest) > 0; rest = rest[min(size, len(rest)):] {
				if n, err := c.Write(rest[:min(size, len(rest))]); err != nil || n != min(size, len(rest)) {
					t.Fatal(n, err)
				}
			}
			if why := c.difference(); (why == "") != tc.same {
				t.Errorf("%s, in pieces of %d: %q", name, size, why)
			}
		}
	}
	c := &comparison{code: failing{}, size: 4, end: 4}
	if _, err := c.Write([]byte("code")); err != nil || c.difference() == "" {
		t.Error("the same as what cannot be read")
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the disk is broken") }
