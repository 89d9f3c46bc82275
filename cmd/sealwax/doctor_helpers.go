// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sealwax/sealwax/gate/engine"
)

// maxHelpers is how many helpers are asked.
const maxHelpers = 64

// helpers finds the programs beside this one and asks each what it is. Of one name
// the first counts; the working folder never does.
func (p *patient) helpers(ctx context.Context) {
	before, seen := len(p.found), map[string]bool{}
	for _, dir := range engine.HelperFolders(p.getenv) {
		entries, _ := os.ReadDir(dir) // one that cannot be read holds no helper
		for _, e := range entries {
			name, is := helperName(e.Name())
			path := filepath.Join(dir, e.Name())
			if !is || seen[name] || len(seen) == maxHelpers || !engine.Startable(path) {
				continue
			}
			seen[name] = true
			p.helper(ctx, name, path)
		}
	}
	if len(p.found) == before {
		p.ok("helpers", "none is installed")
	}
}

func helperName(file string) (string, bool) {
	if runtime.GOOS == "windows" {
		var exe bool
		if file, exe = strings.CutSuffix(strings.ToLower(file), ".exe"); !exe {
			return "", false
		}
	}
	return file, strings.HasPrefix(file, engine.HelperPrefix) && len(file) > len(engine.HelperPrefix)
}

// helper asks one helper. One that others can change is not started.
func (p *patient) helper(ctx context.Context, name, path string) {
	if err := engine.CheckHelper(path); err != nil {
		p.errors(path, "make it readable", err)
		return
	}
	said, err := askHelper(ctx, path)
	if err != nil {
		p.fix(path, "install it again, or remove it", "%v", err)
		return
	}
	own := readVersion()
	if !said.sameRelease(own) {
		p.warn(name, "install both from one release", "it is version %s (%s), and this is %s", said.Version, path, own.Version)
		return
	}
	p.ok(name, "%s (%s)%s", said.Version, path, said.engine())
}
