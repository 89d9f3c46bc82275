// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// startUp: a small signed file, the whole process.
func (b *bench) startUp() error {
	if err := os.WriteFile(b.path("small"), []byte("hello\n"), 0o644); err != nil {
		return err
	}
	if err := b.run(b.sealwax, "sign", "small", "-k", "me.key"); err != nil {
		return err
	}
	ours := command{b.sealwax, "verify", "small", "-k", "me.pub"}
	if b.have("minisign") {
		if err := b.compare("verify a small file", b.size.fast, ours, command{"minisign", "-Vm", "small", "-p", "me.pub"}, "minisign", 3); err != nil {
			return err
		}
		last := b.rows[len(b.rows)-1]
		b.notes = append(b.notes, fmt.Sprintf("verifying a small file takes %.2f ms (budget 4 ms: %s)", ms(last.a.wall), verdict(ms(last.a.wall) <= 4)))
	}
	if b.have("rsign") {
		return b.compare("verify a small file", b.size.fast, ours, command{"rsign", "verify", "small", "-p", "me.pub"}, "rsign2", 0)
	}
	return nil
}

// bigFile: sign and verify with minisign signatures.
func (b *bench) bigFile() error {
	if err := noise(b.path("big"), b.size.file, 1); err != nil {
		return err
	}
	defer func() { _ = os.Remove(b.path("big")) }()
	if err := b.run(b.sealwax, "sign", "big", "-k", "me.key"); err != nil {
		return err
	}
	label := mib(b.size.file)
	sign := command{b.sealwax, "sign", "big", "-k", "me.key", "--force", "-q"}
	verify := command{b.sealwax, "verify", "big", "-k", "me.pub"}
	if b.have("minisign") {
		if err := b.compare("verify a "+label+" file", b.size.runs, verify, command{"minisign", "-Vm", "big", "-p", "me.pub"}, "minisign", 0.9); err != nil {
			return err
		}
		b.memory("verifying a "+label+" file", 32<<20)
		if err := b.compare("sign a "+label+" file", b.size.runs, sign, command{"minisign", "-Sm", "big", "-s", "me.key", "-x", "other.minisig"}, "minisign", 0); err != nil {
			return err
		}
	}
	if b.have("rsign") {
		return b.compare("verify a "+label+" file", b.size.runs, verify, command{"rsign", "verify", "big", "-p", "me.pub"}, "rsign2", 0)
	}
	return nil
}

func mib(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// memory notes the peak memory of the last row's first command.
func (b *bench) memory(what string, budget int64) {
	peak := b.rows[len(b.rows)-1].a.peak
	b.notes = append(b.notes, fmt.Sprintf("%s peaks at %.1f MiB of memory (budget %d MiB: %s)", what, float64(peak)/(1<<20), budget>>20, verdict(peak <= budget)))
}

// bigModule: a 50 MB module, its signature inside.
func (b *bench) bigModule() error {
	if err := b.makeModule(); err != nil {
		return err
	}
	if err := b.run(b.sealwax, "sign", "--embed", "m.wasm", "-k", "me.key", "-o", "ms.wasm"); err != nil {
		return err
	}
	verify := command{b.sealwax, "verify", "ms.wasm", "-k", "me.pub"}
	// "At least 85 % of the speed" is "at most 1/0.85 of the time".
	if err := b.compare("verify a 50 MB module", 3*b.size.runs, verify, command{b.self, "hash", "ms.wasm"}, "a plain Go SHA-256 of the file", 1/0.85); err != nil {
		return err
	}
	b.memory("verifying a 50 MB module", 32<<20)
	if !b.have("wasmsign2") {
		return nil
	}
	if err := b.compare("verify a 50 MB module", 3*b.size.runs, verify, command{"wasmsign2", "verify", "-i", "ms.wasm", "-K", "me.wp"}, "wasmsign2", 0.25); err != nil {
		return err
	}
	return b.compare("sign a 50 MB module", b.size.runs,
		command{b.sealwax, "sign", "--embed", "m.wasm", "-k", "me.key", "-o", "o.wasm", "--force", "-q"},
		command{"wasmsign2", "sign", "-i", "m.wasm", "-k", "me.wk", "-o", "w.wasm"}, "wasmsign2", 0)
}

// makeModule takes a real module if one is at hand, else makes one.
func (b *bench) makeModule() error {
	dir := os.Getenv("SEALWAX_MODULES")
	best, size := "", int64(0)
	found, _ := filepath.Glob(filepath.Join(dir, "*.wasm"))
	for _, path := range found {
		if info, err := os.Stat(path); err == nil && info.Size() > size {
			best, size = path, info.Size()
		}
	}
	if dir == "" || size < b.size.module*9/10 {
		b.notes = append(b.notes, "the large module is made of noise: no real one was at hand")
		return module(b.path("m.wasm"), b.size.module, 2)
	}
	b.notes = append(b.notes, fmt.Sprintf("the large module is %s, %d bytes", strings.TrimSuffix(filepath.Base(best), ".wasm"), size))
	return b.run("cp", best, "m.wasm") // not through our memory: it is the floor of what is measured
}

// manyModules: a folder, with one core and with all.
func (b *bench) manyModules() error {
	dir := b.path("many")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for i := range b.size.modules {
		name := filepath.Join("many", fmt.Sprintf("m%04d", i))
		if err := module(b.path(name+".raw"), b.size.small, byte(i)); err != nil {
			return err
		}
		if err := b.run(b.sealwax, "sign", "--embed", name+".raw", "-k", "me.key", "-o", name+".wasm"); err != nil {
			return err
		}
		if err := os.Remove(b.path(name + ".raw")); err != nil {
			return err
		}
	}
	if !b.have("taskset") {
		return nil
	}
	all := command{b.sealwax, "verify", "-q", "-r", "many", "-k", "me.pub"}
	what := fmt.Sprintf("verify %d modules of %s, two cores", b.size.modules, kib(b.size.small))
	return b.compare(what, b.size.runs, append(command{"taskset", "-c", "0,1"}, all...), append(command{"taskset", "-c", "0"}, all...), "one core", 1/1.8)
}

func kib(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// runModule: a small module, verified and run in its own process.
func (b *bench) runModule() error {
	hello, err := os.ReadFile(filepath.Join("cmd", "sealwax", "quickstart", "hello.wasm"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.path("hello.wasm"), hello, 0o644); err != nil {
		return err
	}
	if err := b.run(b.sealwax, "sign", "--embed", "hello.wasm", "-k", "me.key", "-o", "hs.wasm"); err != nil {
		return err
	}
	return b.compare("verify and run a small module", b.size.fast/4, command{b.sealwax, "run", "-k", "me.pub", "hs.wasm"},
		command{b.sealwax, "verify", "-k", "me.pub", "hs.wasm"}, "verifying it only", 0)
}
