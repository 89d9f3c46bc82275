// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer_test

import (
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/wasmsig"
)

// TestBothSpeak: the source's signer and the code's are both asked, without the
// source.
func TestBothSpeak(t *testing.T) {
	for _, f := range []string{minisign.Name, wasmsig.Name} {
		s := sourceOf(t, module, maker, f)
		r := judge(t.Context(), t, sign(t, cwasm(), compiler, compiled(s), s.carried), both(), people())
		if r.Verdict != sealwax.Allow {
			t.Errorf("%s: %s", f, messages(r))
		}
	}
	if r := judge(t.Context(), t, embed(t, program(), compiler), onlyNative(), people()); r.Verdict != sealwax.Allow {
		t.Errorf("a program: %s", messages(r))
	}
}
