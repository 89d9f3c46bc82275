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
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/sealwax/sealwax/internal/safefile"
)

const (
	helperPrefix = "sealwax-"
	// helperPatience is how long a helper may take to say what it is.
	helperPatience = 2 * time.Second
	// maxHelperAnswer is how much it may say, in bytes.
	maxHelperAnswer = 64 << 10
	// maxHelpers is how many are asked.
	maxHelpers = 64
)

// helpers finds the programs beside this one and asks each what it is. Of one name
// the first counts; the working folder never does.
func (p *patient) helpers(ctx context.Context) {
	before, seen := len(p.found), map[string]bool{}
	for _, dir := range p.helperFolders() {
		entries, _ := os.ReadDir(dir) // one that cannot be read holds no helper
		for _, e := range entries {
			name, is := helperName(e.Name())
			path := filepath.Join(dir, e.Name())
			if !is || seen[name] || len(seen) == maxHelpers || !startable(path) {
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

// helperFolders are where helpers are looked for, in that order.
func (p *patient) helperFolders() []string {
	var out []string
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		dir := filepath.Dir(self)
		out = append(out, dir, filepath.Join(filepath.Dir(dir), "libexec", "sealwax"))
	}
	for _, dir := range filepath.SplitList(p.getenv("PATH")) {
		if filepath.IsAbs(dir) {
			out = append(out, filepath.Clean(dir))
		}
	}
	return out
}

func helperName(file string) (string, bool) {
	if runtime.GOOS == "windows" {
		var exe bool
		if file, exe = strings.CutSuffix(strings.ToLower(file), ".exe"); !exe {
			return "", false
		}
	}
	return file, strings.HasPrefix(file, helperPrefix) && len(file) > len(helperPrefix)
}

func startable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}

// helper asks one helper. One that others can change is not started.
func (p *patient) helper(ctx context.Context, name, path string) {
	info, err := os.Stat(path)
	if p.errors(path, "make it readable", err) {
		return
	}
	if err := errors.Join(safefile.Check(path, info), safefile.CheckFolder(filepath.Dir(path))); err != nil {
		p.errors(path, "", err)
		return
	}
	version, err := askHelper(ctx, path)
	switch own := readVersion().Version; {
	case err != nil:
		p.fix(path, "install it again, or remove it", "%v", err)
	case version != own:
		p.warn(name, "install both from one release", "it is version %s (%s), and this is %s", version, path, own)
	default:
		p.ok(name, "%s (%s)", version, path)
	}
}

// askHelper is the handshake of versions: `NAME version --json`, in an empty
// environment.
func askHelper(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, helperPatience)
	defer cancel()
	answer := &capped{left: maxHelperAnswer}
	c := exec.CommandContext(ctx, path, "version", "--json")
	c.Env, c.Stdout, c.WaitDelay = []string{}, answer, time.Second
	err := c.Run()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("it does not say what it is within %v", helperPatience)
	case err != nil:
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			err = path.Err
		}
		return "", fmt.Errorf("it does not say what it is: %w", err)
	}
	var v struct{ Schema, Version string }
	if json.Unmarshal(answer.kept.Bytes(), &v) != nil || !strings.HasPrefix(v.Schema, "sealwax.version/") || v.Version == "" {
		return "", errors.New("what it says of its version is not understood")
	}
	return v.Version, nil
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
