// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sealwax/sealwax"

// floors says what each floor may import of ours; every floor may also import
// itself, save internal. "" is the root package. A folder that is not a key of
// this table has no floor yet, and gets one here before it gets an import.
var floors = map[string][]string{
	"internal":    {},
	"docs":        {}, // pages, embedded
	"key":         {"internal"},
	"":            {"key", "internal"},
	"format":      {"", "key", "internal"},
	"trust":       {"", "key", "internal"},
	"policy":      {"", "key", "internal"},
	"source":      {"", "key", "internal"},
	"gate":        {"", "key", "internal", "format", "trust", "policy", "source"},
	"sealwaxtest": {"", "key", "internal", "format", "trust", "policy", "source", "gate"},
	"cmd":         {"", "key", "internal", "format", "trust", "policy", "source", "gate", "docs"},
	"x":           {"", "key", "internal", "format", "trust", "policy", "source", "gate", "sealwaxtest"},
	"scripts":     {"", "key", "internal", "format", "trust", "policy", "source", "gate", "sealwaxtest"},
	"sdk":         {},
	"tools":       {},
}

// namedExceptions are the imports that cross a line on purpose.
var namedExceptions = map[[2]string]bool{
	{"format/cosign", "format/bundle"}:     true,
	{"format/trailer", "format/minisign"}:  true,
	{"trust", "format/minisign"}:           true,
	{"trust/publisher", "format/minisign"}: true,
}

// outside lists what the lowest floors may import of other people's work.
// What decides must be small enough to read.
var outside = map[string][]string{
	"key": {"golang.org/x/crypto/", "filippo.io/edwards25519"},
	"":    {},
}

func floorOf(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	return first
}

// breach says why the package in folder from may not import the path to, or
// nothing when it may. Folders are relative to the module's; "" is its root.
func breach(from, to string) string {
	if commandLine(to) && floorOf(from) != "cmd" && floorOf(from) != "x" {
		return "the command line's library is cmd's alone"
	}
	if to == "net/http" && from != "internal/fetch" && floorOf(from) != "x" {
		return "internal/fetch alone speaks HTTP"
	}
	dir, ours := strings.CutPrefix(to, module)
	if !ours || dir != "" && dir[0] != '/' {
		return outsideBreach(from, to)
	}
	return oursBreach(from, strings.TrimPrefix(dir, "/"))
}

func commandLine(p string) bool {
	return strings.HasPrefix(p, "github.com/spf13/cobra") || strings.HasPrefix(p, "github.com/spf13/pflag")
}

func outsideBreach(from, to string) string {
	allowed, limited := outside[floorOf(from)]
	domain, _, _ := strings.Cut(to, "/")
	if !limited || !strings.Contains(domain, ".") {
		return ""
	}
	for _, prefix := range allowed {
		if strings.HasPrefix(to, prefix) {
			return ""
		}
	}
	return "this floor imports little beyond the standard library"
}

func oursBreach(from, to string) string {
	below, known := floors[floorOf(from)]
	switch {
	case !known:
		return "folder " + from + " has no floor in deps_test.go"
	case namedExceptions[[2]string{from, to}]:
		return ""
	case floorOf(from) == floorOf(to):
		return siblingBreach(from, to)
	}
	for _, floor := range below {
		if floor == floorOf(to) {
			return ""
		}
	}
	return "the floor of " + strconv.Quote(floorOf(to)) + " is not below " + strconv.Quote(floorOf(from))
}

// siblingBreach judges imports inside one floor. Rooms of internal and of
// format do not know each other, except that format lists its own.
func siblingBreach(from, to string) string {
	switch floorOf(from) {
	case "internal":
		if !related(from, to) {
			return "internal imports nothing of ours"
		}
	case "format":
		if !related(from, to) {
			return "formats do not import each other"
		}
	}
	return ""
}

// related tells whether one folder is the other or holds it.
func related(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

// sourceFile is one parsed Go file of ours. The folder is slash-separated.
type sourceFile struct {
	dir, name string
	test      bool
	ast       *ast.File
}

func parseAll(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipFolder(p, d.Name())
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(fset, p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(p))
		files = append(files, sourceFile{strings.TrimPrefix(dir, "."), p, strings.HasSuffix(p, "_test.go"), parsed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func skipFolder(p, name string) error {
	if p != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "bin" || name == "dist") {
		return filepath.SkipDir
	}
	return nil
}

// TestFloors reads every import of every file, whatever its build tags. Tests
// may look anywhere but at cmd and x; only tests and x may use sealwaxtest.
func TestFloors(t *testing.T) {
	for _, f := range parseAll(t) {
		for _, imp := range f.ast.Imports {
			to, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := importBreach(f, to); why != "" {
				t.Errorf("%s imports %s: %s", f.name, to, why)
			}
		}
	}
}

func importBreach(f sourceFile, to string) string {
	if to == "C" && floorOf(f.dir) != "x" {
		return "cgo belongs in a module under x/"
	}
	if !f.test {
		return breach(f.dir, to)
	}
	dir, ours := strings.CutPrefix(to, module+"/")
	if ours && (floorOf(dir) == "cmd" || floorOf(dir) == "x") && !related(dir, f.dir) {
		return "nothing imports " + floorOf(dir)
	}
	return ""
}

// TestFloorsNoInit: what runs before main is what nobody called.
func TestFloorsNoInit(t *testing.T) {
	for _, f := range parseAll(t) {
		if f.test {
			continue
		}
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function; call it something and call it", f.name)
			}
		}
	}
}

// TestFloorsCatchABreach plants one import of each kind.
func TestFloorsCatchABreach(t *testing.T) {
	ours := func(dir string) string { return strings.TrimSuffix(module+"/"+dir, "/") }
	for _, tc := range []struct {
		from, to string
		bad      bool
	}{
		{"key", ours(""), true},
		{"key", ours("format/minisign"), true},
		{"key", "golang.org/x/crypto/ssh", false},
		{"key", "github.com/acme/curve", true},
		{"key/plugin", ours("key"), false},
		{"", ours("key"), false},
		{"", ours("format/minisign"), true},
		{"", ours("trust"), true},
		{"", "github.com/acme/anything", true},
		{"", "encoding/json", false},
		{"format", ours("format/minisign"), false},
		{"format/minisign", ours(""), false},
		{"format/minisign", ours("key"), false},
		{"format/minisign", ours("internal/wasmbin"), false},
		{"format/minisign", ours("format/wasmsig"), true},
		{"format/minisign", ours("trust"), true},
		{"format/cosign", ours("format/bundle"), false},
		{"format/bundle", ours("format/cosign"), true},
		{"format/trailer", ours("format/minisign"), false},
		{"trust", ours("format/minisign"), false},
		{"trust", ours("format/wasmsig"), true},
		{"trust/log", ours("format/minisign"), true},
		{"trust", ours("source"), true},
		{"trust", ours("trust/log"), false},
		{"policy", ours("trust"), true},
		{"source", ours("policy"), true},
		{"source/oci", ours("source"), false},
		{"gate/run", ours("trust"), false},
		{"gate/run", ours("policy"), false},
		{"gate/run", ours("cmd/sealwax"), true},
		{"gate/run", ours("sealwaxtest"), true},
		{"gate/run", "github.com/spf13/cobra", true},
		{"internal/term", ours("internal/wasmbin"), true},
		{"gate/engine/internal/guest", ours("internal/helper"), false},
		{"internal/helper", ours("internal/guestfs"), true},
		{"internal/term", ours("key"), true},
		{"internal/term", ours(""), true},
		{"internal/wasmbin/deep", ours("internal/wasmbin"), false},
		{"cmd/sealwax", ours("gate/run"), false},
		{"cmd/sealwax", ours("x/wasmtime"), true},
		{"cmd/sealwax", "github.com/spf13/cobra", false},
		{"cmd/sealwax", ours("docs"), false},
		{"gate/run", ours("docs"), true},
		{"x/crosscheck", ours("format/minisign"), false},
		{"x/crosscheck", ours("cmd/sealwax"), true},
		{"attic", ours("key"), true},
		{"gate/run", module + "evil/key", false},
		{"gate/install", "net/http", true},
		{"internal/fetch", "net/http", false},
		{"internal/fetch", "github.com/acme/http", false},
		{"x/registry", "net/http", false},
	} {
		if got := breach(tc.from, tc.to); (got != "") != tc.bad {
			t.Errorf("breach(%q, %q) = %q, want a breach: %v", tc.from, tc.to, got, tc.bad)
		}
	}
}

// TestFloorsCatchABreachInTests: tests may look anywhere but up.
func TestFloorsCatchABreachInTests(t *testing.T) {
	inTest := sourceFile{dir: "format/minisign", test: true}
	if why := importBreach(inTest, module+"/cmd/sealwax"); why == "" {
		t.Error("a test may import cmd")
	}
	if why := importBreach(inTest, module+"/sealwaxtest"); why != "" {
		t.Errorf("a test may not import sealwaxtest: %s", why)
	}
	if why := importBreach(sourceFile{dir: "key"}, "C"); why == "" {
		t.Error("cgo is allowed in key")
	}
}

type goMod struct {
	Require []struct {
		Path     string
		Indirect bool
	}
	Exclude, Replace []any
}

// TestFloorsGoMod: at most 24 direct dependencies, tests included, and neither
// exclude nor replace, because `go install …@latest` refuses a module with one.
func TestFloorsGoMod(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod goMod
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	direct := 0
	for _, r := range mod.Require {
		if !r.Indirect {
			direct++
		}
	}
	if direct > 24 {
		t.Errorf("go.mod has %d direct dependencies, at most 24 are allowed", direct)
	}
	if len(mod.Exclude)+len(mod.Replace) > 0 {
		t.Error("go.mod has an exclude or a replace line: the module cannot be installed by name")
	}
}

func commandExists(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("cmd/sealwax/main.go"); err != nil {
		t.Skip("cmd/sealwax is not there")
	}
}
