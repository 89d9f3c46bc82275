// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/sealwax/sealwax/internal/buildinfo"
)

const (
	// helperPatience is how long a helper may take to say what it is.
	helperPatience = 2 * time.Second
	// maxHelperAnswer is how much it may say, in bytes.
	maxHelperAnswer = 64 << 10
)

// helperInfo is what a helper says of itself. All of it is the helper's word.
type helperInfo struct {
	Schema  string            `json:"schema"`
	Version string            `json:"version"`
	Commit  string            `json:"commit"`
	Engines map[string]string `json:"engines"`
	Binding string            `json:"binding"` // what binds the engine to the helper
	Library string            `json:"library"` // the engine's library that is linked in
	Note    string            `json:"note"`    // what a person should know about these versions
}

// sameRelease reports whether a helper and this program were built from one
// source. Modules in one repository have tags of their own, so that equal commits
// count as well as equal versions.
func (h helperInfo) sameRelease(own versionInfo) bool {
	return h.Version == own.Version || h.Commit != "" && h.Commit != buildinfo.Unknown && h.Commit == own.Commit
}

// engine says in a line what a helper has, beginning with a colon; nothing, if it
// has no engine.
func (h helperInfo) engine() string {
	if len(h.Engines) == 0 {
		return ""
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(h.Engines)) {
		parts = append(parts, name+" "+h.Engines[name])
	}
	if h.Binding != "" {
		parts = append(parts, "binding "+h.Binding)
	}
	if h.Library != "" {
		parts = append(parts, "library "+h.Library)
	}
	line := ": " + strings.Join(parts, ", ")
	if h.Note != "" {
		line += "; " + h.Note
	}
	return line
}

// askHelper is the handshake of versions: `NAME version --json`, in an empty
// environment.
func askHelper(ctx context.Context, path string) (helperInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, helperPatience)
	defer cancel()
	answer := &capped{left: maxHelperAnswer}
	c := exec.CommandContext(ctx, path, "version", "--json")
	c.Env, c.Stdout, c.WaitDelay = []string{}, answer, time.Second
	err := c.Run()
	switch {
	case ctx.Err() != nil:
		return helperInfo{}, fmt.Errorf("it does not say what it is within %v", helperPatience)
	case err != nil:
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			err = path.Err
		}
		return helperInfo{}, fmt.Errorf("it does not say what it is: %w", err)
	}
	var v helperInfo
	if json.Unmarshal(answer.kept.Bytes(), &v) != nil || !strings.HasPrefix(v.Schema, "sealwax.version/") || v.Version == "" {
		return helperInfo{}, errors.New("what it says of its version is not understood")
	}
	return v, nil
}

// capped keeps so much and no more. It is no bytes.Buffer itself, whose ReadFrom
// would take all there is.
type capped struct {
	kept bytes.Buffer
	left int
}

// Write fails when there is more.
func (c *capped) Write(b []byte) (int, error) {
	if len(b) > c.left {
		return 0, io.ErrShortWrite
	}
	c.left -= len(b)
	return c.kept.Write(b)
}
