// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/format"
)

type versionInfo struct {
	Schema   string            `json:"schema"`
	Version  string            `json:"version"`
	Commit   string            `json:"commit"`
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	Formats  []string          `json:"formats"`
	Engines  map[string]string `json:"engines"`
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "print the version, and what is compiled in",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if !asJSON {
				a.say("sealwax %s (%s, %s)", v.Version, v.Go, v.Platform)
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

func readVersion() versionInfo {
	v := versionInfo{
		Schema: "sealwax.version/v1", Version: "devel", Commit: "unknown", Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Formats: []string{}, Engines: map[string]string{},
	}
	for _, f := range format.All() {
		v.Formats = append(v.Formats, f.Name())
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Commit = s.Value
		}
	}
	for _, d := range info.Deps {
		if d.Path == "github.com/tetratelabs/wazero" {
			v.Engines["wazero"] = d.Version
		}
	}
	return v
}
