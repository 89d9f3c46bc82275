// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// write writes the page, whole.
func (b *bench) write(path string, quick bool) error {
	var s strings.Builder
	s.WriteString(`# Performance

Whole processes, medians, each pair run in turn in one run on one machine (two shared cores): read the
ratios, not the milliseconds. The command that made this page:

`)
	command := "make performance"
	if quick {
		command = "go run ./scripts/performance -quick"
	}
	fmt.Fprintf(&s, "    %s\n\n%s, %s/%s, %d cores. Files are in the page cache.\n\n", command, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	s.WriteString("| what | against | sealwax: wall, cpu, peak | other: wall, cpu, peak | ratio of wall times | budget | |\n|---|---|---|---|---|---|---|\n")
	for _, r := range b.rows {
		fmt.Fprintf(&s, "| %s | %s | %s | %s | %.2f × | %s | %s |\n", r.what, r.other, r.a, r.b, r.ratio, r.budget, r.ok)
	}
	s.WriteString("\n")
	for _, n := range b.notes {
		fmt.Fprintf(&s, "* %s\n", n)
	}
	s.WriteString(`
Peak memory is what the system says of the finished process; its floor is that of the process that started it.
Benchmarks of the packages, by size: ` + "`make bench`" + `.
`)
	return os.WriteFile(path, []byte(s.String()), 0o644)
}

func (f figures) String() string {
	return fmt.Sprintf("%.2f ms, %.2f ms, %.1f MiB", ms(f.wall), ms(f.cpu), float64(f.peak)/(1<<20))
}
