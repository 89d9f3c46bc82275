// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/gate/engine"
)

// program is a real one that is started, ends at once, and is compiled for long.
type program struct {
	name string // of the package of Go's own, below cmd
	args []string
}

func programs() []program {
	return []program{
		{"gofmt", []string{"-l"}}, // of an empty standard input
		{"vet", []string{"-V=full"}},
	}
}

// native: starting compiled code that two keys vouch for, against everything that
// could be done instead.
func (b *bench) native() error {
	ok, err := b.helpers()
	if err != nil || !ok {
		return err
	}
	if err := b.run(b.sealwax, "keygen", "--no-password", "-o", "native"); err != nil {
		return err
	}
	for _, name := range []string{"CACHE", "STATE"} { // the measurer's own stay as they are
		if err := os.Setenv("SEALWAX_"+name+"_DIR", b.path(strings.ToLower(name))); err != nil {
			return err
		}
	}
	for _, p := range programs() {
		if err := b.compiled(p); err != nil {
			return err
		}
		if err := b.starts(p); err != nil {
			return err
		}
	}
	b.notes = append(b.notes, "verifying compiled code reads each byte of it once: TestReadsOnce in format/trailer",
		"what verifying adds to a start is BLAKE2b-512, about 1 ms a megabyte; the budget of 1.6 × was set when the helper copied code, and mapping it made both starts faster (decision 21)")
	return nil
}

// helpers builds the helper, and the stock host, where there is cgo.
func (b *bench) helpers() (bool, error) {
	out, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	if err != nil {
		return false, err
	}
	if strings.TrimSpace(string(out)) != "1" {
		b.notes = append(b.notes, "cgo was not there: the rows of compiled code are missing")
		return false, nil
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.dir, "./cmd/"+engine.HelperPrefix+engine.Wasmtime, "./internal/stockhost")
	build.Dir = filepath.Join("x", "wasmtime")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return false, fmt.Errorf("building %s and the stock host: %w", b.helper(), err)
	}
	return true, os.Setenv("PATH", b.dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func (b *bench) helper() string { return b.path(engine.HelperPrefix + engine.Wasmtime) }

// compiled builds the program for WASI, signs it and compiles it.
func (b *bench) compiled(p program) error {
	module, native := p.name+".wasm", p.name+".cwasm"
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.path(module), "cmd/"+p.name)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building %s: %w", module, err)
	}
	if err := b.run(b.sealwax, "sign", module, "-k", "me.key"); err != nil {
		return err
	}
	if err := b.run(b.sealwax, "compile", module, "-o", native, "-k", "me.pub", "--sign-key", "native.key"); err != nil {
		return err
	}
	return b.uncover(p.name)
}

// uncover takes the trailer off what was compiled, and notes sizes.
func (b *bench) uncover(name string) error {
	module, err := os.Stat(b.path(name + ".wasm"))
	if err != nil {
		return err
	}
	f, err := os.Open(b.path(name + ".cwasm"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	t, err := trailer.Read(f, info.Size())
	if err != nil {
		return err
	}
	b.notes = append(b.notes, fmt.Sprintf("%s: %.1f MB of WebAssembly, %.1f MB compiled, of which %d bytes are signatures and the statement",
		name, float64(module.Size())/1e6, float64(info.Size())/1e6, info.Size()-t.Original))
	return write(b.path(name+".unsigned"), io.NewSectionReader(f, 0, t.Original))
}

// starts compares starts of one program.
func (b *bench) starts(p program) error {
	with := func(c ...string) command { return append(c, p.args...) }
	native, module, bare := p.name+".cwasm", p.name+".wasm", p.name+".unsigned"
	signed := with(b.sealwax, "run", native, "-k", "me.pub", "--native-key", "native.pub", "--")
	unverified := with(b.self, "unverified", b.helper(), bare)
	compiling := func(name string) command {
		return with(b.sealwax, "run", module, "-k", "me.pub", "--engine", name, "--no-cache", "--")
	}
	keeping := func(name string) command {
		return with(b.sealwax, "run", module, "-k", "me.pub", "--engine", name, "--")
	}
	what, many, few := "start signed compiled "+p.name, b.size.fast/4, b.size.runs/3+1
	for _, row := range []struct {
		n             int
		first, second command
		what, other   string
		budget        float64
	}{
		{many, signed, unverified, what, "the same bytes unverified, same helper", 1.6},
		{few, signed, compiling("wasmtime"), what, "verifying and compiling, wasmtime", 1. / 20},
		{few, signed, compiling("wazero"), what, "verifying and compiling, wazero", 1. / 20},
		{many, signed, with(b.path("stockhost"), bare), what, "the same bytes unverified, stock host", 0},
		{many, unverified, with(b.path("stockhost"), bare), "start unverified compiled " + p.name + " through the helper", "stock host", 0},
		{many, keeping("wasmtime"), signed, "start " + p.name + " from the compile cache, wasmtime", "signed and compiled", 0},
		{many, keeping("wazero"), signed, "start " + p.name + " from the compile cache, wazero", "signed and compiled", 0},
	} {
		if err := b.compare(row.what, row.n, row.first, row.second, row.other, row.budget); err != nil {
			return err
		}
		if row.first[1] == "unverified" {
			b.hop(p)
		}
	}
	return nil
}

// hop notes what a process of its own costs, from the last row.
func (b *bench) hop(p program) {
	last := b.rows[len(b.rows)-1]
	b.notes = append(b.notes, fmt.Sprintf("against a stock host, which copies the code where the helper maps it, the helper's hop (a second process, its greeting, sealed memory) costs %.2f ms for %s",
		ms(last.a.wall)-ms(last.b.wall), p.name))
}
