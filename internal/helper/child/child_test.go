// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package child

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sealwax/sealwax/internal/helper"
)

// nobody is an engine that does nothing.
type nobody struct{}

func (nobody) Identity() helper.Hello { return helper.Hello{Name: "nobody", Engine: "none"} }

func (nobody) Run(context.Context, *Guest) (uint32, error) { return 0, nil }

// TestMainIsOnlyForAParent: the hidden argument does nothing for a person.
func TestMainIsOnlyForAParent(t *testing.T) {
	for _, args := range [][]string{nil, {"3"}, {"3", "4", "5", "6", "7", "8"}, {"0", "1", "2"}, {"a", "b", "c"}, {"-1", "4", "5"}, {"901", "902", "903"}} {
		if code := Main(nobody{}, args); code != UsageCode {
			t.Errorf("Main(%q) = %d, want %d", args, code, UsageCode)
		}
	}
}

// TestFailuresFitIntoAnEvent: no message is too long or too strange to be sent.
func TestFailuresFitIntoAnEvent(t *testing.T) {
	for _, text := range []string{strings.Repeat("\x00", 1<<20), strings.Repeat("ü", 1<<20), "\xff\xfe", ""} {
		m := failureOf(Failf(helper.Trap, "%s", text))
		if _, err := helper.Marshal(m); err != nil {
			t.Errorf("%.10q: %v", text, err)
		}
		if f := m.(helper.Failed); f.Kind != helper.Trap || !utf8.ValidString(f.Message) {
			t.Errorf("%.10q became %s %.10q", text, f.Kind, f.Message)
		}
	}
	if f := failureOf(errors.New("x")).(helper.Failed); f.Kind != helper.Internal {
		t.Errorf("an error without a kind became %s", f.Kind)
	}
}
