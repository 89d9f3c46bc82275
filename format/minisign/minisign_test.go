// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// unsigned reports whether an offset lies in the text of the untrusted comment,
// which nothing signs.
func unsigned(sig []byte) func(string, int) bool {
	end := bytes.IndexByte(sig, '\n')
	return func(source string, offset int) bool {
		return source == "file.minisig" && offset >= len("untrusted comment: ") && offset < end
	}
}

func TestFormat(t *testing.T) {
	var signed []sealwaxtest.Signed
	for name, data := range map[string][]byte{"file": []byte("the data\n"), "empty": nil, "module": []byte("\x00asm\x01\x00\x00\x00")} {
		s := sealwaxtest.Key(1)
		sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes(name, data), s, sealwax.SignOptions{Comment: "hi", Now: time.Unix(9, 0)})
		if err != nil {
			t.Fatal(err)
		}
		signed = append(signed, sealwaxtest.Signed{
			Name: name, Content: data, Companions: []sealwax.Companion{beside(sig)},
			By: sealwaxtest.Anchor("alice", s.Public(), sealwax.RoleRelease), Free: unsigned(sig),
		})
	}
	sealwaxtest.RunFormat(t, minisign.Format{}, signed...)
}

// TestMake: what is written is what minisign's own tools write, to the byte.
func TestMake(t *testing.T) {
	s := sealwaxtest.Key(1).WithID(key.ID{1, 2, 3, 4, 5, 6, 7, 8})
	sig, err := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes("dir/tool.tar", []byte("x")), s, sealwax.SignOptions{
		Comment: "free text", Now: time.Unix(1700000000, 5), Fields: []sealwax.Field{{Name: "version", Value: "1.2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := minisign.Parse(sig)
	if err != nil {
		t.Fatal(err)
	}
	const trusted = "timestamp:1700000000\tfile:tool.tar\thashed\tversion:1.2\tfree text"
	if f.Trusted != trusted || f.Legacy || f.Untrusted != "minisign signature by key 0807060504030201" || !bytes.Equal(f.Marshal(), sig) {
		t.Errorf("%+v\n%s", f, sig)
	}
	want := file(t, s, []byte("x"), trusted, false)
	if f.Signature != want.Signature || f.Global != want.Global {
		t.Error("other signatures than by hand")
	}
	r := judge(t, s.Public(), []byte("x"), sig, strict)
	if c := r.Counted[0]; c.Comment != "free text" || strings.Join(c.Values("version"), ",") != "1.2" || c.Source != "file.minisig" {
		t.Errorf("%+v", c)
	}
}

// liar is a signer whose answers are somebody else's, or an error.
type liar struct {
	key.Signer
	other key.Signer
	err   error
	left  int // good answers before
}

func (l *liar) Sign(ctx context.Context, r key.SignRequest) ([]byte, error) {
	if l.left > 0 {
		l.left--
		return l.Signer.Sign(ctx, r)
	}
	if l.err != nil {
		return nil, l.err
	}
	return l.other.Sign(ctx, r)
}

func TestMakeBelievesNoSigner(t *testing.T) {
	errGone := errors.New("the token is gone")
	for left := range 2 {
		for _, err := range []error{nil, errGone} {
			l := &liar{sealwaxtest.Key(1), sealwaxtest.Key(2), err, left}
			sig, got := minisign.Format{}.Make(t.Context(), sealwaxtest.Bytes("x", nil), l, sealwax.SignOptions{})
			if got == nil || sig != nil || (err != nil && !errors.Is(got, err)) {
				t.Errorf("after %d good answers: %q, %v", left, sig, got)
			}
		}
	}
}

func TestMakeRefuses(t *testing.T) {
	make := func(ctx context.Context, o sealwax.SignOptions) error {
		_, err := minisign.Format{}.Make(ctx, sealwaxtest.Bytes("x", nil), sealwaxtest.Key(1), o)
		return err
	}
	if make(t.Context(), sealwax.SignOptions{Comment: "two\nlines"}) == nil {
		t.Error("a line feed in the comment")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := make(ctx, sealwax.SignOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestFlippedAlgorithm: the algorithm is not signed, so each is held to its own.
func TestFlippedAlgorithm(t *testing.T) {
	s, data := sealwaxtest.Key(1), []byte("data")
	for _, legacy := range []bool{false, true} {
		f := file(t, s, data, "t", legacy)
		if r := judge(t, s.Public(), data, f.Marshal(), lax); r.Verdict != sealwax.Allow {
			t.Fatal(messages(r))
		}
		f.Legacy = !f.Legacy
		if r := judge(t, s.Public(), data, f.Marshal(), lax); r.Verdict != sealwax.Deny {
			t.Errorf("from legacy %v: allowed", legacy)
		}
	}
}

// TestLegacy: streaming gives what the standard library gives, at every size
// around the blocks of the read; and only when it is allowed.
func TestLegacy(t *testing.T) {
	s := sealwaxtest.Key(1)
	for _, size := range []int{0, 1, 63, 65, 127, 128, 1 << 20, 1<<20 + 1, 3<<20 + 7} {
		data := bytes.Repeat([]byte("legacy"), size/6+1)[:size]
		sig := file(t, s, data, "t", true).Marshal()
		if r := judge(t, s.Public(), data, sig, strict); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignatureLegacy) {
			t.Errorf("%d bytes: %v by default, %s", size, r.Verdict, messages(r))
		}
		if r := judge(t, s.Public(), data, sig, lax); r.Verdict != sealwax.Allow {
			t.Errorf("%d bytes: %s", size, messages(r))
		}
		if r := judge(t, s.Public(), append(data, 0), sig, lax); r.Verdict != sealwax.Deny {
			t.Errorf("%d bytes and one more: allowed", size)
		}
	}
}

// TestLegacyOf64Bytes: it may be another file's digest.
func TestLegacyOf64Bytes(t *testing.T) {
	s := sealwaxtest.Key(1)
	f := file(t, s, []byte("another file"), "t", false)
	f.Legacy = true
	digest := make([]byte, 64)
	for _, sig := range [][]byte{f.Marshal(), file(t, s, digest, "t", true).Marshal()} {
		if r := judge(t, s.Public(), digest, sig, lax); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignatureLegacy) {
			t.Errorf("%v: %s", r.Verdict, messages(r))
		}
	}
}

func TestLegacyEveryBit(t *testing.T) {
	s, data := sealwaxtest.Key(1), []byte("legacy data")
	sig := file(t, s, data, "t", true).Marshal()
	free := unsigned(sig)
	for bit := range 8 * len(sig) {
		bad := bytes.Clone(sig)
		bad[bit/8] ^= 1 << (bit % 8)
		if !free("file.minisig", bit/8) && judge(t, s.Public(), data, bad, lax).Verdict != sealwax.Deny {
			t.Errorf("bit %d flipped: allowed", bit)
		}
	}
}

// TestUnread: what was not read is not proven, not even by a signature of
// nothing, and nobody signs with no key.
func TestUnread(t *testing.T) {
	s := sealwaxtest.Key(1)
	ofNothing := file(t, s, nil, "t", true)
	legacy := ofNothing.Marshal()
	ofNothing.Legacy = false // line 2 says: hashed. What was hashed? Nothing.
	for name, sig := range map[string][]byte{"hashed": ofNothing.Marshal(), "legacy": legacy} {
		a := sealwaxtest.Bytes("file", []byte("data"), beside(sig))
		found, err := minisign.Format{}.Find(t.Context(), a)
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		if c, err := found[0].Check(t.Context(), a, sealwax.Anchor{Key: s.Public()}); err == nil {
			t.Errorf("%s: proven before anything is read: %+v", name, c)
		}
	}
	f := file(t, s, nil, "t", false)
	f.KeyID = key.Public{}.MinisignID()
	if r := judge(t, key.Public{}, nil, f.Marshal(), strict); !r.Has(sealwax.CodeSignerUnknown) {
		t.Error(messages(r))
	}
}

// TestKeyIDs: several keys under one id are all tried, the id must be the key's
// own, and the id is the file's, not what is derived from the key.
func TestKeyIDs(t *testing.T) {
	id := key.ID{7}
	s, twin := sealwaxtest.Key(1).WithID(id), sealwaxtest.Key(2).WithID(id)
	data := []byte("data")
	for _, legacy := range []bool{false, true} {
		sig := file(t, s, data, "t", legacy).Marshal()
		v := &sealwax.Verifier{Formats: []sealwax.Format{minisign.Format{}}, Trust: sealwaxtest.Trusting(sealwax.RoleRelease, twin.Public(), s.Public())}
		if r, err := v.Verify(t.Context(), sealwaxtest.Bytes("file", data, beside(sig)), lax); err != nil || !r.Counted[0].By.Key.Equal(s.Public()) {
			t.Errorf("legacy %v: behind a key of the same id: %v", legacy, err)
		}
		if r := judge(t, sealwaxtest.Key(1).Public(), data, sig, lax); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignerUnknown) {
			t.Errorf("legacy %v: the same key under another id: %v", legacy, r.Verdict)
		}
	}
}

func TestFindByContentAndName(t *testing.T) {
	good := file(t, sealwaxtest.Key(1), nil, "t", false).Marshal()
	for _, tc := range []struct {
		name, data string
		found      bool
	}{
		{"x.sig", string(good), true},
		{"x.minisig", "junk", true},
		{"x.minisig", "\x01\x01\x01", false}, // a module signature under this name
		{"x.sig", "junk", false},
		{"x.sig", "untrusted comment:junk", true},
		{"x.sig", "\xef\xbb\xbf" + string(good), true},
	} {
		found, err := minisign.Format{}.Find(t.Context(), sealwaxtest.Bytes("x", nil, sealwax.Companion{Name: tc.name, Data: []byte(tc.data)}))
		if err != nil || (len(found) == 1) != tc.found {
			t.Errorf("%s with %.20q: %d found, %v", tc.name, tc.data, len(found), err)
		}
	}
}

func TestInspect(t *testing.T) {
	s := sealwaxtest.Key(1).WithID(key.ID{1})
	a := sealwaxtest.Bytes("x", nil,
		beside(file(t, s, nil, "version:1\tfree", false).Marshal()),
		sealwax.Companion{Name: "old.minisig", Data: file(t, s, nil, "t", true).Marshal()},
		sealwax.Companion{Name: "bad.minisig", Data: []byte("junk")})
	in := &sealwax.Inspection{}
	if err := (minisign.Format{}).Inspect(t.Context(), a, in); err != nil || len(in.Signatures) != 3 {
		t.Fatal(in, err)
	}
	first, old, bad := in.Signatures[0], in.Signatures[1], in.Signatures[2]
	if first.KeyID != "0000000000000001" || first.Comment != "free" || len(first.Fields) != 1 || strings.Contains(first.Algorithm, "legacy") {
		t.Errorf("%+v", first)
	}
	if !strings.Contains(old.Algorithm, "legacy") || bad.Problem == "" || bad.KeyID != "" {
		t.Errorf("%+v\n%+v", old, bad)
	}
}

// TestConstantMemory verifies 256 MiB, prehashed and legacy. What it allocates
// in all its course is less than a thirtieth of that.
func TestConstantMemory(t *testing.T) {
	const size, limit = 256 << 20, 8 << 20
	if testing.Short() {
		t.Skip("it hashes 1 GiB")
	}
	s, c := sealwaxtest.Key(1), sealwaxtest.Synthetic(size, 9)
	legacy := &minisign.File{Legacy: true, KeyID: s.Public().MinisignID(), Signature: streamSign(t, s, c)}
	seal(t, s, legacy)
	hashed, err := minisign.Format{}.Make(t.Context(), sealwaxtest.From("x", c), s, sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v := &sealwax.Verifier{Formats: []sealwax.Format{minisign.Format{}}, Trust: sealwaxtest.Trusting(sealwax.RoleRelease, s.Public())}
	for name, sig := range map[string][]byte{"legacy": legacy.Marshal(), "prehashed": hashed} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := v.Verify(t.Context(), sealwaxtest.From("x", c, beside(sig)), lax)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > limit {
			t.Errorf("%s: %d bytes allocated, want at most %d", name, got, limit)
		}
	}
}
