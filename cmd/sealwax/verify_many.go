// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/internal/term"
	"github.com/sealwax/sealwax/source"
)

// files verifies several artifacts on all cores and answers in the order given.
func (v *verification) files(ctx context.Context, paths []string) error {
	v.alone = len(paths) == 1 && v.counted == nil
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
		v.around(func() { v.show(outcomes[i]) })
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
	counted := &tally{}
	v.counted = counted
	start := v.app.now()
	line := term.StartProgress(v.app.err, v.app.getenv, func() string {
		return fmt.Sprintf("verifying: %d of %s", counted.done.Load(), plural(len(files), "file"))
	})
	v.around = line.Around
	err := v.files(ctx, files)
	line.Stop()
	if !v.options.json {
		v.app.say("%s: %d allowed, %d refused, %d undecided (%s)", plural(len(files), "file"),
			counted.allowed, counted.refused, counted.undecided, v.app.now().Sub(start).Round(time.Millisecond))
	}
	return err
}

// tally counts answers.
type tally struct {
	done                        atomic.Int64
	allowed, refused, undecided int
}

func (t *tally) add(o outcome) {
	t.done.Add(1)
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
	_, err := wasmsig.Parse(data)
	return err == nil
}
