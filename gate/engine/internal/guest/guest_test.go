// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sealwax/sealwax/internal/helper"
)

// TestMainIsOnlyForAParent: the hidden argument does nothing for a person.
func TestMainIsOnlyForAParent(t *testing.T) {
	for _, args := range [][]string{nil, {"3"}, {"3", "4", "5", "6"}, {"0", "1", "2"}, {"a", "b", "c"}, {"-1", "4", "5"}, {"901", "902", "903"}} {
		if code := Main(args); code != usageCode {
			t.Errorf("Main(%q) = %d, want %d", args, code, usageCode)
		}
	}
}

// TestFailuresFitIntoAnEvent: no message is too long or too strange to be sent.
func TestFailuresFitIntoAnEvent(t *testing.T) {
	for _, text := range []string{strings.Repeat("\x00", 1<<20), strings.Repeat("ü", 1<<20), "\xff\xfe", ""} {
		m := failureOf(failf(helper.Trap, "%s", text))
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

func TestAbsentFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := mounts(helper.Job{Mounts: []helper.Mount{{Host: dir + "/absent", Guest: "/"}}}); err == nil {
		t.Error("an absent folder was offered")
	}
}
