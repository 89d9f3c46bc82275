// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// BenchmarkVerify is the whole road for a minisign signature, by size, over
// content in memory.
func BenchmarkVerify(b *testing.B) {
	for _, size := range []int{0, 1 << 10, 1 << 20, 16 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			data := bytes.Repeat([]byte{'x'}, size)
			alice := sealwaxtest.NewPublisher("alice", 1, minisign.Format{})
			sigs, err := alice.Sign(b.Context(), sealwaxtest.Bytes("x", data), sealwax.SignOptions{})
			if err != nil {
				b.Fatal(err)
			}
			v := &sealwax.Verifier{Formats: alice.Formats, Trust: alice.Trust()}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), sealwaxtest.Bytes("x", data, sigs...), anyOne); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
