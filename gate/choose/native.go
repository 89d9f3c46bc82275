// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package choose

import (
	"context"
	"slices"

	"github.com/sealwax/sealwax"
)

// The names of the two halves of what compiled code needs, for explanations.
const (
	SourceHalf = "source"
	NativeHalf = "native"
)

// asked is what was given, of an artifact of a kind. Compiled code is vouched for
// twice: by who signed its source, and by who signed what was made of it. A program
// is native code, and a file that somebody publishes: where no keys say which, either
// will do. Whatever else it is, no signer of native code vouches for it.
func (c *Chooser) asked(given *sealwax.Policy, kind sealwax.Kind) *sealwax.Policy {
	out := *given
	source, native := given.Need, sealwax.Quorum{Label: NativeHalf, Need: 1, Role: sealwax.RoleNative}
	source.Label = SourceHalf
	switch {
	case kind == sealwax.KindCompiled:
		out.Need = sealwax.Quorum{Need: 2, Of: []sealwax.Quorum{source, native}}
	case kind != sealwax.KindProgram, given.Need.Role == sealwax.RoleNative:
		return given
	case c.Native != nil:
		out.Need = native
	case c.Trust == nil:
		out.Need = sealwax.Quorum{Need: 1, Of: []sealwax.Quorum{source, native}}
	}
	return &out
}

// given is whom to ask for what was given. The pins are offered in both roles, so
// that a key of the wrong one is called by its name: the policy counts the right
// one only. Each role has its own keys, or its own pins: those of the other are no
// reason to forget these.
func (c *Chooser) given(subject string, kind sealwax.Kind) sealwax.Trust {
	pins := func(roles ...sealwax.Role) sealwax.Trust {
		if c.Store == nil || subject == "" { // mutate:skip no pattern is for what has no name, so the store would offer nobody either
			return union(nil)
		}
		return c.Store.For(subject, roles...)
	}
	switch {
	case c.Trust == nil && c.Native == nil:
		return pins(sealwax.RoleRelease, sealwax.RoleNative)
	case c.Trust == nil:
		return halves{pins(sealwax.RoleRelease), c.Native}
	case c.Native == nil && kind != sealwax.KindCompiled:
		return c.Trust
	case c.Native == nil:
		return halves{c.Trust, pins(sealwax.RoleNative)}
	}
	return halves{source{c.Trust}, c.Native}
}

// source is somebody who was named, without their keys for native code: those that
// were given for it take the place of all others.
type source struct{ sealwax.Trust }

// Anchors leaves out the role native.
func (s source) Anchors(ctx context.Context, hint sealwax.Hint) ([]sealwax.Anchor, error) {
	offered, err := s.Trust.Anchors(ctx, hint)
	out := slices.Clone(offered)
	return slices.DeleteFunc(out, func(a sealwax.Anchor) bool { return a.Role == sealwax.RoleNative }), err
}

// halves are those who may have signed sources, and those who may have made native
// code.
type halves struct{ source, native sealwax.Trust }

// Anchors offers both, first those in the role in which the signature speaks: no
// more than so many are tried.
func (h halves) Anchors(ctx context.Context, hint sealwax.Hint) ([]sealwax.Anchor, error) {
	if hint.Role == sealwax.RoleNative {
		return union{h.native, h.source}.Anchors(ctx, hint)
	}
	return union{h.source, h.native}.Anchors(ctx, hint)
}
