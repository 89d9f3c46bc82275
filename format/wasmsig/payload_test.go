// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax/internal/wasmbin"
)

func leb(n int) string      { return string(wasmbin.AppendLEB(nil, uint32(n))) }
func block(s string) string { return leb(len(s)) + s }

// The parts of a payload, so that a case spells out only what is odd in it.
var (
	hash32 = strings.Repeat("h", 32)
	sig64  = strings.Repeat("s", 64)
	rec    = block("\x00" + "\x01" + block(sig64))
	set    = block("\x01" + hash32 + "\x01" + rec)
	ok1    = "\x01\x01\x01" + "\x01" + set
)

func manyRecords(n int) string {
	return block("\x01" + hash32 + leb(n) + strings.Repeat(rec, n))
}

func TestParsePayload(t *testing.T) {
	const good = ""
	for _, tc := range []struct{ name, payload, want string }{
		{"one", ok1, good},
		{"two sets", "\x01\x01\x01\x02" + set + set, good},
		{"key id", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block(block("twelve bytes")+"\x01"+block(sig64))), good},
		{"longest key id", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block(block(strings.Repeat("i", 255))+"\x01"+block(sig64))), good},
		{"too long a key id", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block(block(strings.Repeat("i", 256))+"\x01"+block(sig64))), "key id of 256 bytes"},
		{"unknown algorithm", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x07anything")), good},
		{"unknown algorithm, nothing else", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x07")), good},
		{"short signature", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x01"+block("short"))), good},
		{"no certificates", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x01"+block(sig64)+"\x00")), good},
		{"two certificates", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x01"+block(sig64)+"\x02"+block("der")+block("der2"))), good},
		{"a certificate too few", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x01"+block(sig64)+"\x02"+block("der"))), "cut short"},
		{"a certificate too many", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x01"+block(sig64)+"\x01"+block("der")+block("der"))), "follow a signature"},

		{"empty", "", "does not begin"},
		{"version", "\x02\x01\x01\x01" + set, "does not begin"},
		{"content type", "\x01\x02\x01\x01" + set, "does not begin"},
		{"hash function", "\x01\x01\x02\x01" + set, "does not begin"},
		{"no sets", "\x01\x01\x01\x00", "no signatures"},
		{"no hashes", "\x01\x01\x01\x01" + block("\x00\x01"+rec), "without a hash"},
		{"no records", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x00"), "no signatures"},
		{"behind the last set", ok1 + "x", "follow the last set"},
		{"within a set", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+rec+"x"), "follow the last signature"},
		{"behind a signature", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x01"+block(sig64)+"\x00x")), "follow a signature"},
		{"set cut", ok1[:len(ok1)-1], "are left"},
		{"set length lies", "\x01\x01\x01\x01\x7f" + set[1:], "are left"},
		{"hash cut", "\x01\x01\x01\x01" + block("\x01"+hash32[:31]), "a hash of 32 bytes"},
		{"huge length", "\x01\x01\x01\x01\xff\xff\xff\xff\x0f", "are left"},
		{"key id length lies", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x7f\x01"+block(sig64))), "a key id of 127 bytes"},
		{"record length lies", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01\x7f"+rec[1:]), "a signature record of 127 bytes"},
		{"number of certificates cut", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x01"+block(sig64)+"\x80")), "number of certificates is cut short"},
		{"no algorithm", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00")), "an algorithm of 1 bytes"},
		{"signature cut", "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x01\x40s")), "a signature of 64 bytes"},

		{"padded number", "\x01\x01\x01\x81\x00" + set, "not written in the one way"},
		{"overflowing number", "\x01\x01\x01\x81\x80\x80\x80\x10" + set, "not written in the one way"},
		{"six-byte number", "\x01\x01\x01\x81\x80\x80\x80\x80\x00" + set, "too long"},
		{"number cut", "\x01\x01\x01\x81", "cut short"},

		{"64 sets", "\x01\x01\x01\x40" + strings.Repeat(set, 64), good},
		{"65 sets", "\x01\x01\x01\x41" + strings.Repeat(set, 65), "65 sets"},
		{"64 hashes", "\x01\x01\x01\x01" + block("\x40"+strings.Repeat(hash32, 64)+"\x01"+rec), good},
		{"65 hashes", "\x01\x01\x01\x01" + block("\x41"+strings.Repeat(hash32, 65)+"\x01"+rec), "65 hashes"},
		{"256 signatures", "\x01\x01\x01\x01" + manyRecords(256), good},
		{"257 signatures", "\x01\x01\x01\x01" + manyRecords(257), "257 signatures"},
		{"257 signatures in two sets", "\x01\x01\x01\x02" + manyRecords(255) + manyRecords(2), "2 signatures, and at most 1"},
		{"a mebibyte", "\x01\x01\x01" + strings.Repeat("x", MaxPayload), "at most 1048576"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := Parse([]byte(tc.payload))
			if tc.want == good {
				if err != nil {
					t.Fatal(err)
				}
				b, err := p.Marshal()
				if err != nil || string(b) != tc.payload {
					t.Errorf("written again: %x, %v", b, err)
				}
				return
			}
			if err == nil || !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// TestMarshalLimits: what Parse would refuse is not written.
func TestMarshalLimits(t *testing.T) {
	one := Record{Alg: AlgEd25519, Rest: []byte(block(sig64))}
	full := Set{Hashes: make([]Hash, 1), Records: []Record{one}}
	for want, p := range map[string]*Payload{
		"no signatures":       {},
		"without a hash":      {Sets: []Set{{Records: []Record{one}}}},
		"holds no signatures": {Sets: []Set{{Hashes: make([]Hash, 1)}}},
		"65 sets of signatures, and at most 64 fit": {Sets: slicesRepeat(full, MaxSets+1)},
		"65 parts, and at most 64 can be signed":    {Sets: []Set{{Hashes: make([]Hash, MaxHashes+1), Records: []Record{one}}}},
		"257 signatures, and at most 256 fit":       {Sets: []Set{{Hashes: make([]Hash, 1), Records: slicesRepeat(one, MaxSignatures+1)}}},
		"key id of 256 bytes":                       {Sets: []Set{{Hashes: make([]Hash, 1), Records: []Record{{KeyID: make([]byte, 256), Alg: 1, Rest: one.Rest}}}}},
		"at most 1048576":                           {Sets: []Set{{Hashes: make([]Hash, 1), Records: []Record{{Alg: 7, Rest: make([]byte, MaxPayload)}}}}},
	} {
		if _, err := p.Marshal(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func slicesRepeat[T any](v T, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func TestMessage(t *testing.T) {
	s := Set{Hashes: []Hash{{1}, {2}}}
	want := "wasmsig\x01\x01\x01" + "\x01" + strings.Repeat("\x00", 31) + "\x02" + strings.Repeat("\x00", 31)
	if got := s.Message(); string(got) != want {
		t.Errorf("got %x", got)
	}
}

// seeds gives the vectors' payloads to a fuzz target.
func seeds(f *testing.F) {
	f.Add([]byte(ok1))
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if filepath.Ext(file) == ".sig" {
			f.Add(b)
		} else if i := bytes.Index(b, []byte("signature\x01")); i > 0 {
			f.Add(b[i+9:])
		}
	}
}

// FuzzParsePayload: no input panics, and what is taken holds the limits.
func FuzzParsePayload(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = read(b)
		p, err := Parse(b)
		if err != nil {
			if p != nil || !errors.Is(err, ErrSyntax) {
				t.Fatalf("got %v, %v", p, err)
			}
			return
		}
		if err := p.check(); err != nil || len(p.Sets) == 0 {
			t.Fatalf("%v, %d sets", err, len(p.Sets))
		}
		for _, s := range p.Sets {
			if len(s.Hashes) == 0 || len(s.Records) == 0 {
				t.Fatal("an empty set")
			}
		}
	})
}

// FuzzMalleability: each payload has one spelling.
func FuzzMalleability(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		out, err := p.Marshal()
		if err != nil || !bytes.Equal(out, b) {
			t.Fatalf("%x became %x, %v", b, out, err)
		}
		again, err := Parse(out)
		if d := cmp.Diff(p, again); err != nil || d != "" {
			t.Fatalf("%v %s", err, d)
		}
	})
}
