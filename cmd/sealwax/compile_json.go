// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/sealwax/sealwax"
)

// compilationSchema names the form of what compile prints as JSON
// (docs/schema/compilation-v1.json). Fields are only ever added.
const compilationSchema = "sealwax.compilation/v1"

type compilationJSON struct {
	Schema string          `json:"schema"`
	Report *sealwax.Report `json:"report"`
	// Made is there if something was written.
	Made     *madeJSON `json:"made,omitempty"`
	Error    string    `json:"error,omitempty"`
	ExitCode int       `json:"exit_code"`
}

type madeJSON struct {
	Output string `json:"output"`
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
	Signed bool   `json:"signed"`
	Signer string `json:"signer,omitempty"`
	// Verified is whether the source met what was demanded.
	Verified bool       `json:"verified"`
	Source   sourceJSON `json:"source"`
	// Translation are the digests of the module that a text was translated to.
	Translation   map[string]string `json:"translation,omitempty"`
	Carried       []string          `json:"carried"`
	Tool          string            `json:"tool"`
	Time          string            `json:"time"`
	Engine        string            `json:"engine"`
	EngineVersion string            `json:"engine_version"`
	Binding       string            `json:"binding,omitempty"`
	Library       string            `json:"library,omitempty"`
	Target        string            `json:"target"`
	CPU           string            `json:"cpu"`
	OptLevel      string            `json:"opt_level"`
	Features      []string          `json:"features"`
}

type sourceJSON struct {
	Name    string            `json:"name"`
	Digest  string            `json:"digest"`
	Digests map[string]string `json:"digests"`
}

// sayJSON prints the answer as one line.
func (c *compilation) sayJSON(module string, err error) {
	if c.report == nil {
		c.report = sealwax.NewUndecided(module, err)
	}
	out := compilationJSON{Schema: compilationSchema, Report: c.report, ExitCode: exitYes}
	if err != nil {
		out.ExitCode = exitCode(err)
		if silent := (*exitError)(nil); !errors.As(err, &silent) || silent.err != nil {
			out.Error = err.Error()
		}
	} else {
		out.Made = c.madeJSON()
	}
	line, merr := json.Marshal(out)
	if merr != nil {
		c.app.sayError(merr)
		return
	}
	c.app.page(printableJSON(line))
}

func (c *compilation) madeJSON() *madeJSON {
	s := c.made.Statement
	m := &madeJSON{
		Output: c.options.out, Size: c.made.Size, Digest: c.made.Digest, Signed: c.made.Signed, Verified: s.Verified,
		Source:  sourceJSON{s.Source.Name, s.Source.Digest, sums(s.Source.Sums)},
		Carried: []string{}, Tool: s.Tool, Time: s.Time.Format(time.RFC3339),
		Engine: s.Engine, EngineVersion: s.EngineVersion, Binding: s.Binding, Library: s.Library,
		Target: s.Target, CPU: s.CPU, OptLevel: s.OptLevel, Features: append([]string{}, s.Features...),
	}
	if m.Signed {
		m.Signer = string(c.gate.Signer.Public().Fingerprint())
	}
	if s.Translation != "" {
		m.Translation = sums(s.Translation)
	}
	for _, carried := range c.made.Carried {
		m.Carried = append(m.Carried, carried.Format)
	}
	return m
}

// sums are digests in words. What the gate itself stated can be read.
func sums(text string) map[string]string {
	out := map[string]string{}
	parsed, _ := sealwax.ParseSums(text)
	for name, sum := range parsed {
		out[name] = hex.EncodeToString(sum)
	}
	return out
}
