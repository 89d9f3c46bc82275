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
	if len(os.Args) > 2 && os.Args[1] == "hash" {
		if err := hashFile(os.Args[2]); err != nil {
			fail(err)
		}
		return
	}
	quick := flag.Bool("quick", false, "small files and few runs")
	sealwax := flag.String("sealwax", "", "the `BINARY` to measure; built if empty")
	out := flag.String("o", filepath.Join("docs", "performance.md"), "write the table to `FILE`")
	flag.Parse()
	if err := measure(*quick, *sealwax, *out); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "performance:", err)
	os.Exit(1)
}

func measure(quick bool, binary, out string) error {
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
	for _, step := range []func() error{b.startUp, b.pins, b.runModule, b.bigModule, b.manyModules, b.bigFile} {
		if err := step(); err != nil {
			return err
		}
	}
	return b.write(out, quick)
}
