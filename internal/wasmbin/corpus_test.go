// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmbin

import (
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwax/sealwax/internal/peers"
)

// corpus is the folder of wazero's module, which carries the specification's
// test suites and thousands of odd binaries.
func corpus(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		peers.Missing(t, "no wazero module")
	}
	return dir
}

// scripts are the commands of a specification test, as far as they matter here.
type scripts struct {
	Commands []struct{ Type, Filename string }
}

// valid adds the modules that a test's commands take for valid.
func valid(t testing.TB, path string, into map[string]bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s scripts
	if json.Unmarshal(b, &s) != nil {
		return // some other JSON
	}
	for _, c := range s.Commands {
		switch c.Type {
		case "module", "assert_unlinkable", "assert_uninstantiable":
			into[filepath.Join(filepath.Dir(path), c.Filename)] = true
		}
	}
}

// TestSpecification: every binary comes out as it went in, in whatever pieces,
// and every valid module is taken and fits its kind.
func TestSpecification(t *testing.T) {
	files, good := []string{}, map[string]bool{}
	err := filepath.WalkDir(corpus(t), func(p string, _ fs.DirEntry, err error) error {
		switch filepath.Ext(p) {
		case ".wasm":
			files = append(files, p)
		case ".json":
			valid(t, p, good)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	framed, taken := 0, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := agree(t, b, func() int { return 1 + rng.IntN(200) })
		if err == nil {
			framed++
		}
		if !good[file] {
			continue
		}
		if taken++; err != nil || r.fit.Err() != nil {
			t.Errorf("%s is valid: %v, %v", file, err, r.fit.Err())
		}
	}
	t.Logf("%d binaries, %d well framed, %d valid", len(files), framed, taken)
	if framed < 7000 || taken < 2000 {
		t.Errorf("only %d well framed and %d valid: the corpus is not what it was", framed, taken)
	}
}
