// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

func isHintUnknown(err error) bool { return errors.Is(err, sealwax.ErrHintUnknown) }

// goldenPin is the example of docs/formats/pin.md.
const goldenPin = `sealwax pin/v1
name: acme
key: RWQBAgMEBQYHCDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop
fingerprint: key:339e2ff917630507b6a423b5ce084e285d1fa65d93b3e27a6195d3bbebc9ae23
role: release
for: *.wasm
for: crate:acme-*
added: 2026-01-31T12:00:00Z
`

func golden(t testing.TB) (Pin, string) {
	t.Helper()
	p := testPin(t, "acme", 0, "*.wasm", "crate:acme-*")
	p.Key = p.Key.WithID(key.ID{1, 2, 3, 4, 5, 6, 7, 8})
	data, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return p, string(data)
}

func TestPinGolden(t *testing.T) {
	p, text := golden(t)
	if text != goldenPin {
		t.Errorf("got\n%swant\n%s", text, goldenPin)
	}
	q, err := ParsePin([]byte(goldenPin))
	if err != nil {
		t.Fatal(err)
	}
	if q.Name != p.Name || q.Key != p.Key || q.Role != p.Role || !q.Added.Equal(p.Added) || len(q.For) != 2 || q.For[0] != p.For[0] || q.For[1] != p.For[1] {
		t.Errorf("got %+v, want %+v", q, p)
	}
}

// TestPinKeepsKey: a key without an id of its own comes back as the same key
// with the id that it goes by.
func TestPinKeepsKey(t *testing.T) {
	p := testPin(t, "a", 3, "*")
	p.Added = p.Added.Add(500 * time.Millisecond).In(time.FixedZone("", 3600))
	data, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	q, err := ParsePin(data)
	if err != nil || !q.Key.Equal(p.Key) || q.Key.MinisignID() != p.Key.MinisignID() || !q.Added.Equal(day) {
		t.Errorf("got %+v, %v", q, err)
	}
}

func TestParsePinRefuses(t *testing.T) {
	_, good := golden(t)
	other := testPin(t, "acme", 1, "*")
	otherKey := other.Key.MinisignLine()
	otherPrint := string(other.Key.Fingerprint())
	line := func(field string) string {
		for l := range strings.Lines(good) {
			if strings.HasPrefix(l, field) {
				return l
			}
		}
		t.Fatal("no line", field)
		return ""
	}
	swap := func(field, with string) string { return strings.Replace(good, line(field), with, 1) }
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "cut off"},
		{"no line feed", strings.TrimSuffix(good, "\n"), "cut off"},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), "carriage return"},
		{"publisher without a chain", swap("key", "publisher: publisher:"+hash("1")+"\n"), `line 4: want "sequence: …"`},
		{"too large", good + strings.Repeat("x", MaxPinBytes) + "\n", "larger than"},
		{"another version", swap("sealwax", "sealwax pin/v2\n"), `line 1: want "sealwax pin/v1"`},
		{"no header", swap("sealwax", ""), "line 1"},
		{"BOM", "\ufeff" + good, "line 1"},
		{"blank line", "\n" + good, "line 1"},
		{"no name", swap("name", ""), `line 2: want "name: …"`},
		{"no key", swap("key", ""), `line 3: want "key: …"`},
		{"no fingerprint", swap("fingerprint", ""), `line 4: want "fingerprint: …"`},
		{"no role", swap("role", ""), `line 5: want "role: …"`},
		{"no for", strings.Replace(swap("for: *", ""), "for: crate:acme-*\n", "", 1), `line 6: want "for: …"`},
		{"no added", swap("added", ""), `line 8: the file ends where "added: …" belongs`},
		{"name twice", swap("name", line("name")+line("name")), "line 3"},
		{"key twice", swap("key", line("key")+line("key")), "line 4"},
		{"added twice", good + line("added"), "line 9: want nothing here"},
		{"unknown field", good + "expires: never\n", "line 9"},
		{"unknown field between", swap("role", "level: 5\n"+line("role")), "line 5"},
		{"comment", swap("role", "# mine\n"+line("role")), "line 5"},
		{"blank at the end", good + "\n", "line 9"},
		{"for apart", good + "for: *\n", "line 9"},
		{"no blank", swap("name", "name:acme\n"), "line 2"},
		{"indented", swap("name", " name: acme\n"), "line 2"},
		{"name with a path", swap("name", "name: ../acme\n"), "line 2: name"},
		{"blank in the name", swap("name", "name:  acme\n"), "line 2: name"},
		{"key is no base64", swap("key", "key: !\n"), "line 3: key"},
		{"key too short", swap("key", "key: RWQB\n"), "line 3: key"},
		{"key with a line feed's remains", swap("key", strings.TrimSuffix(line("key"), "\n")+" \n"), "line 3: key"},
		{"weak key", swap("key", "key: RWQBAgMEBQYHCAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"), "line 3: key"},
		{"another key", swap("key", "key: "+otherKey+"\n"), "line 4: fingerprint: not the fingerprint of the key above"},
		{"another fingerprint", swap("fingerprint", "fingerprint: "+otherPrint+"\n"), "line 4: fingerprint"},
		{"upper case fingerprint", swap("fingerprint", strings.ToUpper(line("fingerprint"))), "line 4"},
		{"no fingerprint's value", swap("fingerprint", "fingerprint: \n"), "line 4"},
		{"role root", swap("role", "role: root\n"), "root keys sign a publisher's documents"},
		{"no role's name", swap("role", "role: Release\n"), `role "Release"`},
		{"empty role", swap("role", "role: \n"), "role"},
		{"bad pattern", swap("for: *", "for: a[b]\n"), "line 6: for: pattern"},
		{"empty pattern", swap("for: *", "for: \n"), "line 6: for: pattern"},
		{"pattern twice", swap("for: *", line("for: *")+line("for: *")), "twice"},
		{"no time", swap("added", "added: \n"), "line 8: added"},
		{"a zone", swap("added", "added: 2026-01-31T12:00:00+01:00\n"), "line 8: added"},
		{"zone zero", swap("added", "added: 2026-01-31T12:00:00+00:00\n"), "line 8: added"},
		{"fraction", swap("added", "added: 2026-01-31T12:00:00.5Z\n"), "line 8: added"},
		{"lower case", swap("added", "added: 2026-01-31t12:00:00z\n"), "line 8: added"},
		{"no day", swap("added", "added: 2026-02-31T12:00:00Z\n"), "line 8: added"},
		{"year 0", swap("added", "added: 0000-01-01T00:00:00Z\n"), "time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePin([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if p.Name != "" {
				t.Errorf("with the error comes %+v", p)
			}
		})
	}
}

// goldenPublisherPin is the other example of docs/formats/pin.md.
const goldenPublisherPin = `sealwax pin/v1
name: acme
publisher: publisher:1111111111111111111111111111111111111111111111111111111111111111
sequence: 3
head: sha256:2222222222222222222222222222222222222222222222222222222222222222
role: release
for: *.wasm
added: 2026-01-31T12:00:00Z
`

// hash is the hexadecimal of a hash that consists of one digit.
func hash(digit string) string { return strings.Repeat(digit, 64) }

func TestPublisherPinGolden(t *testing.T) {
	p := Pin{
		Name: "acme", Publisher: sealwax.PartyID("publisher:" + hash("1")), Sequence: 3, Head: "sha256:" + hash("2"),
		Role: sealwax.RoleRelease, For: patterns(t, "*.wasm"), Added: day,
	}
	data, err := p.Marshal()
	if err != nil || string(data) != goldenPublisherPin {
		t.Errorf("%v, got\n%swant\n%s", err, data, goldenPublisherPin)
	}
	q, err := ParsePin([]byte(goldenPublisherPin))
	if err != nil || q.Publisher != p.Publisher || q.Sequence != 3 || q.Head != p.Head || !q.Key.IsZero() || q.Identity() != string(p.Publisher) {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestParsePublisherPinRefuses(t *testing.T) {
	for _, tt := range []struct{ name, from, to, want string }{
		{"no sequence", "sequence: 3\n", "", "line 4"},
		{"no head", "head: sha256:" + hash("2") + "\n", "", "line 5"},
		{"a key too", "role:", "key: " + testKey(t, 0).MinisignLine() + "\nrole:", "line 6"},
		{"a key before", "publisher:", "key: " + testKey(t, 0).MinisignLine() + "\npublisher:", "line 4"},
		{"id in capitals", "publisher:1111", "publisher:AAAA", "line 3"},
		{"id too short", "publisher:1111", "publisher:111", "line 3"},
		{"id of another kind", "publisher:1", "sha256:1", "line 3"},
		{"negative", "sequence: 3", "sequence: -1", "line 4"},
		{"plus", "sequence: 3", "sequence: +3", "line 4"},
		{"zeros", "sequence: 3", "sequence: 03", "line 4"},
		{"too many", "sequence: 3", "sequence: 1024", "line 4"},
		{"head of another kind", "head: sha256", "head: key", "line 5"},
		{"role root", "role: release", "role: root", "root keys"},
	} {
		text := strings.Replace(goldenPublisherPin, tt.from, tt.to, 1)
		if p, err := ParsePin([]byte(text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %+v, %v; want %q", tt.name, p, err, tt.want)
		}
	}
}

// TestParsePinCanonicalBase64: base64 whose last bits differ decodes to the same key.
func TestParsePinCanonicalBase64(t *testing.T) {
	if _, err := parseKeyLine(testKey(t, 0).MinisignLine()); err != nil {
		t.Fatal(err)
	}
	for _, extra := range []string{"\n", "\r\n"} { // which Go's decoder skips
		s := testKey(t, 0).MinisignLine()
		if _, err := parseKeyLine(s[:8] + extra + s[8:]); err == nil {
			t.Errorf("%q inside", extra)
		}
	}
}

// rowOf is a row of n patterns.
func rowOf(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprint("p", i))
	}
	return out
}

func TestMaxPatterns(t *testing.T) {
	p := testPin(t, "a", 1, rowOf(MaxPatterns)...)
	if _, err := p.Marshal(); err != nil {
		t.Error(err)
	}
}

func TestMarshalRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Pin){
		"zero":              func(p *Pin) { *p = Pin{} },
		"no name":           func(p *Pin) { p.Name = "" },
		"no key":            func(p *Pin) { p.Key = key.Public{} },
		"no role":           func(p *Pin) { p.Role = "" },
		"role root":         func(p *Pin) { p.Role = "root" },
		"no role's name":    func(p *Pin) { p.Role = "a b" },
		"key and publisher": func(p *Pin) { p.Publisher, p.Head = sealwax.PartyID("publisher:"+hash("1")), "sha256:"+hash("1") },
		"a key's sequence":  func(p *Pin) { p.Sequence = 1 },
		"a key's head":      func(p *Pin) { p.Head = "sha256:" + hash("1") },
		"no head":           func(p *Pin) { p.Key, p.Publisher = key.Public{}, sealwax.PartyID("publisher:"+hash("1")) },
		"bad publisher":     func(p *Pin) { p.Key, p.Publisher, p.Head = key.Public{}, "publisher:x", "sha256:"+hash("1") },
		"far sequence": func(p *Pin) {
			p.Key, p.Publisher, p.Head, p.Sequence = key.Public{}, sealwax.PartyID("publisher:"+hash("1")), "sha256:"+hash("1"), maxSequence
		},
		"no pattern":       func(p *Pin) { p.For = nil },
		"zero pattern":     func(p *Pin) { p.For = []Pattern{{}} },
		"pattern twice":    func(p *Pin) { p.For = patterns(t, "a", "b", "a") },
		"too many":         func(p *Pin) { p.For = patterns(t, rowOf(MaxPatterns+1)...) },
		"no time":          func(p *Pin) { p.Added = time.Time{} },
		"year 10000":       func(p *Pin) { p.Added = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year 10000 there": func(p *Pin) { p.Added = time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -7200)) },
	} {
		p := testPin(t, "a", 1, "*")
		spoil(&p)
		if data, err := p.Marshal(); err == nil {
			t.Errorf("%s: wrote %s", name, data)
		}
	}
}

func TestCheckPinName(t *testing.T) {
	for _, ok := range []string{"a", "0", "acme", "acme.example-2_x", "console", "com", "com10", strings.Repeat("a", 64)} {
		if err := CheckPinName(ok); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{
		"", ".", "..", ".a", "-a", "_a", "A", "a/b", `a\b`, "a b", "a\n", "é", strings.Repeat("a", 65),
		"con", "nul.x", "com1", "lpt9.a.b", "aux", "prn", "a:b", "a*",
	} {
		if err := CheckPinName(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// FuzzParsePin: nothing panics, and what is accepted is the one text of its pin.
func FuzzParsePin(f *testing.F) {
	_, good := golden(f)
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(good, "release", "native", 1)))
	f.Add([]byte(goldenPublisherPin))
	f.Add([]byte(strings.Replace(good, "for: *.wasm\n", "", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePin(data)
		if err != nil {
			return
		}
		again, err := p.Marshal()
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q is read and written as %q, %v", data, again, err)
		}
	})
}

// TestPinFlip: no single changed bit leaves the pin as it was.
func TestPinFlip(t *testing.T) {
	want, good := golden(t)
	wantText, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(good) {
		for bit := range 8 {
			data := []byte(good)
			data[i] ^= 1 << bit
			p, err := ParsePin(data)
			if err != nil {
				continue
			}
			if again, err := p.Marshal(); err != nil || bytes.Equal(again, wantText) {
				t.Errorf("byte %d, bit %d: still reads as the same pin (%v)", i, bit, err)
			}
		}
	}
}
