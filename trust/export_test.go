// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
)

func exported(t testing.TB) []byte {
	t.Helper()
	zero := acme()
	s, _ := withAcme(t, zero, testPin(t, "alice", 1, "*"), testPin(t, "zoe", 2, "*.wasm"))
	for _, b := range []Block{testBlock("sha256:" + hash("1")), testBlock("key:" + hash("2"))} {
		if err := s.AddBlock(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := advancing(zero.renewed(1))(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	e, err := s.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestExport(t *testing.T) {
	data := exported(t)
	e, err := ParseExport(data)
	if err != nil || len(e.Known) != 3 || len(e.Blocks) != 2 {
		t.Fatalf("%+v, %v", e, err)
	}
	k := e.Known[0]
	if k.Pin.Name != "acme" || k.Chain.Len() != 2 || k.Pin.Sequence != 1 || k.Pin.Head != k.Chain.HeadDigest() {
		t.Errorf("%+v", k)
	}
	if again, err := e.Marshal(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("%v, got\n%s", err, again)
	}
	s, dir := storeWith(t)
	if err := s.AddPublisher(t.Context(), k.Pin, k.Chain); err != nil {
		t.Fatal(err)
	}
	checkOffered(t, openStore(dir).For("x", sealwax.RoleRelease), sealwax.Hint{}, "acme")
}

func TestParseExportRefuses(t *testing.T) {
	good := string(exported(t))
	part := func(kind string) string {
		from := strings.Index(good, "\n"+kind+": ") + 1
		kind, lines, body, err := nextPart([]byte(good[from:]))
		if err != nil || lines == 0 || kind == "" {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(good[from:], "\n")
		return head + "\n" + string(body)
	}
	pin, chain, block := part("pin"), part("chain"), part("block")
	alice := good[strings.Index(good, chain)+len(chain) : strings.Index(good, "pin: 7\nsealwax pin/v1\nname: zoe")]
	ended := func(parts int) string { return strings.Replace(good, "end: 6", fmt.Sprintf("end: %d", parts), 1) }
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "line 1"},
		{"too large", good + strings.Repeat("x", MaxExportBytes), "larger than"},
		{"header", strings.Replace(good, "trust/v1", "trust/v2", 1), "line 1"},
		{"no number", strings.Replace(good, "pin: 8", "pin: x", 1), "line 2"},
		{"zeros", strings.Replace(good, "pin: 8", "pin: 08", 1), "line 2"},
		{"none", strings.Replace(good, "pin: 8", "pin: 0", 1), "line 2"},
		{"less", strings.Replace(good, "pin: 8", "pin: -1", 1), "line 2"},
		{"too many lines", strings.Replace(good, "pin: 8", "pin: 9", 1), "line 2"},
		{"more than there is", strings.Replace(good, "pin: 8", "pin: 800", 1), "line 2"},
		{"cut off", good[:len(good)-len("end: 6\n")-1], "ends before"},
		{"no end", strings.Replace(good, "end: 6\n", "", 1), `want "end: 6"`},
		{"cut off in its end", strings.TrimSuffix(good, "\n"), `want "end: 6"`},
		{"cut off between parts", good[:strings.Index(good, pin+chain)+len(pin+chain)], `want "end: 2"`},
		{"a part is missing", strings.Replace(good, block, "", 1), `want "end: 5"`},
		{"a part too many", strings.Replace(good, "end: 6", "end: 5", 1), `want "end: 6"`},
		{"another number", strings.Replace(good, "end: 6", "end: 06", 1), `want "end: 6"`},
		{"more after the end", good + block, `want "end: 6"`},
		{"another part", strings.Replace(good, "block: 4", "rumour: 4", 1), "unknown"},
		{"no chain", strings.Replace(ended(5), chain, "", 1), "goes with its chain"},
		{"chain twice", strings.Replace(good, chain, chain+chain, 1), "without a pin"},
		{"a key's chain", strings.Replace(ended(7), alice, alice+chain, 1), "goes with its chain"},
		{"chain first", strings.Replace(good, pin, "", 1), "without a pin"},
		{"another document", strings.Replace(good, "sequence: 1\nhead", "sequence: 0\nhead", 1), "another than the pin says"},
		{"pin twice", strings.Replace(ended(8), pin+chain, pin+chain+pin+chain, 1), "sorted by name"},
		{"order of pins", strings.Replace(good, pin+chain+alice, alice+pin+chain, 1), "sorted by name"},
		{"block twice", strings.Replace(ended(7), block, block+block, 1), "sorted by what"},
		{"broken pin", strings.Replace(good, "role: release\nfor: *\n", "role: root\nfor: *\n", 1), "root keys"},
		{"broken chain", strings.Replace(good, "signature: RU", "signature: RX", 1), "line"},
		{"broken block", strings.Replace(good, "reason: ", "reason:", 1), "line 3"},
	} {
		if tt.text == good {
			t.Errorf("%s: nothing is wrong with it", tt.name)
		}
		if e, err := ParseExport([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) || e != nil {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func FuzzParseExport(f *testing.F) {
	f.Add(exported(f))
	f.Add([]byte("sealwax trust/v1\nend: 0\n"))
	f.Add([]byte("sealwax trust/v1\nblock: 0\nend: 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseExport(data)
		if err != nil {
			return
		}
		if again, err := e.Marshal(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q is read and written as %q, %v", data, again, err)
		}
	})
}
