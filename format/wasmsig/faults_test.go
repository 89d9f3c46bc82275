// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
)

var errDisk = errors.New("the disk is on fire")

// faulty is content that cannot be read from an offset on: with err, or, if that
// is nil, as if the file had become shorter.
type faulty struct {
	memory
	from int64
	err  error
}

func (f *faulty) ReadAt(p []byte, off int64) (int, error) {
	if f.from < 0 || off+int64(len(p)) <= f.from {
		return f.memory.ReadAt(p, off)
	}
	if f.err != nil {
		return 0, f.err
	}
	n, _ := f.memory.ReadAt(p[:max(f.from-off, 0)], off)
	return n, io.EOF
}

// faultyArtifact can be opened, and read up to from only.
func faultyArtifact(t *testing.T, b []byte, from int64, err error, list sealwax.CompanionsFunc) *sealwax.Artifact {
	t.Helper()
	content := &faulty{memory: memory{bytes.NewReader(b)}, from: -1, err: err}
	a, openErr := sealwax.NewArtifact("m.wasm", content, list)
	if openErr != nil {
		t.Fatal(openErr)
	}
	content.from = from
	return a
}

// TestUndecided: what cannot be read is neither good nor bad.
func TestUndecided(t *testing.T) {
	k := secret(t, 1)
	signed := embed(t, plain(t), k, sealwax.SignOptions{})
	ecc := append(bytes.Clone(plain(t)), custom(signatureSection, wasmECC)...)
	for _, tc := range []struct {
		name string
		b    []byte
		from int64
		err  error
		want error
	}{
		{"first header", signed, 8, errDisk, errDisk},
		{"signature section", signed, 80, errDisk, errDisk},
		{"signature section cut", signed, 80, nil, io.ErrUnexpectedEOF},
		{"last section", ecc, int64(len(ecc)) - 10, errDisk, errDisk},
		{"content", signed, int64(len(signed)) - 1, errDisk, errDisk},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := faultyArtifact(t, tc.b, tc.from, tc.err, nil)
			v := &sealwax.Verifier{Formats: []sealwax.Format{Format{}}, Trust: trusted{k.Public()}}
			r, err := v.Verify(context.Background(), a, anyOf(1))
			if r.Verdict != sealwax.Undecided || !errors.Is(err, tc.want) {
				t.Errorf("%v: %v", r.Verdict, err)
			}
		})
	}
}

func TestFindCompanions(t *testing.T) {
	list := func(c []sealwax.Companion, err error) sealwax.CompanionsFunc {
		return func(context.Context) ([]sealwax.Companion, error) { return c, err }
	}
	find := func(l sealwax.CompanionsFunc) ([]sealwax.Signature, error) {
		return Format{}.Find(context.Background(), faultyArtifact(t, plain(t), -1, nil, l))
	}
	if _, err := find(list(nil, errDisk)); !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
	into := &sealwax.Inspection{}
	if err := (Format{}).Inspect(context.Background(), faultyArtifact(t, plain(t), -1, nil, list(nil, errDisk)), into); !errors.Is(err, errDisk) {
		t.Errorf("inspect: %v", err)
	}
	sig := vector(t, "d2.sig")
	unread := sealwax.Companion{Name: "x", Data: sig, Err: errDisk}
	if found, err := find(list([]sealwax.Companion{unread}, nil)); err != nil || len(found) > 0 {
		t.Errorf("what could not be read was found: %v, %v", found, err)
	}
	if in := inspect(t, plain(t), unread); len(in.Signatures) > 0 {
		t.Errorf("%+v", in.Signatures)
	}
	others := []sealwax.Companion{{Name: "m.minisig", Data: []byte("untrusted comment: x")}, {Name: "short", Data: []byte("\x01\x01\x01")}, {Name: "any name", Data: sig}}
	found, err := find(list(others, nil))
	if err != nil || len(found) != 2 || found[0].Hint().Source != "any name" {
		t.Errorf("%v, %v", found, err)
	}
}

// TestRecordFindings: a record that cannot be checked is a finding of its own.
func TestRecordFindings(t *testing.T) {
	for name, code := range map[string]sealwax.Code{
		"v_unknownalg_first": sealwax.CodeSignatureForeign,
		"v_badlen_first":     sealwax.CodeSignatureMalformed,
	} {
		denies(t, vector(t, name+".wasm"), code, public(t, "k3"))
	}
}

// TestFaultyEdits: nothing that writes a module takes a read error for an end.
func TestFaultyEdits(t *testing.T) {
	ctx, k := context.Background(), secret(t, 1)
	bare := plain(t)
	meta := append(bytes.Clone(bare), custom(MetaSection, "a=b\n")...)
	signed := embed(t, bare, k, sealwax.SignOptions{})
	sig := detachedSig(t, bare, k)
	f := Format{}
	for name, do := range map[string]func(b []byte, from int64) error{
		"Make": func(b []byte, from int64) error {
			_, err := f.Make(ctx, faultyArtifact(t, b, from, errDisk, nil), k, sealwax.SignOptions{})
			return err
		},
		"Embed": func(b []byte, from int64) error {
			return f.Embed(ctx, faultyArtifact(t, b, from, errDisk, nil), io.Discard, secret(t, 2), sealwax.SignOptions{})
		},
		"Attach": func(b []byte, from int64) error {
			return f.Attach(ctx, faultyArtifact(t, b, from, errDisk, nil), io.Discard, sig)
		},
		"Strip": func(b []byte, from int64) error {
			return f.Strip(ctx, faultyArtifact(t, b, from, errDisk, nil), io.Discard)
		},
		"Split": func(b []byte, from int64) error {
			return f.Split(ctx, faultyArtifact(t, b, from, errDisk, nil), io.Discard, nil)
		},
		"Inspect": func(b []byte, from int64) error {
			return f.Inspect(ctx, faultyArtifact(t, b, from, errDisk, nil), &sealwax.Inspection{})
		},
		"Digest": func(b []byte, from int64) error {
			a := faultyArtifact(t, b, from, errDisk, nil)
			f.Digest(a)
			return a.Read(ctx)
		},
	} {
		for _, from := range []int64{8, 40, int64(len(bare)) - 1} {
			if err := do(bare, from); !errors.Is(err, errDisk) {
				t.Errorf("%s from %d: %v", name, from, err)
			}
		}
	}
	for _, from := range []int64{8, 40, int64(len(signed)) - 1} {
		if _, err := f.Detach(ctx, faultyArtifact(t, signed, from, errDisk, nil), io.Discard); !errors.Is(err, errDisk) {
			t.Errorf("Detach from %d: %v", from, err)
		}
	}
	if err := f.Embed(ctx, faultyArtifact(t, meta, int64(len(meta))-1, errDisk, nil), io.Discard, k, sealwax.SignOptions{}); !errors.Is(err, errDisk) {
		t.Errorf("metadata: %v", err)
	}
}

// nth is content of which the nth read or the nth write fails, once: what goes on
// as if nothing had happened is found out.
type nth struct {
	memory
	reads, writes int // until the one that fails, from 0; negative is none
	err           error
}

func (f *nth) ReadAt(p []byte, off int64) (int, error) {
	if f.reads--; f.reads == -1 {
		return 0, f.err
	}
	return f.memory.ReadAt(p, off)
}

func (f *nth) Write(p []byte) (int, error) {
	if f.writes--; f.writes == -1 {
		return 0, f.err
	}
	return len(p), nil
}

// TestOneFault fails each read and each write in turn: every method says so, and
// a verdict is undecided.
func TestOneFault(t *testing.T) {
	ctx, k, f := context.Background(), secret(t, 1), Format{}
	bare := append(bytes.Clone(plain(t)), custom(MetaSection, "a=b\n")+custom(delimiterSection, "0123456789abcdef")...)
	signed := append(embed(t, bare, k, sealwax.SignOptions{}), custom("more", "x")...)
	sig := detachedSig(t, bare, k)
	verdict := func(a *sealwax.Artifact, _ io.Writer) error {
		v := &sealwax.Verifier{Formats: []sealwax.Format{f}, Trust: trusted{k.Public()}}
		_, err := v.Verify(ctx, a, anyOf(2))
		if denied := (*sealwax.DeniedError)(nil); errors.As(err, &denied) {
			return nil // as far as faults go
		}
		return err
	}
	for _, tc := range []struct {
		name string
		b    []byte
		do   func(*sealwax.Artifact, io.Writer) error
	}{
		{"Verify", signed, verdict},
		{"Embed", bare, func(a *sealwax.Artifact, w io.Writer) error { return f.Embed(ctx, a, w, k, sealwax.SignOptions{}) }},
		{"Embed more", signed, func(a *sealwax.Artifact, w io.Writer) error {
			return f.Embed(ctx, a, w, secret(t, 2), sealwax.SignOptions{Extensible: true})
		}},
		{"Attach", bare, func(a *sealwax.Artifact, w io.Writer) error { return f.Attach(ctx, a, w, sig) }},
		{"Detach", signed, func(a *sealwax.Artifact, w io.Writer) error { _, err := f.Detach(ctx, a, w); return err }},
		{"Strip", signed, func(a *sealwax.Artifact, w io.Writer) error { return f.Strip(ctx, a, w) }},
		{"Split", bare, func(a *sealwax.Artifact, w io.Writer) error { return f.Split(ctx, a, w, nil) }},
		{"Inspect", signed, func(a *sealwax.Artifact, _ io.Writer) error { return f.Inspect(ctx, a, &sealwax.Inspection{}) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			run := func(reads, writes int, fault error) (left *nth, err error) {
				c := &nth{memory: memory{bytes.NewReader(tc.b)}, reads: -1, err: fault}
				a, err := sealwax.NewArtifact("m.wasm", c, nil)
				if err != nil {
					t.Fatal(err)
				}
				c.reads, c.writes = reads, writes
				return c, tc.do(a, c)
			}
			const many = 1 << 20
			clean, err := run(many, many, errDisk)
			if err != nil {
				t.Fatal(err)
			}
			for i := range many - clean.reads {
				if _, err := run(i, many, errDisk); !errors.Is(err, errDisk) {
					t.Errorf("read %d: %v", i, err)
				}
				// The last read of Verify is behind the end, where EOF belongs.
				behind := tc.name == "Verify" && i == many-clean.reads-1
				if _, err := run(i, many, io.EOF); (err == nil) != behind || err == io.EOF {
					t.Errorf("end of file in read %d: %v", i, err)
				}
			}
			for i := range many - clean.writes {
				if _, err := run(many, i, errDisk); !errors.Is(err, errDisk) {
					t.Errorf("write %d: %v", i, err)
				}
			}
		})
	}
}

// TestCancelled: copying ends when it is told to.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := (Format{}).Strip(ctx, artifact(t, plain(t)), io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestAttachSets: one set that covers something is enough.
func TestAttachSets(t *testing.T) {
	k := secret(t, 1)
	mine, err := Parse(detachedSig(t, plain(t), k))
	if err != nil {
		t.Fatal(err)
	}
	other, err := Parse(detachedSig(t, vector(t, "b.wasm"), k))
	if err != nil {
		t.Fatal(err)
	}
	for _, sets := range [][]Set{{mine.Sets[0], other.Sets[0]}, {other.Sets[0], mine.Sets[0]}} {
		sig, err := (&Payload{Sets: sets}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := attach(t, plain(t), sig); err != nil {
			t.Error(err)
		}
	}
	misfit := append([]byte(componentPreamble), plain(t)[8:]...)
	_, err = attach(t, misfit, detachedSig(t, plain(t), k))
	fails(t, err, "malformed")
	_, err = split(t, []byte("text"), nil)
	fails(t, err, "no WebAssembly")
}

// TestTooLong: sections that are too long to keep are refused as what they are.
func TestTooLong(t *testing.T) {
	k := secret(t, 1)
	finding := func(b []byte, companions []sealwax.Companion, want string) {
		t.Helper()
		r, err := verify(t, b, anyOf(1), companions, k.Public())
		if err == nil {
			t.Error("allowed")
		}
		for _, f := range r.Findings {
			if !strings.Contains(f.Message, want) {
				t.Errorf("got %q, want %q", f.Message, want)
			}
		}
	}
	huge := signedWith(plain(t), append([]byte(payloadHead), make([]byte, MaxPayload)...))
	finding(huge, nil, "a signature section of more than")
	finding(huge, beside1(detachedSig(t, plain(t), k)), "a signature section of more than")
	wordy := append(bytes.Clone(plain(t)), custom(MetaSection, strings.Repeat("v", MaxMeta+1))...)
	finding(wordy, beside1(detachedSig(t, wordy, k)), "metadata of more than")
}
