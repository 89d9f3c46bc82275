// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/sealwaxtest"
)

func signedSamples(t testing.TB) [][]byte {
	t.Helper()
	s := sourceOf(t, module, maker, minisign.Name, wasmsig.Name)
	return [][]byte{
		sign(t, cwasm(), compiler, compiled(s), s.carried), embed(t, cwasm(), compiler),
		embed(t, program(), compiler), embed(t, peFile(0), compiler),
	}
}

// FuzzParse: no file makes it panic, err, or keep more than the file has.
func FuzzParse(f *testing.F) {
	for _, s := range signedSamples(f) {
		f.Add(s)
		f.Add(append(s, "more"...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tr, err := trailer.Read(bytes.NewReader(data), int64(len(data)))
		if err != nil && !errors.Is(err, trailer.ErrNone) && !errors.Is(err, trailer.ErrSyntax) && !errors.Is(err, trailer.ErrStatement) {
			t.Fatal(err)
		}
		if err == nil {
			kept := len(tr.Text) + len(blockOf(tr))
			if tr.Original < 8 || tr.Original > int64(len(data)) || len(tr.Text) > trailer.MaxStatement || kept > len(data) || len(tr.Carried) > trailer.MaxCarried {
				t.Errorf("beyond the limits: %+v", tr)
			}
		}
		a := sealwaxtest.Bytes("app", data)
		if _, err := native(t).Find(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if err := native(t).Inspect(t.Context(), a, &sealwax.Inspection{}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzMalleability: a file that is read is the one way to write what it says.
func FuzzMalleability(f *testing.F) {
	for _, s := range signedSamples(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tr, err := trailer.Read(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		again, err := tr.Marshal()
		if err != nil || !bytes.Equal(data[tr.Original:], again) {
			t.Errorf("%q is written again as %q, %v", data[tr.Original:], again, err)
		}
	})
}

// FuzzStatement: a text that is taken is the one spelling of what it states.
func FuzzStatement(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(unfold(v[1]))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := trailer.ParseStatement(text)
		if err != nil {
			return
		}
		if again, err := s.Marshal(); err != nil || again != text || len(text) > trailer.MaxStatement {
			t.Errorf("%q is written again as %q, %v", text, again, err)
		}
	})
}

// FuzzFlip: no change of a signed file passes, by the code's signer alone or with
// the source's.
func FuzzFlip(f *testing.F) {
	samples := signedSamples(f)
	f.Add(uint8(0), uint16(3), byte(1), []byte(nil), []byte(nil))
	f.Add(uint8(2), uint16(200), byte(0x20), []byte("x"), []byte("y"))
	f.Fuzz(func(t *testing.T, which uint8, at uint16, with byte, front, behind []byte) {
		whole := samples[int(which)%len(samples)]
		changed := bytes.Clone(whole)
		changed[int(at)%len(changed)] ^= with
		changed = append(append(bytes.Clone(front), changed...), behind...)
		if bytes.Equal(changed, whole) {
			return
		}
		for _, p := range []*sealwax.Policy{anySource(), both()} {
			if r := judge(t.Context(), t, changed, p, people()); r.Verdict == sealwax.Allow {
				t.Errorf("allowed: %q", changed)
			}
		}
	})
}

// anySource asks for the code's signer alone.
func anySource() *sealwax.Policy {
	p := onlyNative()
	p.AnySource = true
	return p
}
