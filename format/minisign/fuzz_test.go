// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/sealwaxtest"
)

func seeds(f *testing.F) {
	f.Helper()
	for _, name := range vectors(f) {
		f.Add([]byte(readVector(f, name).sig))
	}
}

// FuzzParse: no input makes it panic, and what it takes keeps the limits.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := minisign.Parse(data)
		if err != nil {
			return
		}
		if len(data) > minisign.MaxFile || len(got.Untrusted) > minisign.MaxUntrusted || minisign.CheckTrusted(got.Trusted) != nil {
			t.Errorf("beyond the limits: %+v", got)
		}
		fields, text := minisign.ParseComment(got.Trusted)
		if n := len(text); n > len(got.Trusted) || len(fields) > 1+strings.Count(got.Trusted, "\t") {
			t.Errorf("%q grew: %v, %q", got.Trusted, fields, text)
		}
	})
}

// FuzzMalleability: a file that is taken is the one spelling of what it says,
// save line ends and blank lines at the end.
func FuzzMalleability(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := minisign.Parse(data)
		if err != nil {
			return
		}
		lines := strings.SplitN(string(data), "\n", 5)
		want := ""
		for _, line := range lines[:4] {
			want += strings.TrimSuffix(line, "\r") + "\n"
		}
		written := got.Marshal()
		if string(written) != want {
			t.Errorf("%q is written again as %q", data, written)
		}
		again, err := minisign.Parse(written)
		if err != nil || *again != *got {
			t.Errorf("read again: %+v, %v; want %+v", again, err, got)
		}
	})
}

// FuzzFlip: no change of the file, or of the signature outside its untrusted
// comment, passes.
func FuzzFlip(f *testing.F) {
	s, data := sealwaxtest.Key(1), []byte("data that is signed")
	sig := file(f, s, data, "timestamp:1\tversion:1", false).Marshal()
	legacy := file(f, s, data, "timestamp:1", true).Marshal()
	f.Add(uint16(30), byte(1), []byte(nil), false)
	f.Add(uint16(0), byte(0x20), []byte("x"), true)
	f.Fuzz(func(t *testing.T, at uint16, with byte, behind []byte, old bool) {
		whole := sig
		if old {
			whole = legacy
		}
		changed := bytes.Clone(whole)
		changed[int(at)%len(changed)] ^= with
		changed = append(changed, behind...)
		r := judge(t, s.Public(), data, changed, lax)
		if r.Verdict == sealwax.Allow && !sameSigned(changed, whole) {
			t.Errorf("allowed: %q", changed)
		}
		if len(behind) > 0 && judge(t, s.Public(), slices.Concat(data, behind), whole, lax).Verdict == sealwax.Allow {
			t.Errorf("allowed with %q behind the data", behind)
		}
	})
}

// sameSigned reports whether two signature files differ only in what nothing
// signs: the untrusted comment, line ends, and blank lines at the end.
func sameSigned(a, b []byte) bool {
	signed := func(s []byte) string {
		_, rest, _ := strings.Cut(strings.ReplaceAll(string(s), "\r\n", "\n"), "\n")
		return strings.TrimRight(rest, "\r\n")
	}
	return signed(a) == signed(b)
}
