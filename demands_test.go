// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"testing"

	"github.com/sealwax/sealwax"
)

// TestDemandsWith: each policy is changed, and whoever gave it keeps theirs.
func TestDemandsWith(t *testing.T) {
	mine := &sealwax.Policy{Prefix: true}
	ds := sealwax.Demands{{Name: "a", Policy: mine}, {Name: "b"}, {Name: "c", Policy: &sealwax.Policy{Prefix: true, Warn: true}}}
	got := ds.With(func(p *sealwax.Policy) { p.Prefix = false })
	if len(got) != 3 || got[0].Policy.Prefix || got[2].Policy.Prefix || !got[2].Policy.Warn || got[1].Policy != nil || got[1].Name != "b" {
		t.Errorf("%+v", got)
	}
	if !mine.Prefix || ds[0].Policy != mine || !ds[2].Policy.Prefix {
		t.Errorf("the caller's were changed: %+v", ds)
	}
}
