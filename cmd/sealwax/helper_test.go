// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sealwax/sealwax/internal/peers"
)

// helperCommand is the command `helper wasmtime`: it puts the folder of
// sealwax-wasmtime into the script's PATH. All scripts share one build.
func helperCommand() func(*testscript.TestScript, bool, []string) {
	var once sync.Once
	var dir string
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 || args[0] != "wasmtime" {
			ts.Fatalf("usage: helper wasmtime")
		}
		once.Do(func() { dir = peers.Wasmtime(scriptTest{ts: ts}) })
		if dir == "" {
			ts.Fatalf("sealwax-wasmtime was not built; another script says why")
		}
		ts.Setenv("PATH", dir+string(os.PathListSeparator)+ts.Getenv("PATH"))
	}
}

// scriptTest lets what wants a test end a script.
type scriptTest struct {
	testing.TB
	ts *testscript.TestScript
}

func (scriptTest) Helper() {}

func (t scriptTest) Fatal(args ...any) { t.ts.Fatalf("%s", fmt.Sprint(args...)) }

func (t scriptTest) Fatalf(format string, args ...any) { t.ts.Fatalf(format, args...) }

func (t scriptTest) Skipf(format string, args ...any) { t.ts.Fatalf(format, args...) }

// helperCanBe answers [helper:wasmtime]: there is cgo to build it with. Where
// peers are required, its absence is a failure and not a skip.
func helperCanBe(name string) (bool, error) {
	if name != "wasmtime" {
		return false, fmt.Errorf("no helper %s", name)
	}
	out, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	can := err == nil && strings.TrimSpace(string(out)) == "1"
	if !can && peers.Required() {
		return false, errors.New("no cgo, which the helper sealwax-wasmtime needs")
	}
	return can, nil
}
