// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
)

// wasiConfig gives the guest what the job says, and the process's own streams.
func wasiConfig(job helper.Job) (*wasmtime.WasiConfig, error) {
	c := wasmtime.NewWasiConfig()
	c.SetArgv(job.Args)
	keys, values := make([]string, len(job.Env)), make([]string, len(job.Env))
	for i, e := range job.Env {
		keys[i], values[i], _ = strings.Cut(e, "=")
	}
	c.SetEnv(keys, values)
	c.InheritStdin()
	c.InheritStdout()
	c.InheritStderr()
	for _, m := range child.OrderedMounts(job) {
		if err := offer(c, m); err != nil {
			return nil, &child.Failure{Kind: helper.MountFailed, Err: fmt.Errorf("the folder %q: %w", m.Host, err)}
		}
	}
	return c, nil
}

// offer gives the guest one folder: all rights in it, or those to read and no
// other, so that "read-only" means that no call changes anything.
func offer(c *wasmtime.WasiConfig, m helper.Mount) error {
	info, err := os.Stat(m.Host)
	if err != nil {
		return errors.Unwrap(err)
	}
	if !info.IsDir() {
		return errors.New("it is no folder")
	}
	real, err := filepath.EvalSymlinks(m.Host)
	if err != nil {
		return err
	}
	if err := refuseProcesses(real); err != nil {
		return err
	}
	dir, file := wasmtime.DIR_READ, wasmtime.FILE_READ
	if m.Writable {
		dir, file = wasmtime.DIR_READ|wasmtime.DIR_WRITE, wasmtime.FILE_READ|wasmtime.FILE_WRITE
	}
	if err := c.PreopenDir(real, m.Guest, dir, file); err != nil {
		return errors.New("it cannot be opened")
	}
	return nil
}

// refuseProcesses refuses a folder that holds, or lies in, the process file
// system: no guest has any business with this process.
func refuseProcesses(dir string) error {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil // a system that has no such thing
	}
	i := slices.IndexFunc(procMounts(string(table)), func(at string) bool { return within(at, dir) || within(dir, at) })
	if i < 0 {
		return nil
	}
	return fmt.Errorf("the process file system is in it (%s), which this engine cannot keep from a guest: give a folder without it", procMounts(string(table))[i])
}

// procMounts are the places where a process file system is mounted, from the
// kernel's list: the fifth field is the place, and what follows " - " the type.
func procMounts(table string) []string {
	var out []string
	for line := range strings.Lines(table) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if len(fields) > 4 && strings.HasPrefix(after, "proc ") {
			out = append(out, unescaped(fields[4]))
		}
	}
	return out
}

// within reports whether path is dir or below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// unescaped undoes how the kernel writes the characters that its list is made of.
func unescaped(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
