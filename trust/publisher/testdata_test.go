// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

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
