// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/key"
)

// fullStatement states everything.
func fullStatement(t testing.TB) trailer.Statement {
	t.Helper()
	st := compiled(sourceOf(t, module, maker, minisign.Name))
	st.Key, st.Length = key.ID{1, 2, 3, 4, 5, 6, 7, 8}, 8671232
	st.BLAKE2b512 = strings.Repeat("0123456789abcdef", 8)
	st.Carried = "sha256:" + strings.Repeat("0f", 32)
	st.SourceKeys = []string{"minisign:BA3664409164CF71", "wasmsig:"}
	st.Source.Name, st.Translation = "grüße app=%1,2.wasm", "sha256:00ff"
	return st
}

// vectors are the lines of testdata/statements.txt: "WORD TEXT".
func vectors(t testing.TB) (lines [][2]string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "statements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		if word, text, ok := strings.Cut(s.Text(), ": "); ok && !strings.HasPrefix(word, "#") {
			lines = append(lines, [2]string{word, text})
		}
	}
	return lines
}

// TestVectors: every text is taken or refused, for its reason; and what is taken
// is written again as it was.
func TestVectors(t *testing.T) {
	taken := 0
	for _, v := range vectors(t) {
		want, text := v[0], unfold(v[1])
		s, err := trailer.ParseStatement(text)
		if want == "ok" {
			taken++
			if err != nil {
				t.Errorf("%s\n  is refused: %v", text, err)
			} else if again, err := s.Marshal(); err != nil || again != text {
				t.Errorf("%s\n  is written as\n%s\n%v", text, again, err)
			}
			continue
		}
		if !errors.Is(err, trailer.ErrStatement) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n  gives %v\n  want %s", text, err, want)
		}
	}
	if taken < 4 {
		t.Errorf("only %d statements are taken", taken)
	}
}

// expand writes out what would make the vectors' lines long.
func expand(text string) string {
	return strings.NewReplacer(
		"$HEAD", "sealwax-native/v1 kind=program key=0807060504030201 length=164 blake2b-512=$B2 tool=sealwax time=2026-11-24T18:00:00Z carried=none",
		"$COMP", "sealwax-native/v1 kind=compiled key=0807060504030201 length=164 blake2b-512=$B2 tool=sealwax time=2026-11-24T18:00:00Z",
		"$SRC", "source-digest=sha256:$S2 source-sums=sha256:$S2 source-name=app.wasm",
	).Replace(text)
}

func unfold(text string) string {
	return strings.NewReplacer("$B2", strings.Repeat("0f", 64), "$S2", strings.Repeat("0f", 32), "$LONG", strings.Repeat("x", 2048)).Replace(expand(text))
}

// TestStatementRoundTrip: what is stated comes back.
func TestStatementRoundTrip(t *testing.T) {
	full := fullStatement(t)
	text, err := full.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "sealwax-native/v1 kind=compiled key=0807060504030201 ") ||
		!strings.Contains(text, " source-name=gr%C3%BC%C3%9Fe%20app%3D%251,2.wasm ") {
		t.Errorf("written as %s", text)
	}
	got, err := trailer.ParseStatement(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full, *got); diff != "" {
		t.Errorf("read again (-want +got)\n%s", diff)
	}
}

// TestStatementRules: each rule, broken alone.
func TestStatementRules(t *testing.T) {
	for name, breaks := range map[string]func(*trailer.Statement){
		"no kind":                 func(s *trailer.Statement) { s.Kind = "" },
		"another kind":            func(s *trailer.Statement) { s.Kind = "library" },
		"a negative length":       func(s *trailer.Statement) { s.Length = -1 },
		"a short digest":          func(s *trailer.Statement) { s.BLAKE2b512 = s.BLAKE2b512[2:] },
		"a digest in capitals":    func(s *trailer.Statement) { s.BLAKE2b512 = strings.ToUpper(s.BLAKE2b512) },
		"no tool":                 func(s *trailer.Statement) { s.Tool = "" },
		"no time":                 func(s *trailer.Statement) { s.Time = time.Time{} },
		"half a second":           func(s *trailer.Statement) { s.Time = s.Time.Add(time.Second / 2) },
		"another zone":            func(s *trailer.Statement) { s.Time = s.Time.In(time.FixedZone("x", 3600)) },
		"the year 10000":          func(s *trailer.Statement) { s.Time = s.Time.AddDate(9000, 0, 0) },
		"the year -1":             func(s *trailer.Statement) { s.Time = s.Time.AddDate(-2027, 0, 0) },
		"a digest of no kind":     func(s *trailer.Statement) { s.Source.Digest = strings.TrimPrefix(s.Source.Digest, "sha256:") },
		"carried by nobody":       func(s *trailer.Statement) { s.SourceKeys = nil },
		"keys of nothing":         func(s *trailer.Statement) { s.Carried = "" },
		"carried without a hash":  func(s *trailer.Statement) { s.Carried = "sha512:00" },
		"a key with a comma":      func(s *trailer.Statement) { s.SourceKeys = []string{"a,b"} },
		"an empty key":            func(s *trailer.Statement) { s.SourceKeys = []string{""} },
		"carried, not verified":   func(s *trailer.Statement) { s.Verified = false },
		"a source without name":   func(s *trailer.Statement) { s.Source.Name = "" },
		"a source without digest": func(s *trailer.Statement) { s.Source.Digest = "" },
		"a source without sums":   func(s *trailer.Statement) { s.Source.Sums = "" },
		"no source":               func(s *trailer.Statement) { s.Source = sealwax.Ancestor{} },
		"sums of nothing":         func(s *trailer.Statement) { s.Source.Sums = "sha256:" },
		"unsorted sums":           func(s *trailer.Statement) { s.Source.Sums = "b:00,a:00" },
		"a bad translation":       func(s *trailer.Statement) { s.Translation = "x" },
		"a line end":              func(s *trailer.Statement) { s.Engine = "wasm\ntime" },
		"no UTF-8":                func(s *trailer.Statement) { s.Target = "\xff" },
		"a long value":            func(s *trailer.Statement) { s.Library = strings.Repeat("x", 256) },
		"a long statement":        func(s *trailer.Statement) { s.Translation = "sha256:" + strings.Repeat("00", 600) },
		"unsorted features":       func(s *trailer.Statement) { s.Features = []string{"-avx", "+sse3"} },
		"a feature twice":         func(s *trailer.Statement) { s.Features = []string{"+sse3", "+sse3"} },
		"a feature with a comma":  func(s *trailer.Statement) { s.Features = []string{"+a,+b"} },
		"an engine's program":     func(s *trailer.Statement) { s.Kind, s.Carried, s.SourceKeys = trailer.KindProgram, "", nil },
		"a verified program": func(s *trailer.Statement) {
			*s = trailer.Statement{Kind: trailer.KindProgram, BLAKE2b512: s.BLAKE2b512, Tool: s.Tool, Time: s.Time, Verified: true}
		},
		"features of nothing": func(s *trailer.Statement) {
			*s = trailer.Statement{Kind: trailer.KindCompiled, BLAKE2b512: s.BLAKE2b512, Tool: s.Tool, Time: s.Time, Features: []string{"b", "a"}}
		},
		"verified nothing": func(s *trailer.Statement) {
			*s = trailer.Statement{Kind: trailer.KindCompiled, BLAKE2b512: s.BLAKE2b512, Tool: s.Tool, Time: s.Time, Verified: true}
		},
	} {
		s := fullStatement(t)
		breaks(&s)
		if text, err := s.Marshal(); !errors.Is(err, trailer.ErrStatement) {
			t.Errorf("%s: %v, written as %s", name, err, text)
		}
	}
}

// TestReadAndWriteAgain: a trailer that is read and written again is the same.
func TestReadAndWriteAgain(t *testing.T) {
	s := sourceOf(t, module, maker, minisign.Name)
	for name, signed := range map[string][]byte{
		"compiled": sign(t, cwasm(), compiler, compiled(s), s.carried),
		"program":  embed(t, peFile(0), compiler),
	} {
		original, tr := parts(t, signed)
		again, err := tr.Marshal()
		if err != nil || string(original)+string(again) != string(signed) {
			t.Errorf("%s: %v", name, err)
		}
		tr.Text += " "
		if _, err := tr.Marshal(); err == nil {
			t.Errorf("%s: written with a text that is not the statement's", name)
		}
	}
}
