// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
)

// goldenBlock is the example of docs/formats/pin.md.
const goldenBlock = `sealwax block/v1
what: sha256:1111111111111111111111111111111111111111111111111111111111111111
reason: steals cookies
added: 2026-01-31T12:00:00Z
`

func testBlock(what string) Block { return Block{What: what, Reason: "steals cookies", Added: day} }

func TestBlockGolden(t *testing.T) {
	b := testBlock("sha256:" + hash("1"))
	data, err := b.Marshal()
	if err != nil || string(data) != goldenBlock {
		t.Errorf("%v, got\n%swant\n%s", err, data, goldenBlock)
	}
	if got, err := ParseBlock([]byte(goldenBlock)); err != nil || got != b {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestParseBlockRefuses(t *testing.T) {
	for _, tt := range []struct{ name, from, to, want string }{
		{"another version", "v1", "v2", "line 1"},
		{"no kind", "what: sha256:", "what: ", "line 2"},
		{"another kind", "what: sha256:", "what: sha512:", "line 2"},
		{"too short", "sha256:1", "sha256:", "line 2"},
		{"capitals", "sha256:11", "sha256:AB", "line 2"},
		{"no what", "what: sha256:" + hash("1") + "\n", "", "line 2"},
		{"no reason", "reason: steals cookies\n", "", "line 3"},
		{"empty reason", "steals cookies", "", "line 3"},
		{"blank", "cookies", "cookies ", "line 3"},
		{"escape", "cookies", "\x1b[2J", "line 3"},
		{"not UTF-8", "cookies", "\xff", "line 3"},
		{"long", "cookies", strings.Repeat("x", maxText), "line 3"},
		{"time", "Z\n", "+00:00\n", "line 4"},
		{"year 0", "2026-", "0000-", "no time"},
		{"more", "Z\n", "Z\nuntil: never\n", "line 5"},
		{"cut off", "Z\n", "Z", "cut off"},
		{"too large", "Z\n", "Z\n" + strings.Repeat("x", MaxBlockBytes) + "\n", "larger than"},
	} {
		b, err := ParseBlock([]byte(strings.Replace(goldenBlock, tt.from, tt.to, 1)))
		if err == nil || !strings.Contains(err.Error(), tt.want) || b != (Block{}) {
			t.Errorf("%s: %+v, %v; want %q", tt.name, b, err, tt.want)
		}
	}
}

func FuzzParseBlock(f *testing.F) {
	f.Add([]byte(goldenBlock))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseBlock(data)
		if err != nil {
			return
		}
		if again, err := b.Marshal(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q is read and written as %q, %v", data, again, err)
		}
	})
}

func TestBlocks(t *testing.T) {
	s, dir := storeWith(t)
	if void, err := s.Void(t.Context()); err != nil || len(void) != 0 {
		t.Errorf("%v, %v", void, err)
	}
	if err := s.RemoveBlock(t.Context(), "sha256:"+hash("1")); !errors.Is(err, ErrNoBlock) {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("asking made the folder")
	}
	artifact, publisher := testBlock("sha256:"+hash("1")), testBlock("publisher:"+hash("2"))
	for _, b := range []Block{artifact, publisher} {
		if err := s.AddBlock(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddBlock(t.Context(), artifact); !errors.Is(err, ErrBlockExists) {
		t.Error(err)
	}
	s = openStore(dir)
	all, err := s.Blocks(t.Context())
	if err != nil || len(all) != 2 || all[0] != publisher || all[1] != artifact {
		t.Errorf("%+v, %v", all, err)
	}
	if void, err := s.Void(t.Context()); err != nil || len(void) != 1 || void[artifact.What] != artifact.Reason {
		t.Errorf("%v, %v", void, err)
	}
	if b, is, err := s.BlockOf(t.Context(), publisher.What); b != publisher || !is || err != nil {
		t.Errorf("%+v, %v, %v", b, is, err)
	}
	if err := s.RemoveBlock(t.Context(), publisher.What); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveBlock(t.Context(), publisher.What); !errors.Is(err, ErrNoBlock) {
		t.Error(err)
	}
	if _, is, err := s.BlockOf(t.Context(), publisher.What); is || err != nil {
		t.Errorf("%v, %v", is, err)
	}
	for _, what := range []string{"", "../x", "key:x", "sha256:" + hash("A")} {
		_, _, err := s.BlockOf(t.Context(), what)
		if err == nil || s.RemoveBlock(t.Context(), what) == nil || s.AddBlock(t.Context(), testBlock(what)) == nil {
			t.Errorf("%q can be blocked", what)
		}
	}
}

// TestBrokenBlocks: a block that cannot be read is not lifted.
func TestBrokenBlocks(t *testing.T) {
	s, dir := storeWith(t)
	b := testBlock("sha256:" + hash("1"))
	if err := s.AddBlock(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	name := func(digit string) string { return filepath.Join(dir, "blocks", "sha256-"+hash(digit)+".block") }
	text, err := os.ReadFile(name("1"))
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string][]byte{
		name("2"): text, // a copy
		name("3"): text[:len(text)/2],
		name("4"): nil,
		filepath.Join(dir, "blocks", "mine.block"): text,
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		file := (*FileError)(nil)
		if void, err := s.Void(t.Context()); !errors.As(err, &file) || file.Path != path || void != nil {
			t.Errorf("%s: %v, %v", path, void, err)
		}
		if all, err := s.Blocks(t.Context()); !errors.As(err, &file) || len(all) != 1 || all[0] != b {
			t.Errorf("%s: %v, %v", path, all, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(name("2"), []byte("?"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.BlockOf(t.Context(), "sha256:"+hash("2")); err == nil {
		t.Error("a broken block blocks nothing")
	}
	if err := s.RemoveBlock(t.Context(), "sha256:"+hash("2")); err != nil {
		t.Error(err)
	}
}

// TestBlockedKey: a block speaks against a key, whoever offers it.
func TestBlockedKey(t *testing.T) {
	s, dir := storeWith(t, testPin(t, "a", 1, "*"), testPin(t, "b", 2, "*"))
	if err := s.AddBlock(t.Context(), testBlock(string(testKey(t, 1).Fingerprint()))); err != nil {
		t.Fatal(err)
	}
	for _, by := range []sealwax.Trust{
		s.For("x", sealwax.RoleRelease), s.Guard(keysOf(t, 3)[1:]), openStore(dir).Guard(keysOf(t, 3)[1:]),
	} {
		anchors, err := by.Anchors(t.Context(), sealwax.Hint{})
		if err != nil || len(anchors) != 2 {
			t.Fatalf("%+v, %v", anchors, err)
		}
		if one, two := anchors[0].Standing.Blocked, anchors[1].Standing.Blocked; one != "steals cookies" || two != "" {
			t.Errorf("%q, %q", one, two)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "blocks", blockName(string(testKey(t, 2).Fingerprint()))+".block"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := offered(t, s.Guard(keysOf(t, 3)), sealwax.Hint{}); err == nil || got != nil {
		t.Errorf("%q although a block is broken", got)
	}
}

// goldenFirstUse is the example of docs/formats/pin.md.
const goldenFirstUse = `sealwax first-use/v1
name: acme
identity: publisher:1111111111111111111111111111111111111111111111111111111111111111
origin: https://acme.example/acme.publisher
subject: app.wasm
artifact: sha256:2222222222222222222222222222222222222222222222222222222222222222
when: 2026-01-31T12:00:00Z
`

func testFirstUse() FirstUse {
	return FirstUse{
		Name: "acme", Identity: "publisher:" + hash("1"), Origin: "https://acme.example/acme.publisher",
		Subject: "app.wasm", Artifact: "sha256:" + hash("2"), When: day,
	}
}

func TestFirstUseGolden(t *testing.T) {
	u := testFirstUse()
	data, err := u.Marshal()
	if err != nil || string(data) != goldenFirstUse {
		t.Errorf("%v, got\n%swant\n%s", err, data, goldenFirstUse)
	}
	if got, err := ParseFirstUse([]byte(goldenFirstUse)); err != nil || got != u {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestParseFirstUseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, from, to, want string }{
		{"header", "first-use", "firstuse", "line 1"},
		{"name", "name: acme", "name: ../a", "line 2"},
		{"identity", "identity: publisher:", "identity: sha256:", "line 3"},
		{"short identity", "publisher:1", "publisher:", "line 3"},
		{"origin", "https://acme.example/acme.publisher", "", "line 4"},
		{"subject", "app.wasm", "app\u202e.wasm", "line 5"},
		{"artifact", "artifact: sha256", "artifact: key", "line 6"},
		{"when", "12:00:00Z", "12:00:00.0Z", "line 7"},
		{"year", "when: 2026", "when: 0000", "no time"},
		{"more", "Z\n", "Z\nx: y\n", "line 8"},
		{"too large", "Z\n", "Z\n" + strings.Repeat("x", MaxFirstUseBytes) + "\n", "larger than"},
	} {
		u, err := ParseFirstUse([]byte(strings.Replace(goldenFirstUse, tt.from, tt.to, 1)))
		if err == nil || !strings.Contains(err.Error(), tt.want) || u != (FirstUse{}) {
			t.Errorf("%s: %+v, %v; want %q", tt.name, u, err, tt.want)
		}
	}
}

func FuzzParseFirstUse(f *testing.F) {
	f.Add([]byte(goldenFirstUse))
	f.Fuzz(func(t *testing.T, data []byte) {
		u, err := ParseFirstUse(data)
		if err != nil {
			return
		}
		if again, err := u.Marshal(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q is read and written as %q, %v", data, again, err)
		}
	})
}

func TestFirstUse(t *testing.T) {
	s, dir := storeWith(t, testPin(t, "acme", 1, "*"))
	if _, is, err := s.FirstUseOf(t.Context(), "acme"); is || err != nil {
		t.Errorf("%v, %v", is, err)
	}
	u := testFirstUse()
	u.Origin, u.Subject, u.When = " \x1b[2J"+strings.Repeat("é", maxText), "", day.Add(time.Millisecond).In(time.FixedZone("", 60))
	if err := s.RecordFirstUse(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if err := s.RecordFirstUse(t.Context(), testFirstUse()); !errors.Is(err, ErrFirstUseExists) {
		t.Error(err)
	}
	got, is, err := s.FirstUseOf(t.Context(), "acme")
	if !is || err != nil || !strings.HasPrefix(got.Origin, `\x1b[2Jé`) || !strings.HasSuffix(got.Origin, "é…") || got.Subject != "-" || !got.When.Equal(day) {
		t.Errorf("%+v, %v, %v", got, is, err)
	}
	path := filepath.Join(dir+"-state", "first-use", "acme.first")
	if err := os.WriteFile(path, []byte("?"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := (*FileError)(nil)
	if _, _, err := s.FirstUseOf(t.Context(), "acme"); !errors.As(err, &file) || file.Path != path {
		t.Error(err)
	}
	if err := s.Remove(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if _, is, err := s.FirstUseOf(t.Context(), "acme"); is || err != nil {
		t.Errorf("it outlives the pin: %v, %v", is, err)
	}
}
