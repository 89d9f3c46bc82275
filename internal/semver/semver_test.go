// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package semver

import "testing"

func TestOrder(t *testing.T) {
	// Section 11's own examples, and some more.
	ordered := []string{
		"0.0.9", "0.1.0", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0--", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
		"1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.9.0", "1.10.0", "2.0.0",
		"99999999999999999999999.0.0", "100000000000000000000000.0.0",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			va, err := Parse(a)
			if err != nil {
				t.Fatal(err)
			}
			vb, err := Parse(b + "+build.7")
			if err != nil {
				t.Fatal(err)
			}
			if got := va.Compare(vb); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for _, s := range []string{
		"", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.03", "1.2.x", "1.2.3-", "1.2.3-01", "1.2.3-a..b",
		"1.2.3+", "1.2.3+a..b", "1.2.3-ä", "1.2.3 ", "-1.2.3", "1.2.3-a_b",
		"1.2.3-" + string(make([]byte, 300)),
	} {
		if _, err := Parse(s); err == nil {
			t.Errorf("%q is a version", s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1.2.3-rc.1+b", "1.2.3")
	f.Fuzz(func(t *testing.T, a, b string) {
		va, errA := Parse(a)
		vb, errB := Parse(b)
		if errA == nil && errB == nil && va.Compare(vb) != -vb.Compare(va) {
			t.Errorf("%q and %q", a, b)
		}
	})
}
