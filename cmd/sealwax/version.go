// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"maps"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/buildinfo"
)

type versionInfo struct {
	Schema   string            `json:"schema"`
	Version  string            `json:"version"`
	Commit   string            `json:"commit"`
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	Formats  []string          `json:"formats"`
	Engines  map[string]string `json:"engines"`
	Helpers  []versionHelper   `json:"helpers"`
}

// versionHelper is a helper that is installed, and what it says of itself.
type versionHelper struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	Error string `json:"error,omitempty"` // why it does not say it
	helperInfo
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "print the version, and what is compiled in",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			v := readVersion()
			v.Helpers = a.versionHelpers(c.Context())
			if !asJSON {
				a.sayVersion(v)
				return nil
			}
			line, err := json.Marshal(v)
			if err != nil {
				return err
			}
			a.page(printableJSON(line))
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func (a *app) sayVersion(v versionInfo) {
	a.say("sealwax %s (%s, %s)", v.Version, v.Go, v.Platform)
	for _, name := range slices.Sorted(maps.Keys(v.Engines)) {
		a.say("engine %s %s", name, v.Engines[name])
	}
	for _, h := range v.Helpers {
		if h.Error != "" {
			a.say("%s (%s): %s", h.Name, h.Path, h.Error)
		} else {
			a.say("%s %s (%s)%s", h.Name, h.Version, h.Path, h.engine())
		}
	}
}

// versionHelpers asks the helper that compiles, if it is installed.
func (a *app) versionHelpers(ctx context.Context) []versionHelper {
	path, err := engine.Find(engine.Wasmtime, a.getenv)
	if err != nil {
		return []versionHelper{}
	}
	h := versionHelper{Name: engine.HelperPrefix + engine.Wasmtime, Path: path}
	if h.helperInfo, err = askHelper(ctx, path); err != nil {
		h.Error = err.Error()
	}
	return []versionHelper{h}
}

func readVersion() versionInfo {
	version, commit := buildinfo.Version()
	v := versionInfo{
		Schema: "sealwax.version/v1", Version: version, Commit: commit, Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Formats: []string{}, Engines: map[string]string{}, Helpers: []versionHelper{},
	}
	for _, f := range format.All() {
		v.Formats = append(v.Formats, f.Name())
	}
	if wazero := buildinfo.Module("github.com/tetratelabs/wazero"); wazero != buildinfo.Unknown {
		v.Engines["wazero"] = wazero
	}
	return v
}
