// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
)

func inspect(t testing.TB, b []byte, companions ...sealwax.Companion) *sealwax.Inspection {
	t.Helper()
	into := &sealwax.Inspection{}
	if err := (Format{}).Inspect(context.Background(), artifact(t, b, companions...), into); err != nil {
		t.Fatal(err)
	}
	return into
}

func TestInspect(t *testing.T) {
	in := inspect(t, vector(t, "e2.wasm"))
	var covers []string
	for _, s := range in.Signatures {
		if s.Format != Name || s.Source != sealwax.Embedded || s.Algorithm != "ed25519" || len(s.KeyID) != 24 || s.Problem != "" {
			t.Errorf("%+v", s)
		}
		covers = append(covers, s.Covers)
	}
	if d := cmp.Diff([]string{"part 1 of 2", "whole"}, covers); d != "" {
		t.Error(d)
	}
	p := payloadOf(t, vector(t, "e2.wasm"))
	if len(in.Parts) != 2 || in.Parts[1].SHA256 != hex.EncodeToString(p.Sets[1].Hashes[1][:]) {
		t.Errorf("parts %+v", in.Parts)
	}
	n := 0
	for _, part := range in.Parts {
		n += part.Sections
	}
	if n != len(in.Sections)-1 || in.Sections[0].Name != signatureSection || in.Sections[1].Name != "type" {
		t.Errorf("%d sections in parts, sections %+v", n, in.Sections)
	}
	if len(in.Problems) > 0 || len(in.NotProven) < 2 {
		t.Errorf("problems %q, not proven %q", in.Problems, in.NotProven)
	}
}

func TestInspectCoverage(t *testing.T) {
	for _, tc := range []struct {
		file string
		want []string
	}{
		{"s12", []string{"whole", "whole"}},
		{"e1x", []string{"part 1 of 2"}},
		{"t_append", []string{"nothing here"}},
		{"b_ss_repad", []string{"nothing here (it matches only a re-encoded form)"}},
		{"t_trailing", []string{"nothing here"}},
		{"u_append_nodelim", []string{"parts 1 to 3 of 4"}},
	} {
		var got []string
		in := inspect(t, vector(t, tc.file+".wasm"))
		for _, s := range in.Signatures {
			got = append(got, s.Covers)
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s: %s", tc.file, d)
		}
		open := slices.ContainsFunc(in.NotProven, func(s string) bool { return strings.HasPrefix(s, "nothing covers what follows") })
		if want := strings.HasPrefix(tc.want[0], "part"); open != want {
			t.Errorf("%s: %q", tc.file, in.NotProven)
		}
	}
}

func TestInspectRecords(t *testing.T) {
	in := inspect(t, vector(t, "v_unknownalg_first.wasm"))
	if s := in.Signatures[0]; s.Algorithm != "unknown (0x07)" || s.Problem == "" {
		t.Errorf("%+v", s)
	}
	in = inspect(t, vector(t, "v_badlen_first.wasm"))
	if s := in.Signatures[0]; !strings.Contains(s.Problem, "63 bytes") {
		t.Errorf("%+v", s)
	}
	in = inspect(t, []byte("text"), beside1(vector(t, "d2.sig"))...)
	if len(in.Signatures) != 2 || in.Signatures[0].Covers != "nothing here" || in.Signatures[0].Source != "m.wasm.wasmsig" {
		t.Errorf("%+v", in.Signatures)
	}
	if len(in.NotProven) != 1 { // it has no preamble to speak of
		t.Errorf("%q", in.NotProven)
	}
	if in = inspect(t, plain(t), beside1(vector(t, "d2.sig"))...); in.Signatures[1].Covers != "whole" {
		t.Errorf("%+v", in.Signatures)
	}
	if in = inspect(t, plain(t), sealwax.Companion{Name: "x", Data: []byte("untrusted comment: ")}); len(in.Signatures)+len(in.NotProven) > 0 {
		t.Errorf("%+v", in)
	}
}

func TestInspectMetadata(t *testing.T) {
	fields := []sealwax.Field{{Name: "name", Value: "hello"}, {Name: "version", Value: "1"}}
	in := inspect(t, embed(t, plain(t), secret(t, 1), sealwax.SignOptions{Fields: fields}))
	if d := cmp.Diff(fields, in.Metadata); d != "" {
		t.Error(d)
	}
}

// TestInspectProblems: what is broken is said and ends nothing.
func TestInspectProblems(t *testing.T) {
	for name, tc := range map[string]struct {
		b    []byte
		want string
	}{
		"trailing":       {vector(t, "t_trailing.wasm"), "malformed"},
		"two sections":   {vector(t, "t_dupsig.wasm"), "second signature section"},
		"payload":        {vector(t, "t_sigtrail.wasm"), "follow the last set"},
		"kind":           {vector(t, "t_component_hdr.wasm"), "core module"},
		"meta":           {wasm(custom(MetaSection, "x")), "metadata"},
		"delimiter":      {wasm(custom(delimiterSection, "x")), "usual 16 random bytes"},
		"names":          {wasm(strings.Repeat(custom(strings.Repeat("n", 60<<10), ""), 18)), "names take"},
		"too many parts": {wasm(strings.Repeat(custom(delimiterSection, strings.Repeat("x", 16)), 65)), "65 parts"},
	} {
		in := inspect(t, tc.b)
		if !slices.ContainsFunc(in.Problems, func(s string) bool { return strings.Contains(s, tc.want) }) {
			t.Errorf("%s: %q", name, in.Problems)
		}
	}
}

// The neighbours' payloads, as their tools write them.
var (
	spec01  = "\x01\x01\x01\x01" + "\x01" + hash32 + "\x01" + "\x00\x01" + block(sig64)
	old01   = "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block(block("twelve bytes")+block(sig64)))
	oldest  = "\x01\x01\x01" + "\x01" + hash32 + "\x01" + "\x00" + block("\x01"+sig64)
	wasmECC = "\x00\x46\x30\x44" + strings.Repeat("e", 68) + strings.Repeat("\x00", 34)
)

func TestNeighbours(t *testing.T) {
	a := string(plain(t))
	v1 := strings.Repeat("v", 68)
	for _, tc := range []struct {
		name, b, want string
	}{
		{"sigil", string(signedWith([]byte(a), []byte("\x02\x02keyless"))), "sigil"},
		{"spec", string(signedWith([]byte(a), []byte(spec01))), "published text"},
		{"0.1.x", string(signedWith([]byte(a), []byte(old01))), "0.1.x"},
		{"2021", string(signedWith([]byte(a), []byte(oldest))), "2021"},
		{"2021, lengths", string(signedWith([]byte(a), []byte("\x01\x01\x01"+block("\x01"+hash32+"\x01"+block("\x00"+block("\x01"+sig64)))))), "2021"},
		{"v1", a + custom("signature_wasmsign", v1), "wasmsign v1"},
		{"wascap", a + custom("wasmcloud_jwt", "e30"), "wascap"},
		{"old wascap", a + custom("jwt", "e30"), "wascap"},
		{"DuckDB", a + custom("duckdb_signature", "x"), "DuckDB"},
		{"cosign", a + custom("wasm-cosign", "x"), "cosign"},
		{"wasm-sign", a + custom(signatureSection, wasmECC), "wasm-sign"},
		{"wasm-sign, alone", modulePreamble + custom(signatureSection, wasmECC), "wasm-sign"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := inspect(t, []byte(tc.b))
			if len(in.Neighbours) != 1 || !strings.Contains(in.Neighbours[0], tc.want) || len(in.Signatures) > 0 || len(in.Problems) > 0 {
				t.Errorf("%q, %q, %q", in.Neighbours, in.Signatures, in.Problems)
			}
			denies(t, []byte(tc.b), sealwax.CodeSignatureForeign, secret(t, 1).Public())
			r, _ := verify(t, []byte(tc.b), anyOf(1), nil, secret(t, 1).Public())
			if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Message, tc.want) {
				t.Errorf("findings %+v", r.Findings)
			}
		})
	}
	for _, payload := range []string{spec01, old01} {
		r, err := verify(t, []byte(a), anyOf(1), beside1([]byte(payload)), secret(t, 1).Public())
		if err == nil || !r.Has(sealwax.CodeSignatureForeign) {
			t.Errorf("beside: %+v", r.Findings)
		}
	}
	nearly(t)
	if got := classify([]byte(ok1 + "x")); got != "" {
		t.Errorf("a broken payload is %q", got)
	}
	certified := "\x01\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00\x01"+block(sig64)+"\x01\x03der"))
	if in := inspect(t, signedWith(plain(t), []byte(certified))); len(in.Neighbours) != 1 || !strings.Contains(in.Neighbours[0], "sigil") {
		t.Errorf("%q", in.Neighbours)
	}
}

// nearly: a payload that is cut, goes on, or has one odd length is nobody's.
func nearly(t *testing.T) {
	t.Helper()
	lengths := "\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00"+block("\x01"+sig64)))
	for _, payload := range []string{spec01, oldest, lengths} {
		if classify([]byte(payload)) == "" {
			t.Fatalf("%x is not recognised", payload)
		}
		for i := range payload {
			if got := classify([]byte(payload[:i])); got != "" {
				t.Errorf("%x is %s", payload[:i], got)
			}
		}
		if got := classify([]byte(payload + "x")); got != "" {
			t.Errorf("%x, and more: %s", payload, got)
		}
		if got := classify([]byte("\x03" + payload[1:])); got != "" {
			t.Errorf("version 3: %s", got)
		}
	}
	for name, payload := range map[string]string{
		"a short signature":         "\x01\x01\x01\x01" + "\x01" + hash32 + "\x01" + "\x00\x01" + block("s"),
		"a short signature of 2021": "\x01\x01\x01" + "\x01" + hash32 + "\x01" + "\x00" + block("s"),
		"a long record":             "\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00"+block("\x01"+sig64)+"x")),
		"a long set":                "\x01\x01\x01" + block("\x01"+hash32+"\x01"+block("\x00"+block("\x01"+sig64))+"x"),
		"a lying set":               "\x01\x01\x01\x7f" + "\x01" + hash32,
		"a lying key id":            "\x01\x01\x01\x01" + "\x01" + hash32 + "\x01" + "\x7f\x01" + block(sig64),
		"no hashes":                 "\x01\x01\x01\x01" + "\x00" + "\x01" + "\x00\x01" + block(sig64),
		"no signatures":             "\x01\x01\x01\x01" + "\x01" + hash32 + "\x00",
		"no sets":                   "\x01\x01\x01\x00",
	} {
		if got := classify([]byte(payload)); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestNeighbourBeside: another tool's section does not stand in the way of a
// signature that can be checked.
func TestNeighbourBeside(t *testing.T) {
	k := secret(t, 1)
	b := append(bytes.Clone(plain(t)), custom("wasmcloud_jwt", "e30")...)
	allows(t, embed(t, b, k, sealwax.SignOptions{}), k.Public())
	b = signedWith(plain(t), []byte("\x02\x02keyless"))
	if r, err := verify(t, b, anyOf(1), beside1(detachedSig(t, b, k)), k.Public()); err != nil {
		t.Errorf("%v %+v", err, r.Findings)
	}
}
