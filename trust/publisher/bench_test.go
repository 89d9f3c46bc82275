// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"os"
	"testing"
)

// BenchmarkParseChain reads and proves publishers of one and of five documents.
func BenchmarkParseChain(b *testing.B) {
	for _, name := range []string{"first", "long"} {
		data, err := os.ReadFile("testdata/" + name + ".publisher")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := ParseChain(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
