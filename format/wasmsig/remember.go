// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmsig

import (
	"errors"

	"github.com/sealwax/sealwax"
)

// bodySum is the name of the hash of everything behind the signature section.
const bodySum = "wasmsig"

var _ sealwax.Rememberer = Format{}

// Remember plans the hash of the module's body. There is none where no module
// signature can speak of the artifact.
func (Format) Remember(a *sealwax.Artifact) func() (sealwax.Remembered, error) {
	if !binary(a) {
		return func() (sealwax.Remembered, error) { return nil, nil }
	}
	a.Plan(scanMeter, func() sealwax.Meter { return newScan() })
	return func() (sealwax.Remembered, error) {
		m, ok := a.Meter(scanMeter).(*scan)
		if !ok {
			return nil, errNotRead
		}
		if m.wellFormed() != nil || m.placed() != nil {
			return nil, nil
		}
		m.finish()
		return sealwax.Remembered{bodySum: m.raw.whole[:]}, nil
	}
}

// checkRemembered is Check without the module's bytes. Hashes are running ones, so
// a list speaks of the whole body if its last one is the body's.
func (s *signature) checkRemembered(a *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	body := a.Sum(bodySum)
	n := len(s.set.Hashes)
	if body == nil || n == 0 || string(body) != string(s.set.Hashes[n-1][:]) {
		return sealwax.Claim{}, errors.New("the signature is of another module, or of a part of it")
	}
	if err := s.signedBy(by.Key); err != nil {
		return sealwax.Claim{}, err
	}
	return sealwax.Claim{By: by, Format: Name, Source: s.source, Covers: sealwax.Coverage{Whole: true}, Carry: s.payload}, nil
}
