// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

var update = flag.Bool("update", false, "write the files of testdata anew")

// TestVectors: the files of testdata are what the test publisher writes today:
// nobody's pinned id changes.
func TestVectors(t *testing.T) {
	one := first(t)
	proposal := one.Draft(day(1), day(366))
	proposal.AddKey("native", pub(7))
	if err := proposal.Sign(t.Context(), sealwaxtest.Key(1)); err != nil {
		t.Fatal(err)
	}
	proposed, err := proposal.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	long := next(t, one, 1, func(d *Draft) {
		d.AddKey("native", pub(7))
		d.Limit("native", glob(t, "*.cwasm"))
		d.Limit("release", glob(t, "acme-*"))
		d.Endorse(Digest([]byte("1.0")))
		d.Revoke(Digest([]byte("0.9")), "it reads too much")
	}, 1, 2, 7)
	long = next(t, long, 2, func(d *Draft) {
		d.End(pub(4), Compromised, SinceTime(day(1)))
		d.AddKey("release", pub(8))
	}, 1, 3, 8)
	long = next(t, long, 3, func(d *Draft) { d.Rotate([]key.Public{pub(5)}, 1, fps(9)) }, 1, 2, 5)
	long = next(t, long, 4, func(d *Draft) { d.Recover([]key.Public{pub(9)}, Lost, SinceTime(day(3)), 1, fps(10)) }, 9)
	for name, data := range map[string][]byte{
		"first.publisher": one.Marshal(), "long.publisher": long.Marshal(), "first.publisher.proposal": proposed,
	} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := read(t, path); string(got) != string(data) {
			t.Errorf("%s is not what is written now; -update rewrites it, and changes every pinned id", path)
		}
	}
}

// TestSpecification: the page shows the file that is read, names every code and
// every limit.
func TestSpecification(t *testing.T) {
	page := string(read(t, filepath.Join("..", "..", "docs", "formats", "publisher.md")))
	want := []string{"```\n" + string(read(t, filepath.Join("testdata", "first.publisher"))) + "```\n"}
	for _, code := range []sealwax.Code{CodeInvalid, CodeChain, CodeUnsigned, CodeNextRoot, CodeRole, CodeStranger, CodeFork} {
		want = append(want, "| `"+string(code)+"` |")
	}
	for format, limit := range map[string]int{
		"at most %d KiB.": MaxDocumentBytes >> 10, "at most %d MiB and": MaxChainBytes >> 20, "and %d documents)": MaxDocuments,
		"`key` | 1–%d |": MaxKeys, "none twice, at most %d.": MaxKeys, "`role` | 1–%d |": MaxRoles, "`limit` | 0–%d |": MaxLimits,
		"`space` | 0–%d |": MaxSpaces, "`endorse` | 0–%d |": MaxDigests, "`revoke` | 0–%d |": MaxDigests, "1 to %d bytes that can be seen": maxReason,
		"1 to %d of `a-z": maxName, "each beginning with a letter, at most %d bytes": maxSpace, "A word as in name spaces, at most %d bytes": maxRole,
	} {
		want = append(want, fmt.Sprintf(format, limit))
	}
	d := &Document{}
	for _, f := range d.fields() {
		want = append(want, "| `"+f.name+"` |")
	}
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("docs/formats/publisher.md does not say %q", w)
		}
	}
}
