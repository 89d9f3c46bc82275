// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package blake2b

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	oracle "golang.org/x/crypto/blake2b"
)

// TestVectors: RFC 7693 appendix A, and the digest of nothing.
func TestVectors(t *testing.T) {
	for message, want := range map[string]string{
		"": "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce",
		"abc": "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1" +
			"7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
	} {
		h := New512()
		h.Write([]byte(message))
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%q: %s", message, got)
		}
	}
}

// TestLengths compares every length around block boundaries with the library.
func TestLengths(t *testing.T) {
	data := make([]byte, 5*BlockSize)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	for n := range data {
		h := New512()
		h.Write(data[:n])
		want := oracle.Sum512(data[:n])
		if got := h.Sum([]byte("x")); !bytes.Equal(got, append([]byte("x"), want[:]...)) {
			t.Errorf("%d bytes: %x", n, got)
		}
	}
}

func TestHash(t *testing.T) {
	h := New512()
	if h.Size() != Size || h.BlockSize() != BlockSize {
		t.Error(h.Size(), h.BlockSize())
	}
	h.Write([]byte("abc"))
	if !bytes.Equal(h.Sum(nil), h.Sum(nil)) {
		t.Error("Sum changes the state")
	}
	h.Reset()
	if want := oracle.Sum512(nil); !bytes.Equal(h.Sum(nil), want[:]) {
		t.Error("Reset does not start again")
	}
}

// FuzzOracle: any content in any pieces is hashed as the library hashes it whole.
func FuzzOracle(f *testing.F) {
	f.Add([]byte("abc"), uint64(1))
	f.Add(bytes.Repeat([]byte{7}, 3*BlockSize), uint64(BlockSize))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		h := New512()
		for rest := data; len(rest) > 0; {
			n := min(1+r.IntN(2*BlockSize+3), len(rest))
			if got, err := h.Write(rest[:n]); got != n || err != nil {
				t.Fatal(got, err)
			}
			rest = rest[n:]
		}
		if want := oracle.Sum512(data); !bytes.Equal(h.Sum(nil), want[:]) {
			t.Errorf("%d bytes differ", len(data))
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	for name, size := range map[string]int{"1KiB": 1 << 10, "1MiB": 1 << 20, "64MiB": 64 << 20} {
		b.Run(name, func(b *testing.B) {
			buf := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				h := New512()
				h.Write(buf)
			}
		})
	}
}
