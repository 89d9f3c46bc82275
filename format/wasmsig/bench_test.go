// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"context"
	"crypto/sha256"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/wasmbin"
)

// sized is a module of about n bytes, nearly all of it code.
func sized(n int) []byte {
	b := append(wasm(), 10)
	return append(wasmbin.AppendLEB(b, uint32(n)), make([]byte, n)...)
}

var sizes = []struct {
	name string
	n    int
}{{"1KiB", 1 << 10}, {"1MiB", 1 << 20}, {"64MiB", 64 << 20}}

// BenchmarkVerify sends a signed module down the whole road. Compare with
// BenchmarkPlainSHA256.
func BenchmarkVerify(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			k := secret(b, 1)
			signed := embed(b, sized(size.n), k, sealwax.SignOptions{})
			v := &sealwax.Verifier{Formats: []sealwax.Format{Format{}}, Trust: trusted{k.Public()}, Now: func() time.Time { return testNow }}
			b.SetBytes(int64(len(signed)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(context.Background(), artifact(b, signed), anyOf(1)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyPadded does so with a module whose sizes are padded, which
// needs two hashes.
func BenchmarkVerifyPadded(b *testing.B) {
	n := 64 << 20
	body := append(wasm(), 10, byte(n)|0x80, byte(n>>7)|0x80, byte(n>>14)|0x80, byte(n>>21)|0x80, 0)
	body = append(body, make([]byte, n)...)
	k := secret(b, 1)
	signed := embed(b, body, k, sealwax.SignOptions{})
	b.SetBytes(int64(len(signed)))
	for b.Loop() {
		allows(b, signed, k.Public())
	}
}

// BenchmarkPlainSHA256 only hashes the same bytes, in the blocks of the one read.
func BenchmarkPlainSHA256(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			a := artifact(b, sized(size.n))
			buf := make([]byte, 1<<20)
			b.SetBytes(a.Size())
			for b.Loop() {
				h := sha256.New()
				if _, err := io.CopyBuffer(struct{ io.Writer }{h}, io.NewSectionReader(a, 0, a.Size()), buf); err != nil {
					b.Fatal(err)
				}
				_ = h.Sum(nil)
			}
		})
	}
}

// BenchmarkSign makes a detached signature.
func BenchmarkSign(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			k, m := secret(b, 1), sized(size.n)
			b.SetBytes(int64(len(m)))
			for b.Loop() {
				detachedSig(b, m, k)
			}
		})
	}
}

// BenchmarkEmbed writes a module with a signature inside.
func BenchmarkEmbed(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			k, m := secret(b, 1), sized(size.n)
			b.SetBytes(int64(len(m)))
			for b.Loop() {
				if err := (Format{}).Embed(context.Background(), artifact(b, m), io.Discard, k, sealwax.SignOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestConstantMemory verifies a module that is far larger than what may be held.
func TestConstantMemory(t *testing.T) {
	const size = 256 << 20
	k := secret(t, 1)
	m := &virtual{size: size, head: wasmbin.AppendLEB(append(wasm(), 10), size)}
	a, err := sealwax.NewArtifact("big.wasm", m, nil)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := Format{}.Make(context.Background(), a, k, sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	list := func(context.Context) ([]sealwax.Companion, error) { return beside1(sig), nil }
	if a, err = sealwax.NewArtifact("big.wasm", m, list); err != nil {
		t.Fatal(err)
	}
	v := &sealwax.Verifier{Formats: []sealwax.Format{Format{}}, Trust: trusted{k.Public()}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := v.Verify(context.Background(), a, anyOf(1)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
		t.Errorf("%d bytes were allocated", got)
	}
}

// virtual is a module of one large section of zeros that nobody holds.
type virtual struct {
	head []byte
	size int64
}

func (v *virtual) Close() error { return nil }
func (v *virtual) Size() int64  { return int64(len(v.head)) + v.size }

func (v *virtual) ReadAt(p []byte, off int64) (int, error) {
	n := int64(len(p))
	if left := v.Size() - off; n > left {
		n = max(left, 0)
	}
	clear(p[:n])
	if off < int64(len(v.head)) {
		copy(p[:n], v.head[off:])
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}
