// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/blake2b"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

const machO = "\xcf\xfa\xed\xfe\x07\x00\x00\x01"

// written is what a method of the format writes.
func written(t testing.TB, data []byte, write func(*sealwax.Artifact, io.Writer) error) ([]byte, error) {
	t.Helper()
	var out bytes.Buffer
	err := write(sealwaxtest.Bytes("app", data), &out)
	return out.Bytes(), err
}

func detach(t testing.TB, data []byte) (original, sig []byte, err error) {
	t.Helper()
	original, err = written(t, data, func(a *sealwax.Artifact, w io.Writer) (err error) {
		sig, err = native(t).Detach(t.Context(), a, w)
		return err
	})
	return original, sig, err
}

func attach(t testing.TB, data, sig []byte) ([]byte, error) {
	t.Helper()
	return written(t, data, func(a *sealwax.Artifact, w io.Writer) error {
		return native(t).Attach(t.Context(), a, w, sig)
	})
}

// TestOutAndIn: what is detached is the original, and attached again the same file.
func TestOutAndIn(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	for name, signed := range map[string][]byte{
		"compiled":       sign(t, cwasm(), compiler, compiled(s), s.carried),
		"signed by hand": embed(t, cwasm(), compiler),
		"elf":            embed(t, program(), compiler),
		"pe":             embed(t, peFile(0), compiler),
	} {
		want, tr := parts(t, signed)
		original, sig, err := detach(t, signed)
		if err != nil || !bytes.Equal(original, want) {
			t.Errorf("%s: detached: %v", name, err)
			continue
		}
		f, err := minisign.Parse(sig)
		if err != nil || f.Trusted != tr.Text || f.Legacy {
			t.Errorf("%s: %v\n%s", name, err, sig)
		}
		if again, err := attach(t, original, sig); err != nil || !bytes.Equal(again, signed) {
			t.Errorf("%s: attached again: %v", name, err)
		}
		stripped, err := written(t, signed, func(a *sealwax.Artifact, w io.Writer) error { return native(t).Strip(t.Context(), a, w) })
		if err != nil || !bytes.Equal(stripped, want) {
			t.Errorf("%s: stripped: %v", name, err)
		}
	}
}

// TestDetachedSpeaksForNativeCodeOnly: out of the file, the statement still speaks
// in one role, and the file's digest is the original's.
func TestDetachedSpeaksForNativeCodeOnly(t *testing.T) {
	original, sig, err := detach(t, embed(t, program(), compiler))
	if err != nil {
		t.Fatal(err)
	}
	beside := sealwax.Companion{Name: "app.minisig", Data: sig}
	if r := judge(t.Context(), t, original, onlyNative(), people(), beside); r.Verdict != sealwax.Allow {
		t.Errorf("by its signer: %s", messages(r))
	}
	released := sealwaxtest.Trusting(sealwax.RoleRelease, compiler.Public())
	if r := judge(t.Context(), t, original, sealwax.AnyOf(1, sealwax.RoleRelease), released, beside); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignerRole) {
		t.Errorf("as a release: %s", messages(r))
	}
}

// TestAttachRefuses: only what was made for the end of this very file.
func TestAttachRefuses(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	original, sig, err := detach(t, sign(t, cwasm(), compiler, compiled(s), s.carried))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes("app", original), compiler, sealwax.SignOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	edit := func(change func(*minisign.File)) []byte {
		f, err := minisign.Parse(sig)
		if err != nil {
			t.Fatal(err)
		}
		change(f)
		return f.Marshal()
	}
	lie := func(kind trailer.Kind, length int) func(*minisign.File) {
		sum := blake2b.Sum512(original)
		st := trailer.Statement{Kind: kind, Tool: "x", Time: now, Length: int64(length), BLAKE2b512: hex.EncodeToString(sum[:])}
		text, err := st.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return func(f *minisign.File) { f.Trusted, f.Untrusted = text, "x" }
	}
	if _, err := attach(t, original, edit(lie(trailer.KindCompiled, len(original)))); err != nil {
		t.Error(err) // no key is asked, and so this is let through
	}
	dropped := edit(func(f *minisign.File) { f.Untrusted = "x" })
	for name, tc := range map[string]struct {
		data, sig []byte
		want      string
	}{
		"another file":        {append(bytes.Clone(original), 'x'), sig, "not of app"},
		"other bytes":         {append(bytes.Clone(original[:len(original)-1]), 'x'), sig, "not of app"},
		"another kind":        {program(), sig, "not of app"},
		"a lie of its kind":   {original, edit(lie(trailer.KindProgram, len(original))), "not of app"},
		"a lie of its length": {original, edit(lie(trailer.KindCompiled, 1)), "not of app"},
		"a plain signature":   {original, plain, "only beside it"},
		"a legacy one":        {original, edit(func(f *minisign.File) { f.Legacy = true }), "a legacy signature cannot"},
		"no signature":        {original, []byte("x"), "not a minisign signature"},
		"carried lost":        {original, dropped, "not in its first line"},
		"carried in no form":  {original, edit(func(f *minisign.File) { f.Untrusted += "=" }), "first line"},
		"carried changed":     {original, edit(func(f *minisign.File) { f.Untrusted = strings.Replace(f.Untrusted, "A", "B", 1) }), "not in its first line"},
		"signed already":      {embed(t, cwasm(), compiler), sig, "strip it first"},
		"a Mach-O file":       {[]byte(machO + "code"), sig, "Mach-O"},
		"an Authenticode one": {peFile(100), sig, "Authenticode"},
	} {
		if _, err := attach(t, tc.data, tc.sig); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestDetachRefuses: nothing is lost in silence.
func TestDetachRefuses(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	for i := range 3 {
		s.carried = append(s.carried, sourceOf(t, module, sealwaxtest.Key(100+i), minisign.Name).carried...)
	}
	large := sign(t, cwasm(), compiler, compiled(s), s.carried)
	if r := judge(t.Context(), t, large, both(), people()); r.Verdict != sealwax.Allow {
		t.Fatal(messages(r))
	}
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"much is carried": {large, "a minisign file has room for"},
		"nothing there":   {program(), "no signature at its end"},
		"extended":        {append(embed(t, program(), compiler), 'x'), "1 bytes follow it"},
	} {
		if _, _, err := detach(t, tc.data); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestStrip: what has none is written as it is; what is broken is not.
func TestStrip(t *testing.T) {
	strip := func(a *sealwax.Artifact, w io.Writer) error { return native(t).Strip(t.Context(), a, w) }
	if got, err := written(t, program(), strip); err != nil || !bytes.Equal(got, program()) {
		t.Errorf("an unsigned file: %v", err)
	}
	if _, err := written(t, append(embed(t, program(), compiler), 'x'), strip); !errors.Is(err, trailer.ErrSyntax) {
		t.Errorf("a broken one: %v", err)
	}
}

// TestFits: what holds a signature at its end, and what must not.
func TestFits(t *testing.T) {
	for name, tc := range map[string]struct {
		data   []byte
		beside bool
		want   string // "" fits
	}{
		"elf":            {program(), false, ""},
		"cwasm":          {cwasm(), false, ""},
		"pe":             {peFile(0), false, ""},
		"authenticode":   {peFile(100), true, "Authenticode"},
		"a broken pe":    {[]byte("MZ, but no more than that"), true, "PE"},
		"mach-o":         {[]byte(machO), true, "Mach-O"},
		"a module":       {module, false, "no native code"},
		"a short file":   {[]byte("\x7fELF"), false, "no native code"},
		"a fat Mach-O":   {[]byte("\xca\xfe\xba\xbe\x00\x00\x00\x02"), false, "no native code"},
		"something else": {[]byte("hello, world"), false, "no native code"},
	} {
		a := sealwaxtest.Bytes("app", tc.data)
		err := trailer.Fits(a)
		if (err == nil) != (tc.want == "") || native(t).Holds(a) != (err == nil) || errors.Is(err, trailer.ErrBeside) != tc.beside {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestEmbedStatesNothingElse: the format's statement is the whole of it.
func TestEmbedStatesNothingElse(t *testing.T) {
	for _, o := range []sealwax.SignOptions{
		{Now: now, Comment: "x"}, {Now: now, Fields: []sealwax.Field{{Name: "version", Value: "1"}}}, {Now: now, Extensible: true}, {},
	} {
		if err := native(t).Embed(t.Context(), sealwaxtest.Bytes("app", program()), io.Discard, compiler, o); err == nil {
			t.Errorf("%+v is signed", o)
		}
	}
}

// TestDigest: signing does not change it, whoever signs and whatever is carried.
func TestDigest(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	digest := func(data []byte) string {
		v := &sealwax.Verifier{Formats: []sealwax.Format{native(t)}}
		a := sealwaxtest.Bytes("app", data)
		d := v.Digest(a)
		if err := a.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		return d()
	}
	want := digest(cwasm())
	signed := sign(t, cwasm(), compiler, compiled(s), s.carried)
	for name, data := range map[string][]byte{
		"with its source": signed, "by hand": embed(t, cwasm(), compiler), "by others": embed(t, cwasm(), stranger),
	} {
		if got := digest(data); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if broken := digest(append(signed, 'x')); broken == want || broken == "" {
		t.Errorf("a broken one: %q", broken)
	}
}

// TestKindIsDemanded: a policy may ask for a kind of native code.
func TestKindIsDemanded(t *testing.T) {
	for kind, ok := range map[sealwax.Kind]bool{sealwax.KindProgram: true, sealwax.KindCompiled: false, sealwax.KindModule: false} {
		p := onlyNative()
		p.Kind = kind
		r := judge(t.Context(), t, embed(t, program(), compiler), p, people())
		if (r.Verdict == sealwax.Allow) != ok {
			t.Errorf("%s: %s", kind, messages(r))
		}
	}
}

func TestInspect(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	signed := sign(t, cwasm(), compiler, compiled(s), s.carried)
	inspect := func(data []byte) *sealwax.Inspection {
		in := &sealwax.Inspection{}
		if err := native(t).Inspect(t.Context(), sealwaxtest.Bytes("app", data), in); err != nil {
			t.Fatal(err)
		}
		return in
	}
	in := inspect(signed)
	if len(in.Signatures) != 2 || len(in.Problems) != 0 || len(in.NotProven) != 1 {
		t.Fatalf("%+v", in)
	}
	if made := inspect(embed(t, program(), compiler)); len(made.Signatures) != 1 || len(made.NotProven) != 0 {
		t.Errorf("a program: %+v", made)
	}
	own, carried := in.Signatures[0], in.Signatures[1]
	if own.KeyID != compiler.Public().MinisignID().String() || own.Problem != "" || !strings.Contains(own.Covers, "the first 164 bytes") ||
		len(own.Fields) != 15 || own.Fields[4] != (sealwax.Field{Name: "source", Value: s.ancestor.Digest}) {
		t.Errorf("%+v", own)
	}
	want := sealwax.FoundSignature{
		Format: minisign.Name, Source: "embedded: source.minisig", KeyID: maker.Public().MinisignID().String(),
		Covers: "the source that was compiled, if it is by its signer",
	}
	if diff := cmp.Diff(want, carried); diff != "" {
		t.Error(diff)
	}
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"extended":      {append(bytes.Clone(signed), 'x'), "1 bytes follow it"},
		"no statement":  {forge(t, program(), compiler, "hello", nil), "does not begin with"},
		"carries texts": {forge(t, program(), compiler, "hello", entry("minisign", []byte("x"))), "not a minisign signature"},
	} {
		in := inspect(tc.data)
		if all := fmt.Sprint(in.Problems, in.Signatures); !strings.Contains(all, tc.want) {
			t.Errorf("%s: %s, want %q", name, all, tc.want)
		}
	}
	for _, data := range [][]byte{module, program(), nil} {
		if in := inspect(data); len(in.Signatures)+len(in.Problems)+len(in.NotProven) != 0 {
			t.Errorf("%q: %+v", data, in)
		}
	}
}

// TestTool: who made a statement says so, with a version.
func TestTool(t *testing.T) {
	if _, tr := parts(t, embed(t, program(), compiler)); tr.Statement.Tool != trailer.Tool() || !strings.HasPrefix(trailer.Tool(), "sealwax/") || strings.Contains(trailer.Tool(), "(") {
		t.Errorf("made by %s", tr.Statement.Tool)
	}
}

// lying is a signer whose signatures do not verify.
type lying struct{ key.Signer }

func (lying) Sign(context.Context, key.SignRequest) ([]byte, error) { return make([]byte, 64), nil }

// TestSignersAreNotBelieved: nor is one that gives up, or a context that is over.
func TestSignersAreNotBelieved(t *testing.T) {
	o := sealwax.SignOptions{Now: now}
	if err := native(t).Embed(t.Context(), sealwaxtest.Bytes("app", program()), io.Discard, lying{compiler}, o); err == nil || !strings.Contains(err.Error(), "does not verify") {
		t.Errorf("a lying signer: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := native(t).Embed(ctx, sealwaxtest.Bytes("app", program()), io.Discard, compiler, o); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	short := &joined{Content: sealwaxtest.Content(program()), more: 1}
	if err := native(t).Embed(t.Context(), sealwaxtest.From("app", short), io.Discard, compiler, o); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that is shorter than it says: %v", err)
	}
	broken := failing{sealwaxtest.Content(program()), 100}
	if err := native(t).Embed(t.Context(), sealwaxtest.From("app", broken), io.Discard, compiler, o); !errors.Is(err, errDisk) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	if err := native(t).Embed(t.Context(), sealwaxtest.Bytes("app", program()), full{}, compiler, o); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
}

var errFull = errors.New("the disk is full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
