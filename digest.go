// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import "encoding/hex"

// Digest plans the artifact's digest: what names it, and what signing does not
// change. It is the SHA-256 that the artifact's format gives (of a WebAssembly
// module all but its signature section; see [Digester]), else, and where the
// content is not well formed for its kind, that of the whole content. The
// function gives it as "sha256:HEX" after the read; "" if there was none.
func (v *Verifier) Digest(a *Artifact) func() string {
	a.PlanSHA256()
	whole := func() string { return sha256Name(a.Sum("sha256")) }
	for _, f := range v.Formats {
		d, ok := f.(Digester)
		if !ok {
			continue
		}
		if identity := d.Digest(a); identity != nil {
			return func() string {
				if sum, err := identity(); err == nil {
					return sha256Name(sum)
				}
				return whole()
			}
		}
	}
	return whole
}

func sha256Name(sum []byte) string {
	if sum == nil {
		return ""
	}
	return "sha256:" + hex.EncodeToString(sum)
}

// planDigest plans the digest if somebody asks for it: a candidate whose standing
// speaks of single artifacts, or the verifier.
func (v *Verifier) planDigest(a *Artifact, candidates []candidate) func() string {
	asked := v.Digests || len(v.Void) > 0
	for _, c := range candidates {
		for _, by := range c.anchors {
			asked = asked || by.Standing.asksDigest()
		}
	}
	if !asked {
		return func() string { return "" }
	}
	return v.Digest(a)
}
