// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Command performance measures sealwax against the reference tools and a plain
// hasher, in one run, and writes docs/performance.md.
//
//	make performance            the whole table: some minutes, 3 GiB of temporary space
//	go run ./scripts/performance -quick    smaller files, to try it out
//
// Each row runs two commands in turn (A B A B …), whole processes, so that a
// machine that slows down slows both; medians are quoted.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if done, err := other(os.Args[1:]); done {
		if err != nil {
			fail(err)
		}
		return
	}
	quick := flag.Bool("quick", false, "small files and few runs")
	sealwax := flag.String("sealwax", "", "the `BINARY` to measure; built if empty")
	only := flag.String("only", "", "measure only the `STEP`: start pins run native module many file")
	out := flag.String("o", filepath.Join("docs", "performance.md"), "write the table to `FILE`")
	flag.Parse()
	if err := measure(*quick, *only, *sealwax, *out); err != nil {
		fail(err)
	}
}

// other is what this program does as one of the measured ones.
func other(args []string) (done bool, err error) {
	switch {
	case len(args) > 1 && args[0] == "hash":
		return true, hashFile(args[1])
	case len(args) > 2 && args[0] == "unverified":
		code, err := unverified(args[1], args[2], args[3:])
		if err == nil && code != 0 {
			os.Exit(code)
		}
		return true, err
	}
	return false, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "performance:", err)
	os.Exit(1)
}

func measure(quick bool, only, binary, out string) error {
	dir, err := os.MkdirTemp("", "sealwax-performance-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{dir: dir, size: fullSizes()}
	if quick {
		b.size = quickSizes()
	}
	if err := b.prepare(binary); err != nil {
		return err
	}
	// The large file comes last: writing it back to the disk would go on in the
	// background of what follows.
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"start", b.startUp},
		{"pins", b.pins},
		{"run", b.runModule},
		{"native", b.native},
		{"module", b.bigModule},
		{"many", b.manyModules},
		{"file", b.bigFile},
	} {
		if only != "" && only != step.name {
			continue
		}
		if err := step.do(); err != nil {
			return err
		}
	}
	return b.write(out, quick)
}
