// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

func TestFormat(t *testing.T) {
	sealwaxtest.RunFormat(t, native(t),
		sealwaxtest.Signed{Name: "elf", Content: embed(t, program(), compiler), By: people()[1]},
		sealwaxtest.Signed{Name: "pe", Content: embed(t, peFile(0), compiler), By: people()[1]},
	)
}

// TestBothSpeak: the source's signer and the code's are both asked, without the
// source.
func TestBothSpeak(t *testing.T) {
	for _, files := range [][]string{{minisign.Name}, {wasmsig.Name}, {minisign.Name, wasmsig.Name}} {
		s := sourceOf(t, module, maker, files...)
		r := judge(t.Context(), t, sign(t, cwasm(), compiler, compiled(s), s.carried), both(), people())
		if r.Verdict != sealwax.Allow || r.Have != 2 || len(r.Counted) != 1+len(files) {
			t.Errorf("%s: %d claims: %s", files, len(r.Counted), messages(r))
		}
	}
}

// TestClaims: what the two signatures say.
func TestClaims(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	r := judge(t.Context(), t, sign(t, cwasm(), compiler, compiled(s), s.carried), both(), people())
	if r.Verdict != sealwax.Allow {
		t.Fatal(messages(r))
	}
	of, on := r.Counted[0], r.Counted[1]
	want := []sealwax.Field{
		{Name: "kind", Value: "compiled"},
		{Name: "length", Value: fmt.Sprint(len(cwasm()))},
		{Name: "tool", Value: "sealwax/1.2.3"},
		{Name: "timestamp", Value: "2026-11-24T18:00:00Z"},
		{Name: "source", Value: s.ancestor.Digest},
		{Name: "source-name", Value: "app.wasm"},
		{Name: "source-verified", Value: "yes"},
		{Name: "engine", Value: "wasmtime"},
		{Name: "engine-version", Value: "44.0.0"},
		{Name: "binding", Value: "v44.0.0"},
		{Name: "library", Value: "44.0.0"},
		{Name: "target", Value: "x86_64-unknown-linux-gnu"},
		{Name: "cpu", Value: "baseline"},
		{Name: "opt-level", Value: "speed"},
		{Name: "features", Value: "+sse3,-avx"},
	}
	if diff := cmp.Diff(want, of.Fields); diff != "" {
		t.Errorf("the code's claim (-want +got)\n%s", diff)
	}
	if of.Format != trailer.Name || of.Source != sealwax.Embedded || of.Role != sealwax.RoleNative || !of.Covers.Whole || of.From != s.ancestor || !of.Of.IsZero() {
		t.Errorf("the code's claim: %+v", of)
	}
	if on.Format != minisign.Name || on.Source != "embedded: source.minisig" || on.Role != sealwax.RoleRelease || on.Of != s.ancestor || !on.From.IsZero() || on.Carry != nil {
		t.Errorf("the source's claim: %+v", on)
	}
	made := judge(t.Context(), t, embed(t, program(), compiler), onlyNative(), people())
	if fields := made.Counted[0].Fields; len(fields) != 4 || fields[0].Value != "program" || !made.Counted[0].From.IsZero() {
		t.Errorf("a program's claim: %+v", made.Counted[0])
	}
	if got := on.Values("file"); len(got) != 1 || got[0] != "app.wasm" {
		t.Errorf("the source's claim states file %q", got)
	}
	if sum := sha256.Sum256(cwasm()); r.Artifact.Digest != "sha256:"+hex.EncodeToString(sum[:]) {
		t.Errorf("digest %s: want the original's", r.Artifact.Digest)
	}
}

// TestRoles: each signature speaks in one role, and a key in another is none.
func TestRoles(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	signed := sign(t, cwasm(), compiler, compiled(s), s.carried)
	self := sourceOf(t, module, compiler, minisign.Name)
	alone := sign(t, cwasm(), compiler, compiled(self), self.carried)
	bare := sourceOf(t, module, maker)
	unsigned := sign(t, cwasm(), compiler, compiled(bare), nil)
	release := func(name string, k int) sealwax.Anchor {
		return sealwaxtest.Anchor(name, sealwaxtest.Key(k).Public(), sealwax.RoleRelease)
	}
	in := func(name string, k int) sealwax.Anchor {
		return sealwaxtest.Anchor(name, sealwaxtest.Key(k).Public(), sealwax.RoleNative)
	}
	for name, tc := range map[string]struct {
		data  []byte
		trust sealwaxtest.Trust
		want  sealwax.Code // "" is allowed
	}{
		"both":                     {signed, people(), ""},
		"roles exchanged":          {signed, sealwaxtest.Trust{in("maker", 1), release("compiler", 2)}, sealwax.CodeSignerRole},
		"compiler only":            {signed, people()[1:], sealwax.CodeSourceUnsigned},
		"maker only":               {signed, people()[:1], sealwax.CodeSourceUnbound},
		"compiler in both, alone":  {signed, sealwaxtest.Trust{release("c", 2), in("c", 2)}, sealwax.CodeSourceUnsigned},
		"maker in both, alone":     {signed, sealwaxtest.Trust{release("m", 1), in("m", 1)}, sealwax.CodeSourceUnbound},
		"strangers":                {signed, sealwaxtest.Trust{release("s", 3), in("s", 3)}, sealwax.CodeSignerUnknown},
		"one key in both roles":    {alone, sealwaxtest.Trust{release("c", 2), in("c", 2)}, ""},
		"one key, release only":    {alone, sealwaxtest.Trust{release("c", 2)}, sealwax.CodeSignerRole},
		"one key, native only":     {alone, sealwaxtest.Trust{in("c", 2)}, sealwax.CodeSignerRole},
		"nothing carried":          {unsigned, people(), sealwax.CodeSourceUnsigned},
		"signed by hand":           {embed(t, cwasm(), compiler), people(), sealwax.CodePolicyUnmet},
		"a release key signs code": {sign(t, cwasm(), maker, compiled(s), s.carried), people(), sealwax.CodeSignerRole},
	} {
		r := judge(t.Context(), t, tc.data, both(), tc.trust)
		if (r.Verdict == sealwax.Allow) != (tc.want == "") || tc.want != "" && !r.Has(tc.want) {
			t.Errorf("%s: %v, want %q:\n%s", name, r.Verdict, tc.want, messages(r))
		}
	}
}

// TestCarriedOnSomethingElse: a good signature on another module is none on this
// one's source.
func TestCarriedOnSomethingElse(t *testing.T) {
	other := append(bytes.Clone(module), "\x00\x06\x05other"...)
	for _, name := range []string{minisign.Name, wasmsig.Name} {
		s := sourceOf(t, module, maker, name)
		s.carried = sourceOf(t, other, maker, name).carried
		r := judge(t.Context(), t, sign(t, cwasm(), compiler, compiled(s), s.carried), both(), people())
		if r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignatureInvalid) {
			t.Errorf("%s: %v: %s", name, r.Verdict, messages(r))
		}
	}
}

// TestPartOfTheSource: a module signature of leading parts is not on what was
// compiled.
func TestPartOfTheSource(t *testing.T) {
	var split bytes.Buffer
	if err := (wasmsig.Format{}).Split(t.Context(), sealwaxtest.Bytes("app.wasm", module), &split, nil); err != nil {
		t.Fatal(err)
	}
	first := sourceOf(t, split.Bytes(), maker, wasmsig.Name)
	longer := append(split.Bytes(), "\x00\x06\x05other"...)
	s := sourceOf(t, longer, maker, wasmsig.Name)
	s.carried = first.carried
	if r := judge(t.Context(), t, sign(t, cwasm(), compiler, compiled(s), s.carried), both(), people()); r.Verdict != sealwax.Deny {
		t.Error("allowed with a signature of a part")
	}
}

// TestStatementsThatLie: a statement that is signed, and is not of this file.
func TestStatementsThatLie(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	original, tr := parts(t, sign(t, cwasm(), compiler, compiled(s), s.carried))
	true1, block := tr.Text, blockOf(tr)
	otherBlock := entry(minisign.Name, sourceOf(t, module, stranger, minisign.Name).carried[0].Data)
	otherSum := sha256.Sum256(otherBlock)
	rebound := strings.Replace(true1, tr.Statement.Carried, "sha256:"+hex.EncodeToString(otherSum[:]), 1)
	swap := func(old, with string) string {
		if !strings.Contains(true1, old) {
			t.Fatalf("%q is not in %s", old, true1)
		}
		return strings.Replace(true1, old, with, 1)
	}
	for name, tc := range map[string]struct {
		original  []byte
		statement string
		block     []byte
		want      string
	}{
		"true":                  {original, true1, block, ""},
		"another key":           {original, swap("key="+tr.KeyID.String(), "key=0123456789ABCDEF"), block, "names the key"},
		"another length":        {original, swap(fmt.Sprintf("length=%d", len(original)), "length=1"), block, "is for 1 bytes"},
		"other bytes":           {original, swap(tr.Statement.BLAKE2b512, strings.Repeat("0", 128)), block, "for other bytes"},
		"another kind":          {program(), true1, block, "is for compiled code, and this is a program"},
		"carried exchanged":     {original, true1, otherBlock, "not those that the statement was made with"},
		"carried dropped":       {original, true1, nil, "not those that the statement was made with"},
		"carried by others":     {original, rebound, otherBlock, "name the keys"},
		"no statement":          {original, "timestamp:1\tfile:app", nil, "does not begin with"},
		"version of the future": {original, swap("/v1 ", "/v2 "), block, "does not begin with"},
		"another spelling":      {original, swap("app.wasm", "app%2Ewasm"), block, "one spelling"},
	} {
		signed := forge(t, tc.original, compiler, tc.statement, tc.block)
		p := onlyNative()
		p.AnySource = true // so that the code's own signature is asked, and no other
		r := judge(t.Context(), t, signed, p, people()[1:])
		if tc.want == "" {
			if r.Verdict != sealwax.Allow {
				t.Errorf("%s: %s", name, messages(r))
			}
			continue
		}
		if r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignatureMalformed) || !strings.Contains(messages(r), tc.want) {
			t.Errorf("%s: %v, want %q:\n%s", name, r.Verdict, tc.want, messages(r))
		}
	}
}

// TestCarriedAreHeldToTheStatement: the source's signatures too count only as the
// statement names them, whatever becomes of the code's signature.
func TestCarriedAreHeldToTheStatement(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	original, tr := parts(t, sign(t, cwasm(), compiler, compiled(s), s.carried))
	two := append(blockOf(tr), entry(wasmsig.Name, sourceOf(t, module, maker, wasmsig.Name).carried[0].Data)...)
	signed := forge(t, original, compiler, tr.Text, two)
	r := judge(t.Context(), t, signed, sealwax.AnyOf(1, sealwax.RoleRelease), people()[:1])
	if r.Has(sealwax.CodeSourceUnbound) || !r.Has(sealwax.CodeSignatureInvalid) {
		t.Error(messages(r))
	}
}

// TestLegacyIsNotCarried: nothing can be proven by it without the source.
func TestLegacyIsNotCarried(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	f, err := minisign.Parse(s.carried[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	f.Legacy = true
	legacy := []trailer.Carried{{Format: minisign.Name, Data: f.Marshal()}}
	err = native(t).Append(t.Context(), sealwaxtest.Bytes("app", cwasm()), &bytes.Buffer{}, compiler, compiled(s), legacy)
	if err == nil || !strings.Contains(err.Error(), "legacy") {
		t.Errorf("carried: %v", err)
	}
	_, tr := parts(t, sign(t, cwasm(), compiler, compiled(s), s.carried))
	block := entry(minisign.Name, legacy[0].Data)
	sum := sha256.Sum256(block)
	text := strings.Replace(tr.Text, tr.Statement.Carried, "sha256:"+hex.EncodeToString(sum[:]), 1)
	p := both()
	p.AllowLegacy = true
	r := judge(t.Context(), t, forge(t, cwasm(), compiler, text, block), p, people())
	if r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignatureLegacy) {
		t.Error(messages(r))
	}
}

// TestCarriedMustBeSignatures: what nobody could check is not carried.
func TestCarriedMustBeSignatures(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	good := s.carried[0]
	for name, carried := range map[string][]trailer.Carried{
		"an unknown format": {{Format: "cosign", Data: good.Data}},
		"no format":         {{Data: good.Data}},
		"capitals":          {{Format: "Minisign", Data: good.Data}},
		"nothing":           {{Format: minisign.Name}},
		"text":              {{Format: minisign.Name, Data: []byte("untrusted comment: x\n")}},
		"another format's":  {{Format: wasmsig.Name, Data: good.Data}},
		"one twice":         {good, good},
		"too large":         {{Format: minisign.Name, Data: make([]byte, trailer.MaxPayload+1)}},
	} {
		var out bytes.Buffer
		if err := native(t).Append(t.Context(), sealwaxtest.Bytes("app", cwasm()), &out, compiler, compiled(s), carried); err == nil || out.Len() > 0 {
			t.Errorf("%s is carried along: %v", name, err)
		}
	}
	var many []trailer.Carried
	for i := range trailer.MaxCarried + 1 {
		many = append(many, sourceOf(t, module, sealwaxtest.Key(100+i), minisign.Name).carried[0])
	}
	if err := native(t).Append(t.Context(), sealwaxtest.Bytes("app", cwasm()), &bytes.Buffer{}, compiler, compiled(s), many); err == nil || !strings.Contains(err.Error(), "more than 16") {
		t.Errorf("17 carried: %v", err)
	}
}

// TestPayloadIsLimited: what would not be read is not written.
func TestPayloadIsLimited(t *testing.T) {
	s := sourceOf(t, module, maker)
	for i := range trailer.MaxCarried {
		c := sourceOf(t, module, sealwaxtest.Key(100+i), minisign.Name).carried[0]
		c.Data = append(c.Data, bytes.Repeat([]byte("\n"), minisign.MaxFile-len(c.Data))...)
		s.carried = append(s.carried, c)
	}
	err := native(t).Append(t.Context(), sealwaxtest.Bytes("app", cwasm()), &bytes.Buffer{}, compiler, compiled(s), s.carried)
	if err == nil || !strings.Contains(err.Error(), "carry fewer") {
		t.Error(err)
	}
	s.carried = s.carried[1:]
	sign(t, cwasm(), compiler, compiled(s), s.carried)
}

// TestKeyIDIsTheKeysOwn: as with minisign's signatures, another id is another
// signer.
func TestKeyIDIsTheKeysOwn(t *testing.T) {
	signed := embed(t, program(), compiler)
	renamed := compiler.Public().WithID(key.ID{1})
	twin := stranger.Public().WithID(compiler.Public().MinisignID())
	r := judge(t.Context(), t, signed, onlyNative(), sealwaxtest.Trusting(sealwax.RoleNative, renamed, twin))
	if r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignatureInvalid) {
		t.Errorf("by a key of another id: %s", messages(r))
	}
	nobody := sealwax.Anchor{Role: sealwax.RoleNative}
	signed = embed(t, program(), compiler.WithID(nobody.Key.MinisignID()))
	if r := judge(t.Context(), t, signed, onlyNative(), sealwaxtest.Trust{nobody}); r.Verdict != sealwax.Deny || !r.Has(sealwax.CodeSignerUnknown) {
		t.Errorf("by nobody: %s", messages(r))
	}
}

// TestSeveralCarried: two makers, by two signatures in one format.
func TestSeveralCarried(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	s.carried = append(s.carried, sourceOf(t, module, stranger, minisign.Name).carried...)
	trust := append(people(), sealwaxtest.Anchor("second", stranger.Public(), sealwax.RoleRelease))
	p := both()
	p.Need.Of[0].Need = 2
	r := judge(t.Context(), t, sign(t, cwasm(), compiler, compiled(s), s.carried), p, trust)
	if r.Verdict != sealwax.Allow || r.Counted[2].Source != "embedded: source-2.minisig" {
		t.Error(messages(r))
	}
}

// TestAppendRefuses: what is signed here is what will be accepted.
func TestAppendRefuses(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	st := compiled(s)
	unverified := st
	unverified.Verified = false
	for name, tc := range map[string]struct {
		data []byte
		st   trailer.Statement
		want string
	}{
		"another kind":      {program(), st, "is a program"},
		"a text":            {[]byte("hello, world"), st, "no native code"},
		"signed already":    {embed(t, cwasm(), compiler), st, "strip it first"},
		"only the magic":    {append(cwasm(), magic...), st, "strip it first"},
		"an unchecked one":  {cwasm(), unverified, "not verified"},
		"a program carries": {program(), trailer.Statement{Kind: trailer.KindProgram, Tool: "x", Time: now}, "a program carries no"},
		"no time":           {program(), trailer.Statement{Kind: trailer.KindProgram, Tool: "x"}, "carries no|time"},
	} {
		err := native(t).Append(t.Context(), sealwaxtest.Bytes("app", tc.data), &bytes.Buffer{}, compiler, tc.st, s.carried)
		if err == nil || !containsAny(err.Error(), strings.Split(tc.want, "|")) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

func containsAny(s string, any []string) bool {
	for _, a := range any {
		if strings.Contains(s, a) {
			return true
		}
	}
	return false
}

// TestMalformed: each way in which a trailer can be wrong has its own words.
func TestMalformed(t *testing.T) {
	signed := embed(t, program(), compiler)
	original, tr := parts(t, signed)
	payload := signed[len(original) : len(signed)-16]
	long := binary.BigEndian.AppendUint32(bytes.Clone(original), trailer.MaxPayload+1)
	edit := func(at int, b ...byte) []byte {
		p := bytes.Clone(payload)
		copy(p[at:], b)
		return framed(original, p)
	}
	for name, tc := range map[string]struct {
		data []byte
		code sealwax.Code
		want string
	}{
		"a tiny file":          {[]byte("\x7fELFcode"), sealwax.CodeSignatureNone, "no signature"},
		"stripped":             {original, sealwax.CodeSignatureNone, "no signature"},
		"cut at its end":       {signed[:len(signed)-1], sealwax.CodeSignatureNone, "no signature"},
		"cut in front":         {append([]byte("\x7fELF"), signed[len(signed)-20:]...), sealwax.CodeSignatureMalformed, "nothing is left"},
		"extended":             {append(bytes.Clone(signed), 'x'), sealwax.CodeSignatureMalformed, "1 bytes follow it"},
		"in the middle":        {append(bytes.Clone(signed), original...), sealwax.CodeSignatureMalformed, "164 bytes follow it"},
		"doubled":              {forge(t, signed, compiler, tr.Text, nil), sealwax.CodeSignatureMalformed, "a second one"},
		"two magics":           {append(bytes.Clone(signed), magic...), sealwax.CodeSignatureMalformed, "bytes"},
		"a payload too large":  {append(long, magic...), sealwax.CodeSignatureMalformed, "at most 1048576"},
		"a payload too small":  {framed(original, payload[:100]), sealwax.CodeSignatureMalformed, "less than 140"},
		"no room":              {framed(original[:4], payload), sealwax.CodeSignatureMalformed, "nothing is left"},
		"legacy":               {edit(1, 'd'), sealwax.CodeSignatureMalformed, `algorithm "Ed" is unknown`},
		"a statement too long": {edit(74, 0xff, 0xff), sealwax.CodeSignatureMalformed, "a statement of 65535 bytes"},
		"one byte too long":    {forge(t, original, compiler, "sealwax-native/v1 "+strings.Repeat("x", trailer.MaxStatement-17), nil), sealwax.CodeSignatureMalformed, "a statement of 2049 bytes"},
		"a statement cut":      {framed(original, payload[:200]), sealwax.CodeSignatureMalformed, "must be there"},
		"a control character":  {edit(80, 0x1b), sealwax.CodeSignatureMalformed, "control character"},
		"more behind":          {framed(original, append(bytes.Clone(payload), 1)), sealwax.CodeSignatureMalformed, "cut short"},
		"an entry of nothing":  {framed(original, append(bytes.Clone(payload), entry("minisign", nil)...)), sealwax.CodeSignatureMalformed, "of 0 bytes"},
		"a bad name":           {framed(original, append(bytes.Clone(payload), entry("\x1b", []byte("x"))...)), sealwax.CodeSignatureMalformed, "no name of a signature format"},
		"an entry cut":         {framed(original, append(bytes.Clone(payload), entry("minisign", []byte("xyz"))[:15]...)), sealwax.CodeSignatureMalformed, "2 are there"},
		"one entry twice":      {framed(original, append(bytes.Clone(payload), bytes.Repeat(entry("minisign", []byte("xyz")), 2)...)), sealwax.CodeSignatureMalformed, "carried twice"},
		"a long name":          {framed(original, append(bytes.Clone(payload), entry(strings.Repeat("a", 33), []byte("x"))...)), sealwax.CodeSignatureMalformed, "no name of a signature format"},
		"a digit in front":     {framed(original, append(bytes.Clone(payload), entry("1a", []byte("x"))...)), sealwax.CodeSignatureMalformed, "no name of a signature format"},
		"no name":              {framed(original, append(bytes.Clone(payload), entry("", []byte("x"))...)), sealwax.CodeSignatureMalformed, "no name of a signature format"},
		"a name in capitals":   {framed(original, append(bytes.Clone(payload), entry("aB", []byte("x"))...)), sealwax.CodeSignatureMalformed, "no name of a signature format"},
		"a blank in a name":    {framed(original, append(bytes.Clone(payload), entry("a b", []byte("x"))...)), sealwax.CodeSignatureMalformed, "no name of a signature format"},
		"a brace in a name":    {framed(original, append(bytes.Clone(payload), entry("a{", []byte("x"))...)), sealwax.CodeSignatureMalformed, "no name of a signature format"},
		"one in two formats":   {framed(original, slices.Concat(payload, entry("a-1", []byte("x")), entry("b", []byte("x")))), sealwax.CodeSignatureForeign, `"b", which is unknown here`},
		"an unknown format":    {framed(original, append(bytes.Clone(payload), entry("cosign", []byte("xyz"))...)), sealwax.CodeSignatureForeign, "unknown here"},
		"no signature carried": {framed(original, append(bytes.Clone(payload), entry("minisign", []byte("xyz"))...)), sealwax.CodeSignatureMalformed, "not a minisign signature file"},
		"a Mach-O file":        {forge(t, []byte("\xcf\xfa\xed\xfe....code"), compiler, tr.Text, nil), sealwax.CodeSignatureMalformed, "Mach-O"},
		"another program's":    {append(program()[:70], signed[len(original):]...), sealwax.CodeSignatureInvalid, "was changed"},
	} {
		r := judge(t.Context(), t, tc.data, onlyNative(), people())
		if r.Verdict != sealwax.Deny || !r.Has(tc.code) || !strings.Contains(messages(r), tc.want) {
			t.Errorf("%s: %v, want %s %q:\n%s", name, r.Verdict, tc.code, tc.want, messages(r))
		}
	}
}

// counted is content that knows how much of it was read at once.
type counted struct {
	sealwax.Content
	most int
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.most = max(c.most, len(p))
	return c.Content.ReadAt(p, off)
}

// TestLimitsBeforeReading: a length that is too large is refused unread.
func TestLimitsBeforeReading(t *testing.T) {
	c := &counted{Content: sealwaxtest.Content(append(make([]byte, 3<<20), "\x00\x20\x00\x00"+magic...))}
	if _, err := trailer.Read(c, c.Size()); !errors.Is(err, trailer.ErrSyntax) || c.most > 16 {
		t.Errorf("%d bytes were read at once, and then %v", c.most, err)
	}
}

// swapped is content whose end changes after it was looked at.
type swapped struct {
	sealwax.Content
	at    int64
	looks int
}

func (s *swapped) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.Content.ReadAt(p, off)
	if off <= s.at && s.at < off+int64(n) {
		if s.looks--; s.looks < 0 {
			p[s.at-off] ^= 1
		}
	}
	return n, err
}

// TestWhatWasReadIsWhatWasFound: the trailer that is checked is the one behind the
// bytes that were hashed.
func TestWhatWasReadIsWhatWasFound(t *testing.T) {
	signed := embed(t, program(), compiler)
	v := &sealwax.Verifier{Formats: []sealwax.Format{native(t)}, Trust: people()}
	// The statement's first byte is looked at once by Find, and then read.
	c := &swapped{Content: sealwaxtest.Content(signed), at: int64(len(program()) + 76), looks: 1}
	r, err := v.Verify(t.Context(), sealwaxtest.From("app", c), onlyNative())
	if err == nil || !strings.Contains(messages(r), "changed while the file was read") {
		t.Errorf("%v: %s", err, messages(r))
	}
}

// TestReadErrors: what cannot be read is not refused, and not judged.
func TestReadErrors(t *testing.T) {
	signed := embed(t, program(), compiler)
	for _, at := range []int64{0, int64(len(program())) - 5, int64(len(program())) + 3, int64(len(signed)) - 3} {
		c := failing{sealwaxtest.Content(signed), at}
		a, err := sealwax.NewArtifact("app", c, nil)
		if err != nil {
			continue // it failed sooner
		}
		v := &sealwax.Verifier{Formats: []sealwax.Format{native(t)}, Trust: people()}
		if r, err := v.Verify(t.Context(), a, onlyNative()); !errors.Is(err, errDisk) || r.Verdict != sealwax.Undecided {
			t.Errorf("at %d: %v, %v", at, r.Verdict, err)
		}
	}
}

var errDisk = errors.New("the disk is broken")

// failing is content that cannot be read at one offset, save its first bytes.
type failing struct {
	sealwax.Content
	at int64
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off <= f.at && f.at < off+int64(len(p)) && len(p) != 8 {
		return 0, errDisk
	}
	return f.Content.ReadAt(p, off)
}
