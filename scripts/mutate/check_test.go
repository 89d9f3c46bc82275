// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const example = `package p

func f(a, b int, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	if a < 0 || b < 0 {
		return 0, errNegative
	}
	if a == 7 {
		return a, nil
	}
	if a > 9 { // mutate:skip the caller looked already
		return 0, errBig
	}
	if a > 8 { // mutate:skip
		return 0, errBig
	}
	return a, nil
}

func g(a, b bool) bool { return a && (!b || a) }
`

func TestChecksAreFound(t *testing.T) {
	checks, err := sourceChecks("p.go", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range checks {
		got = append(got, c.without+" "+c.text())
	}
	want := []string{"false a < 0", "false b < 0", "false a > 8", "true a", "true (!b || a)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMutantsParseAndKeepTheRest(t *testing.T) {
	checks, err := sourceChecks("p.go", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		mutant := string(c.mutant())
		if _, err := parser.ParseFile(token.NewFileSet(), "p.go", mutant, 0); err != nil {
			t.Errorf("%s: %v", c, err)
		}
		if !strings.Contains(mutant, "("+c.without+" ") || !strings.HasSuffix(mutant, example[c.to:]) {
			t.Errorf("%s: not what was meant:\n%s", c, mutant)
		}
	}
}
