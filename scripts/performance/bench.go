// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// sizes are how much is measured.
type sizes struct {
	file, module, small int64 // bytes
	modules, runs, fast int
	pins                int
}

func fullSizes() sizes {
	return sizes{file: 1 << 30, module: 50e6, small: 1 << 20, modules: 1000, runs: 7, fast: 200, pins: 10_000}
}

func quickSizes() sizes {
	return sizes{file: 64 << 20, module: 5e6, small: 64 << 10, modules: 100, runs: 3, fast: 30, pins: 1_000}
}

// bench is one run of all measurements.
type bench struct {
	dir     string
	sealwax string
	self    string
	size    sizes
	rows    []row
	notes   []string
}

// row is one line of the table.
type row struct {
	what   string
	a, b   figures
	other  string // what B is
	budget string
	ratio  float64
	ok     string
}

// figures are medians of whole processes.
type figures struct {
	wall, cpu time.Duration
	peak      int64 // bytes
}

// prepare builds what is measured, and finds the peers.
func (b *bench) prepare(binary string) error {
	var err error
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	b.sealwax = binary
	if binary == "" {
		b.sealwax = filepath.Join(b.dir, "sealwax")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.sealwax, "./cmd/sealwax")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building sealwax: %w", err)
		}
	}
	for _, args := range [][]string{
		{"keygen", "--no-password", "-o", "me"},
		{"key", "convert", "me.key", "--format", "wasmsig", "-o", "me.wk"},
		{"key", "convert", "me.pub", "--format", "wasmsig", "-o", "me.wp"},
	} {
		if err := b.run(b.sealwax, args...); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// run runs a command that prepares something.
func (b *bench) run(name string, args ...string) error {
	cmd := exec.Command(name, args...) //nolint:gosec // the commands of this very program
	cmd.Dir = b.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	return nil
}

// have reports whether a peer is there, and notes it if not.
func (b *bench) have(peer string) bool {
	if _, err := exec.LookPath(peer); err != nil {
		b.notes = append(b.notes, peer+" was not there: its rows are missing")
		return false
	}
	return true
}

// command is a whole process to time.
type command []string

// once runs a command and takes the system's account of it.
func (b *bench) once(c command) (figures, error) {
	cmd := exec.Command(c[0], c[1:]...)
	cmd.Dir = b.dir
	start := time.Now()
	err := cmd.Run()
	f := figures{wall: time.Since(start)}
	if err != nil {
		return f, fmt.Errorf("%v: %w", c, err)
	}
	f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	f.peak = peakMemory(cmd.ProcessState)
	return f, nil
}

// pair runs two commands in turn and gives the medians and the median ratio of
// wall times.
func (b *bench) pair(n int, first, second command) (fa, fb figures, ratio float64, err error) {
	var as, bs []figures
	var ratios []float64
	for i := range n + 1 {
		x, err := b.once(first)
		if err != nil {
			return fa, fb, 0, err
		}
		y, err := b.once(second)
		if err != nil {
			return fa, fb, 0, err
		}
		if i == 0 {
			continue // a warm-up
		}
		as, bs = append(as, x), append(bs, y)
		ratios = append(ratios, float64(x.wall)/float64(y.wall))
	}
	slices.Sort(ratios)
	return medians(as), medians(bs), ratios[len(ratios)/2], nil
}

func medians(fs []figures) figures {
	mid := func(get func(figures) int64) int64 {
		v := make([]int64, 0, len(fs))
		for _, f := range fs {
			v = append(v, get(f))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return figures{
		wall: time.Duration(mid(func(f figures) int64 { return int64(f.wall) })),
		cpu:  time.Duration(mid(func(f figures) int64 { return int64(f.cpu) })),
		peak: mid(func(f figures) int64 { return f.peak }),
	}
}

// compare measures a pair and adds its row. budget is the largest allowed ratio
// of wall times A/B, zero for none.
func (b *bench) compare(what string, n int, first, second command, other string, budget float64) error {
	fa, fb, ratio, err := b.pair(n, first, second)
	if err != nil {
		return err
	}
	r := row{what: what, a: fa, b: fb, other: other, ratio: ratio, budget: "", ok: ""}
	if budget > 0 {
		r.budget, r.ok = fmt.Sprintf("≤ %.2f ×", budget), verdict(ratio <= budget)
	}
	b.rows = append(b.rows, r)
	fmt.Fprintf(os.Stderr, "%-46s %8.2f ms  %8.2f ms  %.2f ×\n", what+" / "+other, ms(fa.wall), ms(fb.wall), ratio)
	return nil
}

func verdict(ok bool) string {
	if ok {
		return "kept"
	}
	return "**missed**"
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// noise writes size reproducible random bytes.
func noise(path string, size int64, seed byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.NewChaCha8([32]byte{seed}), size)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// module writes a valid module of about size bytes: one custom section.
func module(path string, size int64, seed byte) error {
	const name = "\x05noise"
	head := append([]byte("\x00asm\x01\x00\x00\x00"), 0)
	head = binary.AppendUvarint(head, uint64(size)+uint64(len(name)))
	head = append(head, name...)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(head)
	if err == nil {
		_, err = io.CopyN(f, rand.NewChaCha8([32]byte{seed}), size)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// hashFile is the plain Go program that verifying is compared with: it only
// reads the file into SHA-256.
func hashFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{f}, make([]byte, 1<<20)); err != nil {
		return err
	}
	fmt.Printf("%x\n", h.Sum(nil))
	return nil
}
