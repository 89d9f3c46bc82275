// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/gate/engine/cache"
	"github.com/sealwax/sealwax/internal/folders"
)

func (a *app) cacheCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "cache",
		Short: "see and empty the cache of compiled modules",
		Long: `Run keeps what it compiled, so that the next start of the same module takes a fraction of the
time. Nothing in the cache decides anything, and nothing that somebody changed in it is run:
sealwax help caching.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.cacheInfoCommand(), a.cacheCleanCommand())
	return c
}

func (a *app) cacheInfoCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "info",
		Short: "say where the cache is, and how large",
		Long: `Info counts what is kept, and changes nothing. SEALWAX_CACHE_LIMIT says how much may be kept.

Exit codes: 0, and 3 if the cache could not be looked at.`,
		Example: `  sealwax cache info
  sealwax cache info --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.inJSON(asJSON, a.cacheInfo(asJSON)) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON (docs/schema/cache-v1.json)")
	return c
}

func (a *app) cacheCleanCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "clean",
		Short: "remove every compiled module",
		Long: `Clean removes what is kept; the next run of each module compiles it again. Guests that run are
not disturbed.

Exit codes: 0, and 3 if something could not be removed.`,
		Example: `  sealwax cache clean`,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.inJSON(asJSON, a.cacheClean(asJSON)) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON (docs/schema/cache-v1.json)")
	return c
}

// cacheJSON is what both commands print.
type cacheJSON struct {
	Schema  string       `json:"schema"`
	Folder  string       `json:"folder"`
	Limit   int64        `json:"limit"` // bytes
	Entries int          `json:"entries"`
	Bytes   int64        `json:"bytes"`
	Removed *removedJSON `json:"removed,omitempty"` // by clean
}

type removedJSON struct {
	Entries int   `json:"entries"`
	Bytes   int64 `json:"bytes"`
}

// sayCache says what is there, after removed has gone (nil: nobody cleaned).
func (a *app) sayCache(s *cache.Store, removed *removedJSON) error {
	n, err := s.Info()
	if err != nil {
		return withCode(exitUndecided, err)
	}
	return a.sayObject(cacheJSON{"sealwax.cache/v1", s.Dir, s.Limit, n.Entries, n.Size, removed})
}

func (a *app) cacheInfo(asJSON bool) error {
	s, err := a.compileCache()
	if err != nil {
		return err
	}
	if asJSON {
		return a.sayCache(s, nil)
	}
	n, err := s.Info()
	if err != nil {
		return withCode(exitUndecided, err)
	}
	a.say("folder   %s", s.Dir)
	a.say("entries  %d", n.Entries)
	a.say("size     %s of at most %s", bytesText(n.Size), bytesText(s.Limit))
	return nil
}

func (a *app) cacheClean(asJSON bool) error {
	s, err := a.compileCache()
	if err != nil {
		return err
	}
	n, err := s.Clean()
	if err != nil {
		return withCode(exitUndecided, err)
	}
	if asJSON {
		return a.sayCache(s, &removedJSON{n.Entries, n.Size})
	}
	if n.Entries == 0 {
		a.note("the cache is empty")
		return nil
	}
	a.note("removed %s, %s", plural(n.Entries, "compiled module"), bytesText(n.Size))
	return nil
}

// cacheFor is the cache of a run, or nil. Where no folder is known there is none,
// and nobody misses it.
func (a *app) cacheFor(o *runOptions) (*cache.Store, error) {
	if o.noCache {
		return nil, nil
	}
	s, err := a.compileCache()
	if errors.Is(err, errNoFolder) {
		return nil, nil
	}
	return s, err
}

// errNoFolder says that the environment names no place for a cache.
var errNoFolder = errors.New("there is no place for a cache")

// compileCache is where the environment wants compiled modules to be kept.
func (a *app) compileCache() (*cache.Store, error) {
	limit, err := a.cacheLimit()
	if err != nil {
		return nil, withCode(exitUsage, err)
	}
	dir, err := folders.Cache(a.getenv)
	if err != nil {
		return nil, withCode(exitUndecided, fmt.Errorf("%w: %w", errNoFolder, err))
	}
	state, err := folders.State(a.getenv)
	if err != nil {
		return nil, withCode(exitUndecided, fmt.Errorf("%w: %w", errNoFolder, err))
	}
	return &cache.Store{
		Dir: filepath.Join(dir, "compiled"), KeyFile: filepath.Join(state, "compile-cache.key"),
		Limit: limit, Now: a.now,
		Warn: func(err error) { a.note("the compile cache is not used: %v", err) },
	}, nil
}

// cacheLimit is the size that the environment gives to the cache; 0 is none.
func (a *app) cacheLimit() (int64, error) {
	switch text := a.getenv("SEALWAX_CACHE_LIMIT"); text {
	case "":
		return cache.DefaultLimit, nil
	case "0":
		return 0, nil
	default:
		n, err := engine.ParseMemory(text)
		if err != nil {
			return 0, fmt.Errorf("SEALWAX_CACHE_LIMIT: %w; 0 keeps nothing", err)
		}
		return n, nil
	}
}

// compileCache looks at the cache, if there is one.
func (p *patient) compileCache() {
	s, err := p.app.compileCache()
	if errors.Is(err, errNoFolder) { // said of the environment
		return
	}
	if p.errors("compile cache", "correct it, or unset it", err) {
		return
	}
	if err := s.CheckKey(); err != nil {
		p.warn("compile cache", "", "%v", err)
		return
	}
	n, err := s.Info()
	if !p.errors("compile cache", "make it readable, or remove it", err) && n.Entries > 0 {
		p.ok("compile cache", "%s, %s of at most %s", plural(n.Entries, "module"), bytesText(n.Size), bytesText(s.Limit))
	}
}

// bytesText writes a size for a person.
func bytesText(n int64) string {
	for _, unit := range []struct {
		shift uint
		name  string
	}{{30, "GiB"}, {20, "MiB"}, {10, "KiB"}} {
		if n >= 1<<unit.shift {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(int64(1)<<unit.shift), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
