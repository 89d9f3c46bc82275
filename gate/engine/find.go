// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sealwax/sealwax/internal/safefile"
)

// HelperPrefix is what the names of helper programs begin with.
const HelperPrefix = "sealwax-"

// Wasmtime is the name of the helper that compiles, and runs what was compiled.
const Wasmtime = "wasmtime"

// NotInstalledError says that a helper program was not found, or only where
// others can change it.
type NotInstalledError struct {
	Name   string // without [HelperPrefix]
	Unsafe error  // why one that was found is not started, nil if none was found
}

// Error says what is missing and which command installs it.
func (e *NotInstalledError) Error() string {
	program := HelperPrefix + e.Name
	if e.Unsafe != nil {
		return fmt.Sprintf("the helper %s is not started where it was found: %v", program, e.Unsafe)
	}
	return fmt.Sprintf("the helper %s is not installed: run `make install` in a source folder of sealwax (git clone https://github.com/sealwax/sealwax); it needs Go and a C compiler", program)
}

// Unwrap is Unsafe.
func (e *NotInstalledError) Unwrap() error { return e.Unsafe }

// Find finds the helper program called name, without [HelperPrefix], in the
// folders of [HelperFolders]. A program, or its folder, that others can change is
// passed over. The error is a [*NotInstalledError].
func Find(name string, getenv func(string) string) (path string, err error) {
	file := HelperPrefix + name
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	missing := &NotInstalledError{Name: name}
	for _, dir := range HelperFolders(getenv) {
		path := filepath.Join(dir, file)
		if !Startable(path) {
			continue
		}
		if err := CheckHelper(path); err != nil {
			missing.Unsafe = errors.Join(missing.Unsafe, err)
			continue
		}
		return path, nil
	}
	return "", missing
}

// HelperFolders are where helpers are looked for, in that order: beside the
// running program, in ../libexec/sealwax, and in the absolute folders of PATH.
// The working folder is none of them.
func HelperFolders(getenv func(string) string) []string {
	var out []string
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		dir := filepath.Dir(self)
		out = append(out, dir, filepath.Join(filepath.Dir(dir), "libexec", "sealwax"))
	}
	for _, dir := range filepath.SplitList(getenv("PATH")) {
		if filepath.IsAbs(dir) {
			out = append(out, filepath.Clean(dir))
		}
	}
	return out
}

// Startable reports whether path is a regular file that may be executed.
func Startable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}

// CheckHelper refuses a helper program that others can change or replace: the
// program that path leads to, its folder, the folder of a link to it, and what is
// above them.
func CheckHelper(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	return errors.Join(safefile.Check(real, info), checkFolders(filepath.Dir(real)), checkFolders(filepath.Dir(path)))
}

// checkFolders refuses a folder that others can change, and those above it in which
// everybody may rename what is not theirs.
func checkFolders(dir string) error {
	if err := safefile.CheckFolder(dir); err != nil {
		return err
	}
	for up := filepath.Dir(dir); up != dir; dir, up = up, filepath.Dir(up) {
		info, err := os.Stat(up)
		if err != nil {
			return err
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
			return fmt.Errorf("%s: everybody may rename what is in it; take that right away with: chmod o-w '%s'", up, up)
		}
	}
	return nil
}
