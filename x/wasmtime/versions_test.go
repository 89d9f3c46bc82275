// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestVersion holds the constant to the header of the library that is linked in.
func TestVersion(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}} {{.Version}}", bindingPath).Output()
	if err != nil {
		t.Fatal(err)
	}
	dir, version, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	header, err := os.ReadFile(filepath.Join(dir, "build", "include", "wasmtime.h"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^#define WASMTIME_VERSION "(.*)"$`).FindSubmatch(header)
	if found == nil || string(found[1]) != Version {
		t.Errorf("the header says %q, the constant %q", found, Version)
	}
	if b := Binding(); b != version && b != "unknown" {
		t.Errorf("binding %q, want %q", b, version)
	}
}
