// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Mutate shows that each check has a test that turns red without it: it deletes
// the checks of a package one at a time, runs the package's tests, and names
// the checks that nobody missed. The tree is never touched; go test's -overlay
// shows the compiler the changed file.
//
//	go run ./scripts/mutate [-j N] [-n] [-tests PACKAGES] [-timeout D] PACKAGE...
//
// A check is an if whose body leaves with something other than a plain nil, and
// each operand of || in its condition is one; so is each operand of && in a
// returned expression. "if err != nil", which only passes on what another check
// said, is left alone. A check that no test can miss carries, on its line, the
// comment "mutate:skip" and why. The exit code is 1 when a check survived, and 3
// when a package could not be judged.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

type options struct {
	jobs    int
	list    bool
	tests   string
	timeout time.Duration
}

func main() {
	var o options
	flag.IntVar(&o.jobs, "j", 2, "how many mutants run at once")
	flag.BoolVar(&o.list, "n", false, "only list the checks")
	flag.StringVar(&o.tests, "tests", "", "packages whose tests judge, separated by commas (default: the package itself)")
	flag.DurationVar(&o.timeout, "timeout", 2*time.Minute, "for one mutant; one that hangs is noticed")
	flag.Parse()
	survived, err := run(flag.Args(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(3)
	}
	if survived > 0 {
		os.Exit(1)
	}
}

func run(patterns []string, o options) (survived int, err error) {
	packages, err := list(patterns)
	if err != nil {
		return 0, err
	}
	for _, p := range packages {
		n, bad := runPackage(p, o)
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", p.ImportPath, bad))
		}
		survived += n
	}
	return survived, err
}

type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
	TestGoFiles     []string
	XTestGoFiles    []string
}

func list(patterns []string) ([]goPackage, error) {
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles"}, patterns...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
	return packages, nil
}

func runPackage(p goPackage, o options) (survived int, err error) {
	checks, err := packageChecks(p)
	if err != nil || len(checks) == 0 {
		return 0, err
	}
	if o.list {
		for _, c := range checks {
			fmt.Println(c)
		}
		return 0, nil
	}
	judges := []string{p.ImportPath}
	if o.tests != "" {
		judges = strings.Split(o.tests, ",")
	} else if len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 {
		return 0, fmt.Errorf("it has %d checks and no tests; name the judges with -tests", len(checks))
	}
	// Tests that are red already would call every check well tested.
	if out, red := test("", judges, o.timeout); red {
		return 0, fmt.Errorf("the tests fail before anything is changed:\n%s", out)
	}
	return runChecks(p, checks, judges, o), nil
}

func runChecks(p goPackage, checks []check, judges []string, o options) (survived int) {
	start := time.Now()
	var mu sync.Mutex
	var wg sync.WaitGroup
	queue := make(chan check)
	for range max(o.jobs, 1) {
		wg.Go(func() {
			for c := range queue {
				verdict := judge(c, judges, o.timeout)
				mu.Lock()
				if verdict != "" {
					survived++
					fmt.Printf("%s: %s\n", verdict, c)
				}
				mu.Unlock()
			}
		})
	}
	for _, c := range checks {
		queue <- c
	}
	close(queue)
	wg.Wait()
	fmt.Printf("%s: %d checks, %d survived, %.0f s\n", p.ImportPath, len(checks), survived, time.Since(start).Seconds())
	return survived
}

// judge runs the tests without one check: "" when they noticed.
func judge(c check, judges []string, timeout time.Duration) string {
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return "error: " + err.Error()
	}
	defer os.RemoveAll(dir)
	mutant := filepath.Join(dir, "mutant.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{c.file: mutant}})
	if err != nil {
		return "error: " + err.Error()
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(mutant, c.mutant(), 0o600); err != nil {
		return "error: " + err.Error()
	}
	if err := os.WriteFile(name, overlay, 0o600); err != nil {
		return "error: " + err.Error()
	}
	out, red := test(name, judges, timeout)
	switch {
	case !red:
		return "SURVIVED"
	case strings.Contains(out, "[build failed]"):
		return "DOES NOT BUILD (" + firstError(out) + ")"
	}
	return ""
}

func firstError(out string) string {
	for line := range strings.Lines(out) {
		if strings.Contains(line, ".go:") {
			return strings.TrimSpace(line)
		}
	}
	return "?"
}

func test(overlay string, packages []string, timeout time.Duration) (out string, red bool) {
	// The process's own limit is a second net, for a test that ignores go's.
	ctx, cancel := context.WithTimeout(context.Background(), timeout+time.Minute)
	defer cancel()
	args := []string{"test", "-short", "-vet=off", "-failfast", "-timeout", timeout.String()}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	b, err := exec.CommandContext(ctx, "go", append(args, packages...)...).CombinedOutput()
	return string(b), err != nil
}
