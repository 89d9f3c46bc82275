// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/choose"
	"github.com/sealwax/sealwax/gate/record"
	"github.com/sealwax/sealwax/internal/folders"
	"github.com/sealwax/sealwax/policy"
)

// decisionLogs are where decisions are written down: as many as ask for it.
type decisionLogs []*record.Log

// decisionLogs are the logs that the environment and the policies name.
func (a *app) decisionLogs(c *choose.Chooser) (decisionLogs, error) {
	policies := map[string]string{}
	if c.System != nil {
		policies[choose.SystemDemand] = c.System.Digest
	}
	if c.User != nil {
		policies[choose.UserDemand] = c.User.Digest
	}
	var out decisionLogs
	if path := a.getenv("SEALWAX_DECISION_LOG"); path != "" {
		out = append(out, &record.Log{Path: path, Policies: policies, Now: a.now})
	}
	for _, p := range []*policy.File{c.System, c.User} {
		if p == nil || p.Log == "" {
			continue
		}
		path := p.Log
		if !filepath.IsAbs(path) {
			state, err := folders.State(a.getenv)
			if err != nil {
				return nil, fmt.Errorf("finding the state folder: %w", err)
			}
			path = filepath.Join(state, path)
		}
		out = append(out, &record.Log{Path: path, Policies: policies, Now: a.now})
	}
	return out, nil
}

// keep writes one decision into all of them. One that has to be kept and cannot
// be is none.
func (l decisionLogs) keep(gate string, r *sealwax.Report) error {
	var errs []error
	for _, log := range l {
		errs = append(errs, log.Write(gate, r))
	}
	return errors.Join(errs...)
}
