// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/gate/choose"
	"github.com/sealwax/sealwax/internal/fetch"
	"github.com/sealwax/sealwax/internal/folders"
	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/trust"
)

const (
	// clockSlack is how far a file may seem to be from the future: file servers
	// have clocks of their own.
	clockSlack = 5 * time.Minute
	// clockLeap is how long it may be that nothing was written.
	clockLeap = 5 * 365 * 24 * time.Hour
	// maxLooked is how many files of one folder are asked for their time.
	maxLooked = 1024
)

// clock compares the time with what is certainly in the past: a wrong clock makes
// expired statements good, or good ones expired.
func (p *patient) clock() {
	now := p.now()
	past, of := buildTime(), "this program was made"
	for _, dir := range p.ourFolders() {
		if t, path := newest(dir); t.After(past) {
			past, of = t, path+" was written"
		}
	}
	const set = "set the clock, or let a time service set it"
	at := now.UTC().Format(time.DateTime)
	switch {
	case past.IsZero():
		p.ok("clock", "%s UTC, and there is nothing to compare it with", at)
	case now.Before(past.Add(-clockSlack)):
		p.fix("clock", set, "it says %s UTC, and %s later, on %s", at, of, past.UTC().Format(time.DateTime))
	case now.After(past.Add(clockLeap)):
		p.warn("clock", set, "it says %s UTC, years after %s", at, of)
	default:
		p.ok("clock", "%s UTC", at)
	}
}

// buildTime is when the program's source was committed, if that is known.
func buildTime() time.Time {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, _ := time.Parse(time.RFC3339, s.Value) // not known, then
			return t
		}
	}
	return time.Time{}
}

// newest is the file of a folder that was written last.
func newest(dir string) (latest time.Time, path string) {
	d, err := os.Open(dir)
	if err != nil {
		return latest, ""
	}
	defer d.Close()
	entries, _ := d.ReadDir(maxLooked)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().After(latest) {
			latest, path = info.ModTime(), filepath.Join(dir, e.Name())
		}
	}
	return latest, path
}

// ourFolders are those that the store reads, the ones above them first. Which are
// not known is not in the list.
func (p *patient) ourFolders() []string {
	var out []string
	if config, err := folders.Config(p.getenv); err == nil {
		out = append(out, config, filepath.Join(config, "pins"), filepath.Join(config, "blocks"))
	}
	if state, err := folders.State(p.getenv); err == nil {
		out = append(out, state, filepath.Join(state, "publishers"), filepath.Join(state, "first-use"), filepath.Join(state, "evidence"))
	}
	return out
}

// environment looks for variables that cannot mean what they say.
func (p *patient) environment() {
	before := len(p.found)
	for _, name := range []string{"SEALWAX_CONFIG_DIR", "SEALWAX_STATE_DIR", "SEALWAX_DATA_DIR", "SEALWAX_CACHE_DIR", "SEALWAX_DECISION_LOG"} {
		if dir := p.getenv(name); dir != "" && !filepath.IsAbs(dir) {
			p.fix(name, "set it to an absolute path", "%s is another place in every working folder", dir)
		}
	}
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"} {
		if dir := p.getenv(name); dir != "" && !filepath.IsAbs(dir) && runtime.GOOS != "windows" {
			p.warn(name, "set it to an absolute path, or unset it", "%s is no absolute path, and so is ignored", dir)
		}
	}
	_, errConfig := folders.Config(p.getenv)
	_, errState := folders.State(p.getenv)
	p.errors("environment", "set HOME, or the variable that is named", errConfig)
	p.errors("environment", "set HOME, or the variable that is named", errState)
	if len(p.found) == before {
		p.ok("environment", "every folder has an absolute path")
	}
}

// network looks at what fetching would start from, and fetches nothing.
func (p *patient) network() {
	c, err := fetch.New(fetch.Options{Getenv: p.getenv})
	if p.errors("network", "correct the variable that is named, or unset it", err) {
		return
	}
	c.Close()
	var by []string
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SEALWAX_CA_FILE", "SSL_CERT_FILE"} {
		if p.getenv(name) != "" {
			by = append(by, name)
		}
	}
	if len(by) == 0 {
		p.ok("network", "no proxy, and the system's certificate authorities")
		return
	}
	p.ok("network", "set by %s", strings.Join(by, ", "))
}

// folders looks at who may write where the store is.
func (p *patient) folders() {
	before, there := len(p.found), 0
	// Whoever writes in the system's folder takes its policy away, or brings one.
	for _, dir := range append([]string{p.system}, p.ourFolders()...) {
		err := safefile.CheckFolder(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if dir != p.system {
			there++
		}
		p.errors(dir, "make it readable", err)
	}
	switch {
	case len(p.found) > before:
	case there == 0:
		p.ok("folders", "there is none yet")
	default:
		p.ok("folders", "nobody else may write to them")
	}
}

// store reads every pin, publisher and block.
func (p *patient) store(ctx context.Context) {
	store, err := p.app.store()
	if err != nil {
		return // environment says so
	}
	const mend = "mend what is named, or remove it"
	known, err := store.Known(ctx)
	wrong := p.errors("pins", mend, err)
	blocks, err := store.Blocks(ctx)
	wrong = p.errors("blocks", mend, err) || wrong
	publishers := 0
	for _, k := range known {
		if k.Chain != nil {
			publishers++
			p.stale(k)
		}
	}
	if !wrong {
		p.ok("pins", "%s, %s; %s", plural(len(known)-publishers, "key"), plural(publishers, "publisher"), plural(len(blocks), "block"))
	}
	p.evidence()
}

// stale says what the publisher's own documents say of how long they are good for.
func (p *patient) stale(k trust.Known) {
	due, now := k.Chain.Head().Stale, p.now()
	fix := "fetch their newest file: sealwax trust update " + k.Pin.Name + " FILE|URL"
	switch {
	case due.IsZero():
	case now.After(due):
		p.warn("publisher "+k.Pin.Name, fix, "it is stale since %s", due.UTC().Format(time.DateOnly))
	case now.Add(policy.StaleSoon).After(due):
		p.warn("publisher "+k.Pin.Name, fix, "it goes stale on %s", due.UTC().Format(time.DateOnly))
	}
}

// evidence is what contradicted the publishers that are known.
func (p *patient) evidence() {
	state, err := folders.State(p.getenv)
	if err != nil {
		return
	}
	dir := filepath.Join(state, "evidence")
	notes, _ := filepath.Glob(filepath.Join(escapeGlob(dir), "*.txt"))
	if len(notes) > 0 {
		p.warn("evidence", "read the notes in "+dir+", and ask the publishers; remove them when that is settled",
			"%s of publishers that contradicted themselves", plural(len(notes), "note"))
	}
}

// escapeGlob makes a folder's name stand for itself in a pattern.
func escapeGlob(dir string) string {
	if runtime.GOOS == "windows" {
		return dir // there is no escaping, and these are no characters of names
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// keys looks at who may read and change secret keys. It reads none.
func (p *patient) keys(named []string) {
	before, seen := len(p.found), 0
	for _, path := range append(p.usualKeys(), named...) {
		seen++
		p.key(path)
	}
	if seen > 0 && len(p.found) == before {
		p.ok("keys", "%s, and nobody else may read it", plural(seen, "secret key"))
	}
}

// usualKeys are the keys in minisign's and rsign's own places, as far as they are
// there.
func (p *patient) usualKeys() []string {
	var out []string
	for _, tool := range []struct{ env, dir, file string }{
		{"MINISIGN_CONFIG_DIR", ".minisign", "minisign.key"},
		{"RSIGN_CONFIG_DIR", ".rsign", "rsign.key"},
	} {
		dir := p.getenv(tool.env)
		if home := p.getenv("HOME"); dir == "" && home != "" {
			dir = filepath.Join(home, tool.dir)
		}
		path := filepath.Join(dir, tool.file)
		if _, err := os.Stat(path); dir != "" && !errors.Is(err, fs.ErrNotExist) {
			out = append(out, path)
		}
	}
	return out
}

func (p *patient) key(path string) {
	info, err := os.Stat(path)
	if p.errors(path, "name a secret key's file", err) {
		return
	}
	if !info.Mode().IsRegular() {
		p.fix(path, "name a secret key's file", "it is not a regular file")
		return
	}
	p.errors(path, "", safefile.Check(path, info))
	p.errors(path, "", safefile.CheckFolder(filepath.Dir(path)))
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		p.fix(path, "take that right away with: chmod 600 "+shellQuote(path), "others may read the secret key, or change it")
	}
}

// policies reads the policies in force, and looks at where decisions are written
// down.
func (p *patient) policies(ctx context.Context) {
	c := choose.Chooser{Formats: format.All(), Now: p.now}
	if store, err := p.app.store(); err == nil {
		c.Store = store
	}
	c.System = p.policy(ctx, &c, "the system's policy", filepath.Join(p.system, policyName))
	if config, err := folders.Config(p.getenv); err == nil {
		c.User = p.policy(ctx, &c, "the user's policy", filepath.Join(config, policyName))
	}
	logs, err := p.decisionLogs(&c)
	p.errors("decision log", "set SEALWAX_STATE_DIR to an absolute path", err)
	for _, log := range logs {
		if !p.errors("decision log", "name another file, or make this one writable", log.Check()) {
			p.ok("decision log", "%s", log.Path)
		}
	}
}

func (p *patient) policy(ctx context.Context, c *choose.Chooser, what, path string) *policy.File {
	f, err := standing(path)
	if p.errors(what, "make it readable, or remove it", err) || f == nil {
		return nil
	}
	problems := policy.Check(f, c.Facts(ctx, f))
	for _, problem := range problems {
		status := isWarn
		if problem.Severity == sealwax.SeverityError {
			status = isFix
		}
		p.add(symptom{status, fmt.Sprintf("%s:%d", problem.File, problem.Line), problem.Problem, problem.Fix})
	}
	if len(problems) == 0 {
		p.ok(what, "%s, %s", path, plural(len(f.Rules), "rule"))
	}
	return f
}
