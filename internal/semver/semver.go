// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package semver orders versions as Semantic Versioning 2.0.0 section 11 does.
package semver

import (
	"cmp"
	"fmt"
	"strings"
)

// maxSize is the longest version in bytes.
const maxSize = 256

// Version is a parsed version. The zero Version is 0.0.0 unparsed: only Parse
// makes one.
type Version struct {
	numbers    [3]string // without leading zeros, so that longer is larger
	prerelease []string
}

// Parse reads MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], strictly: no v in front, no
// part left out. Build metadata is checked and does not order (section 10).
func Parse(s string) (Version, error) {
	var v Version
	if len(s) > maxSize {
		return v, fmt.Errorf("a version of %d bytes, and at most %d can be", len(s), maxSize)
	}
	rest, build, hasBuild := strings.Cut(s, "+")
	core, pre, hasPre := strings.Cut(rest, "-")
	parts := strings.Split(core, ".")
	if len(parts) != len(v.numbers) {
		return v, notVersion(s)
	}
	for i, p := range parts {
		// Section 2: "non-negative integers, and MUST NOT contain leading zeroes".
		if !numeric(p) || zeroLed(p) {
			return v, notVersion(s)
		}
		v.numbers[i] = p
	}
	if hasPre {
		v.prerelease = strings.Split(pre, ".")
	}
	for _, p := range v.prerelease {
		// Section 9: "Numeric identifiers MUST NOT include leading zeroes".
		if !identifier(p) || numeric(p) && zeroLed(p) {
			return v, notVersion(s)
		}
	}
	if hasBuild {
		for p := range strings.SplitSeq(build, ".") {
			if !identifier(p) {
				return v, notVersion(s)
			}
		}
	}
	return v, nil
}

func notVersion(s string) error {
	return fmt.Errorf("%q is not a version such as 1.2.3 or 1.2.3-rc.1", s)
}

func numeric(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func zeroLed(s string) bool { return len(s) > 1 && s[0] == '0' }

// identifier: section 9, "[0-9A-Za-z-]", not empty.
func identifier(s string) bool {
	return s != "" && strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-") == ""
}

// Compare is negative if v precedes w, positive if w precedes v, and zero if
// they have the same precedence (section 11).
func (v Version) Compare(w Version) int {
	for i := range v.numbers {
		if c := compareNumbers(v.numbers[i], w.numbers[i]); c != 0 {
			return c
		}
	}
	return comparePrereleases(v.prerelease, w.prerelease)
}

func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func comparePrereleases(a, b []string) int {
	// Section 11.3: "a pre-release version has lower precedence than a normal version".
	if len(a) == 0 || len(b) == 0 {
		return cmp.Compare(len(b), len(a))
	}
	for i := range min(len(a), len(b)) {
		if c := compareIdentifiers(a[i], b[i]); c != 0 {
			return c
		}
	}
	// Section 11.4.4: "A larger set of pre-release fields has a higher precedence".
	return cmp.Compare(len(a), len(b))
}

func compareIdentifiers(a, b string) int {
	switch na, nb := numeric(a), numeric(b); {
	case na && nb: // 11.4.1
		return compareNumbers(a, b)
	case na: // 11.4.3: numeric identifiers are lower
		return -1
	case nb:
		return 1
	default: // 11.4.2: in ASCII sort order
		return strings.Compare(a, b)
	}
}
