// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// The people of these tests: who signs sources, who compiles, and a stranger.
var (
	maker    = sealwaxtest.Key(1)
	compiler = sealwaxtest.Key(2)
	stranger = sealwaxtest.Key(3)
)

var now = time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)

// native is the format as format.All has it.
func native(t testing.TB) trailer.Format {
	t.Helper()
	for _, f := range format.All() {
		if n, ok := f.(trailer.Format); ok {
			return n
		}
	}
	t.Fatal("the format is not listed")
	return trailer.Format{}
}

// elfFile is the header of an ELF file of an OS/ABI, and some code.
func elfFile(abi elf.OSABI) []byte {
	h := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT), byte(abi)},
		Type:  uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64,
	}
	b, err := binary.Append(nil, binary.LittleEndian, h)
	if err != nil {
		panic(err)
	}
	return append(b, bytes.Repeat([]byte{0xc3}, 100)...)
}

// cwasm is what looks like wasmtime's compiled code, and program like any other.
func cwasm() []byte   { return elfFile(200) }
func program() []byte { return elfFile(elf.ELFOSABI_NONE) }

// peFile is the smallest PE file, with a certificate table of that size.
func peFile(certificates uint32) []byte {
	b := make([]byte, 0x40, 512)
	copy(b, "MZ")
	b[0x3c] = 0x40
	b = append(b, "PE\x00\x00"...)
	coff := make([]byte, 20)
	binary.LittleEndian.PutUint16(coff, 0x8664)
	binary.LittleEndian.PutUint16(coff[16:], 112+16*8)
	b = append(b, coff...)
	optional := make([]byte, 112+16*8)
	binary.LittleEndian.PutUint16(optional, 0x20b)
	binary.LittleEndian.PutUint32(optional[108:], 16)
	if certificates > 0 {
		binary.LittleEndian.PutUint32(optional[112+4*8:], 0x200)
		binary.LittleEndian.PutUint32(optional[112+4*8+4:], certificates)
	}
	return append(append(b, optional...), "code"...)
}

// module is a source.
var module = []byte("\x00asm\x01\x00\x00\x00\x00\x05\x04name")

// source is a module with its signatures as files, and how it is remembered.
type source struct {
	ancestor sealwax.Ancestor
	carried  []trailer.Carried
}

// sourceOf remembers data and signs it: files are the formats, in order.
func sourceOf(t testing.TB, data []byte, by key.Signer, files ...string) source {
	t.Helper()
	a := sealwaxtest.Bytes("app.wasm", data)
	v := &sealwax.Verifier{Formats: format.All()}
	ancestor := v.Remember(a)
	if err := a.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := source{}
	var err error
	if s.ancestor, err = ancestor(); err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		var f sealwax.Maker = minisign.Format{}
		if name == wasmsig.Name {
			f = wasmsig.Format{}
		}
		sig, err := f.Make(t.Context(), sealwaxtest.Bytes("app.wasm", data), by, sealwax.SignOptions{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		s.carried = append(s.carried, trailer.Carried{Format: name, Data: sig})
	}
	return s
}

// compiled is the statement of a compiler that checked its source.
func compiled(s source) trailer.Statement {
	return trailer.Statement{
		Kind: trailer.KindCompiled, Tool: "sealwax/1.2.3", Time: now, Source: s.ancestor, Verified: len(s.carried) > 0,
		Engine: "wasmtime", EngineVersion: "44.0.0", Binding: "v44.0.0", Library: "44.0.0", Target: "x86_64-unknown-linux-gnu",
		CPU: "baseline", OptLevel: "speed", Features: []string{"+sse3", "-avx"},
	}
}

// sign appends a trailer.
func sign(t testing.TB, original []byte, by key.Signer, s trailer.Statement, carried []trailer.Carried) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := native(t).Append(t.Context(), sealwaxtest.Bytes("app", original), &out, by, s, carried); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// embed signs as the command does.
func embed(t testing.TB, original []byte, by key.Signer) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := native(t).Embed(t.Context(), sealwaxtest.Bytes("app", original), &out, by, sealwax.SignOptions{Now: now}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// both demands a signer of the source and one of the code.
func both() *sealwax.Policy {
	return &sealwax.Policy{Need: sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{
		{Need: 1, Role: sealwax.RoleRelease}, {Need: 1, Role: sealwax.RoleNative},
	}}}
}

func formats() []sealwax.Format { return format.All() }

func onlyNative() *sealwax.Policy { return sealwax.AnyOf(1, sealwax.RoleNative) }

// people are those who are trusted: sources by one, native code by another.
func people() sealwaxtest.Trust {
	return sealwaxtest.Trust{
		sealwaxtest.Anchor("maker", maker.Public(), sealwax.RoleRelease),
		sealwaxtest.Anchor("compiler", compiler.Public(), sealwax.RoleNative),
	}
}

// judge asks the one road.
func judge(ctx context.Context, t testing.TB, data []byte, p *sealwax.Policy, trust sealwax.Trust, beside ...sealwax.Companion) *sealwax.Report {
	t.Helper()
	v := &sealwax.Verifier{Formats: format.All(), Trust: trust, Digests: true}
	r, err := v.Verify(ctx, sealwaxtest.Bytes("app", data, beside...), p)
	if (err == nil) != (r.Verdict == sealwax.Allow) || r.Verdict == sealwax.Undecided {
		t.Fatal(r.Verdict, err)
	}
	return r
}

func messages(r *sealwax.Report) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, string(f.Code)+": "+f.Message)
	}
	return strings.Join(out, "\n")
}

// forge writes a signed file by the letter of docs/formats/trailer.md, with any
// statement and any block of carried signatures, true or not.
func forge(t testing.TB, original []byte, by key.Signer, statement string, block []byte) []byte {
	t.Helper()
	do := func(message []byte) []byte {
		sig, err := by.Sign(t.Context(), key.SignRequest{Scheme: key.SchemeEd25519, Message: message})
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	sum := blake2b.Sum512(original)
	id := by.Public().MinisignID()
	sig := do(sum[:])
	p := append([]byte("ED"), id[:]...)
	p = append(p, sig...)
	p = binary.BigEndian.AppendUint16(p, uint16(len(statement)))
	p = append(p, statement...)
	p = append(p, do(append(slices.Clone(sig), statement...))...)
	p = append(p, block...)
	return framed(original, p)
}

// framed puts a payload behind an original.
func framed(original, payload []byte) []byte {
	out := append(slices.Clone(original), payload...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(payload)))
	return append(out, magic...)
}

const magic = "sealwax-tr1\n"

// entry is one carried signature as it is written.
func entry(name string, data []byte) []byte {
	b := append([]byte{byte(len(name))}, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

// parts takes a signed file apart.
func parts(t testing.TB, signed []byte) (original []byte, tr *trailer.Trailer) {
	t.Helper()
	tr, err := trailer.Read(bytes.NewReader(signed), int64(len(signed)))
	if err != nil {
		t.Fatal(err)
	}
	return signed[:tr.Original], tr
}

// blockOf are the carried signatures of a signed file, as they are written.
func blockOf(tr *trailer.Trailer) []byte {
	var b []byte
	for _, c := range tr.Carried {
		b = append(b, entry(c.Format, c.Data)...)
	}
	return b
}
