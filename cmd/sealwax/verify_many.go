// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/internal/term"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust/publisher"
)

// files verifies several artifacts on all cores and answers in the order given.
func (v *verification) files(ctx context.Context, paths []string) []outcome {
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
	return outcomes
}

// forest is what is to be verified in the folders that were named.
type forest struct {
	files               []string
	skipped, signatures int
	listings            map[string]*source.Tree
	empty               []string // folders in which there is nothing
}

func gather(ctx context.Context, dirs []string) (*forest, error) {
	f := &forest{listings: map[string]*source.Tree{}}
	for _, dir := range dirs {
		t, err := source.Walk(ctx, dir, isSignature)
		if err != nil {
			return nil, err
		}
		if len(t.Files) == 0 {
			f.empty = append(f.empty, dir)
		}
		f.files = append(f.files, t.Files...)
		f.skipped += t.Skipped
		f.signatures += t.Signatures
		f.listings[dir] = t
	}
	return f, nil
}

// errNothing is the answer about a folder without files: no reason to say yes.
var errNothing = errors.New("nothing to verify was found")

// trees verifies everything in folders.
func (v *verification) trees(ctx context.Context, dirs []string) error {
	ctx, stop := v.app.interruptible(ctx)
	defer stop()
	f, err := gather(ctx, dirs)
	if err != nil {
		return err
	}
	if f.skipped > 0 {
		v.app.note("not followed: %d symbolic links, sockets or devices", f.skipped)
	}
	v.listing = mergedListing(f.listings)
	v.counted = &tally{}
	start := v.app.now()
	line := term.StartProgress(v.app.err, v.app.getenv, func() string {
		return fmt.Sprintf("verifying: %d of %s", v.counted.done.Load(), plural(len(f.files), "file"))
	})
	v.around = line.Around
	outcomes := v.files(ctx, f.files)
	line.Stop()
	for _, dir := range f.empty {
		err := withCode(exitUndecided, fmt.Errorf("%s: %w", dir, errNothing))
		outcomes = append(outcomes, outcome{dir, sealwax.NewUndecided(dir, err), err})
		v.show(outcomes[len(outcomes)-1])
	}
	words := v.app.say
	if v.options.json {
		words = v.app.note // the lines of standard output are reports
	}
	err = summary(outcomes)
	if err != nil || !v.options.quiet {
		words("%s, %s beside them: %d allowed, %d refused, %d undecided (%s)",
			plural(len(f.files), "file"), plural(f.signatures, "signature"),
			v.counted.allowed, v.counted.refused, v.counted.undecided, v.app.now().Sub(start).Round(time.Millisecond))
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

// isSignature recognises a detached signature by content, in any format, and what
// else signs itself: a publisher's file. Each has to be one as a whole: what only
// begins like it could be anything, and is judged as every other file.
func isSignature(data []byte) bool {
	if publisher.Recognise(data) {
		_, err := publisher.ParseChain(data)
		return err == nil
	}
	return slices.ContainsFunc(format.All(), func(f sealwax.Format) bool {
		s, ok := f.(sealwax.Sidecar)
		return ok && s.Recognise(data)
	})
}
