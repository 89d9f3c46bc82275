// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/internal/term"
	"github.com/sealwax/sealwax/source"
)

// files verifies several artifacts on all cores and answers in the order given.
func (v *verification) files(ctx context.Context, paths []string, progress func(done int)) error {
	outcomes := make([]outcome, len(paths))
	ready := make([]chan struct{}, len(paths))
	for i := range ready {
		ready[i] = make(chan struct{})
	}
	work := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(paths)) {
		workers.Go(func() {
			for i := range work {
				outcomes[i] = v.one(ctx, paths[i])
				close(ready[i])
			}
		})
	}
	go func() {
		defer close(work)
		for i := range paths {
			work <- i
		}
	}()
	for i := range paths {
		<-ready[i]
		v.show(outcomes[i])
		if progress != nil {
			progress(i + 1)
		}
	}
	workers.Wait()
	return summary(outcomes)
}

// trees verifies everything in folders.
func (v *verification) trees(ctx context.Context, dirs []string) error {
	var files []string
	listings := map[string]*source.Tree{}
	skipped := 0
	for _, dir := range dirs {
		t, err := source.Walk(ctx, dir, isSignature)
		if err != nil {
			return err
		}
		files = append(files, t.Files...)
		skipped += t.Skipped
		listings[dir] = t
	}
	if skipped > 0 {
		v.app.note("%s not followed (symbolic links, sockets, devices)", plural(skipped, "entry"))
	}
	if len(files) == 0 {
		return withCode(exitUndecided, fmt.Errorf("nothing to verify was found"))
	}
	v.listing = mergedListing(listings)
	line := term.NewProgress(v.app.err, v.app.now, v.app.getenv)
	counted := &tally{}
	v.options.quiet = v.options.quiet || !v.options.json && !v.options.explain
	v.counted = counted
	start := v.app.now()
	err := v.files(ctx, files, func(done int) { line.Set("verifying %d of %d files", done, len(files)) })
	line.Done()
	if !v.options.json {
		v.app.say("%s: %d allowed, %d refused, %d undecided (%s)", plural(len(files), "file"),
			counted.allowed, counted.refused, counted.undecided, v.app.now().Sub(start).Round(time.Millisecond))
	}
	return err
}

// tally counts answers.
type tally struct{ allowed, refused, undecided int }

func (t *tally) add(o outcome) {
	switch {
	case o.err == nil:
		t.allowed++
	case isDenied(o.err):
		t.refused++
	default:
		t.undecided++
	}
}

// mergedListing answers for whichever tree saw the folder.
func mergedListing(trees map[string]*source.Tree) func(string) ([]string, error) {
	return func(dir string) ([]string, error) {
		for _, t := range trees {
			if names, err := t.Listing(dir); err == nil && names != nil {
				return names, nil
			}
		}
		return nil, nil
	}
}

// isSignature recognises a detached signature by content, in any format.
func isSignature(data []byte) bool {
	if _, err := minisign.Parse(data); err == nil {
		return true
	}
	return wasmsig.IsDetached(data)
}
