// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Command sealwax-wasmtime is the helper that sealwax compiles modules with, and
// runs compiled ones. A person has no use for it, except to ask what it is.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/sealwax/sealwax/internal/buildinfo"
	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
	"github.com/sealwax/sealwax/x/wasmtime"
)

const name = "sealwax-wasmtime"

func main() {
	if len(os.Args) > 1 && os.Args[1] == helper.ChildArgument {
		os.Exit(child.Main(wasmtime.Engine{Name: name, Build: readVersion().Version}, os.Args[2:]))
	}
	os.Exit(tell(os.Stdout, os.Args[1:]))
}

// versionInfo is what `version --json` says, as sealwax itself does.
type versionInfo struct {
	Schema   string            `json:"schema"`
	Version  string            `json:"version"`
	Commit   string            `json:"commit"`
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	Formats  []string          `json:"formats"`
	Engines  map[string]string `json:"engines"`
	Binding  string            `json:"binding"`
	Library  string            `json:"library"`
	Note     string            `json:"note"`
}

func readVersion() versionInfo {
	version, commit := buildinfo.Version()
	return versionInfo{
		Schema: "sealwax.version/v1", Version: version, Commit: commit, Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Formats: []string{},
		Engines: map[string]string{"wasmtime": wasmtime.Version},
		Binding: wasmtime.Binding(), Library: wasmtime.Version, Note: wasmtime.Note,
	}
}

// tell says what this program is; its result is the exit code.
func tell(w io.Writer, args []string) int {
	v, line := readVersion(), strings.Join(args, " ")
	if line == "version --json" {
		if err := json.NewEncoder(w).Encode(v); err != nil {
			return 1
		}
		return 0
	}
	if line != "version" {
		fmt.Fprintln(w, "This is a helper of sealwax, which starts it to compile WebAssembly modules and to run compiled ones. By itself it only says its version.")
	}
	fmt.Fprintf(w, "%s %s (%s, %s): wasmtime %s, bound by wasmtime-go %s\n%s\n", name, v.Version, v.Go, v.Platform, v.Library, v.Binding, v.Note)
	switch line {
	case "", "version", "--version", "help", "--help", "-h":
		return 0
	}
	return 2
}
