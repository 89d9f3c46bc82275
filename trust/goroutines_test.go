// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"fmt"
	"sync"
	"testing"

	"github.com/sealwax/sealwax"
)

// TestGoroutines: one store answers many while newer documents are stored, and
// never goes back to older ones. The race detector is the judge of the rest.
func TestGoroutines(t *testing.T) {
	chains := []*maker{acme()}
	for range 3 {
		chains = append(chains, chains[len(chains)-1].renewed(1))
	}
	var many []Pin
	for i := range MaxTried {
		many = append(many, testPin(t, fmt.Sprintf("p%d", i), i, "*"))
	}
	for name, pins := range map[string][]Pin{"few": nil, "many": many} {
		t.Run(name, func(t *testing.T) {
			s, _ := withAcme(t, chains[0], pins...)
			s.Reindex(t.Context())
			k := mustKey(acmeRelease)
			var all sync.WaitGroup
			for _, m := range chains {
				all.Go(func() {
					if _, err := s.Advance(t.Context(), "acme", m.chain()); err != nil {
						t.Error(err)
					}
				})
				all.Go(func() {
					got, err := s.For(FileSubject("acme.wasm"), sealwax.RoleRelease).Anchors(t.Context(), sealwax.Hint{KeyID: k.WasmsignID()})
					if err != nil || len(got) == 0 {
						t.Errorf("%d, %v", len(got), err)
					}
					if parties, err := s.PublishersOf(t.Context(), k); err != nil || len(parties) != 1 {
						t.Errorf("%v, %v", parties, err)
					}
				})
			}
			all.Wait()
			checkChain(t, s, chains[len(chains)-1])
		})
	}
}
