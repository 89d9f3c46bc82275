// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package choose

import (
	"context"
	"errors"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/trust/publisher"
)

// Facts are what is known of the publishers that a policy file names, for
// [policy.Check]: what lies beside the policy and what the store has seen.
func (c *Chooser) Facts(ctx context.Context, f *policy.File) policy.Facts {
	facts := policy.Facts{Publishers: map[string]policy.Known{}}
	if c.Now != nil { // else nothing is said of staleness
		facts.Now = c.Now()
	}
	for _, format := range c.Formats {
		facts.Formats = append(facts.Formats, format.Name())
	}
	k := &circle{chooser: c, file: f, chains: map[string]*publisher.Chain{}}
	for i := range f.Publishers {
		p := &f.Publishers[i]
		chain, err := k.chain(ctx, p)
		switch {
		case errors.Is(err, errNoChain):
		case err != nil:
			facts.Publishers[p.Name] = policy.Known{Err: err}
		default:
			facts.Publishers[p.Name] = known(chain)
		}
	}
	return facts
}

// known is what the newest document of a publisher says.
func known(chain *publisher.Chain) policy.Known {
	head := chain.Head()
	out := policy.Known{Stale: head.Stale, Roles: map[sealwax.Role]policy.KnownRole{}}
	for _, role := range head.Roles {
		in := policy.KnownRole{Threshold: role.Threshold}
		for _, f := range role.Keys {
			if k, ok := head.Key(f); ok {
				in.Keys = append(in.Keys, k.Public)
			}
		}
		out.Roles[role.Name] = in
	}
	return out
}
