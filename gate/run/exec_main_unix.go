// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// ExecMain is the other half of [ExecGate.Exec]: it limits this process and makes
// it the program. It returns only if that fails, and the parent has been told why, if
// there is one; the process has then to end with a code that is not zero.
//
//	if len(os.Args) > 1 && os.Args[1] == run.ExecArgument {
//		log.Fatal(run.ExecMain(os.Args[2:]))
//	}
func ExecMain(args []string) error {
	trouble := os.NewFile(troubleFD, "parent")
	info, err := trouble.Stat()
	if err != nil {
		return ErrAlone
	}
	if info.Mode()&fs.ModeNamedPipe == 0 {
		return ErrAlone
	}
	err = become(args)
	fmt.Fprint(trouble, err)
	return err
}

// become reads the limits, the path and the arguments that [ExecGate.start] wrote.
func become(args []string) error {
	const fixed = 5
	if len(args) < fixed {
		return errors.New("too few arguments")
	}
	var limits [3]int64
	for i := range limits {
		var err error
		if limits[i], err = strconv.ParseInt(args[i], 10, 64); err != nil {
			return err
		}
	}
	path := ourImage(args[3])
	if path == "" {
		return ErrAlone
	}
	if err := keepStreamsOnly(); err != nil {
		return fmt.Errorf("closing what it must not inherit: %w", err)
	}
	if err := limit(limits[0], limits[1], limits[2], len(args)); err != nil {
		return fmt.Errorf("limiting it: %w", err)
	}
	return explain(syscall.Exec(path, args[4:], os.Environ())) //nolint:gosec // what the parent verified, and its arguments
}

// ourImage is the path of an image such as [newImage] makes: of sealed memory, which
// comes without one, or of a copy in a private folder. It is "" for everything else,
// and so for what a person names.
func ourImage(path string) string {
	if path == "" {
		return sealedImage()
	}
	dir := filepath.Dir(path)
	if !strings.HasPrefix(filepath.Base(dir), privatePrefix) || filepath.Base(path) != privateName {
		return ""
	}
	if !isPrivate(dir, fs.ModeDir) || !isPrivate(path, 0) {
		return ""
	}
	return path
}

// isPrivate reports whether this user alone reaches what is there, and it is of the
// type.
func isPrivate(path string, typ fs.FileMode) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(stat.Uid) == int64(os.Geteuid()) && info.Mode().Type() == typ && info.Mode().Perm()&0o077 == 0
}

// limit holds this process, and so what it becomes, to what it may use.
func limit(cpu, memory, files int64, args int) error {
	if files > 0 {
		if err := setLimit(syscall.RLIMIT_NOFILE, files, files); err != nil {
			return err
		}
	}
	if cpu > 0 {
		const grace = 1 // second to put things back after the first signal
		if err := setLimit(syscall.RLIMIT_CPU, cpu, cpu+grace); err != nil {
			return err
		}
	}
	if memory > 0 {
		reserve(args)
		return setLimit(memoryLimit, memory, memory)
	}
	return nil
}

// reserve makes sure that this process needs no more memory from the system until
// it is another program: its own limit may be too low for a Go program.
func reserve(args int) {
	size := 1<<20 + 64*args
	for _, v := range os.Environ() {
		size += 2*len(v) + 64
	}
	for _, v := range os.Args {
		size += 2 * len(v)
	}
	ballast := make([]byte, size)
	for i := 0; i < len(ballast); i += 4096 {
		ballast[i] = 1
	}
	runtime.KeepAlive(ballast)
	runtime.GC()
	debug.SetGCPercent(-1)
}

// explain says what the system's refusal to execute means.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%w: it is a program for another system or machine", err)
	case errors.Is(err, syscall.ENOENT):
		return fmt.Errorf("%w: the interpreter that it names is not here (or /proc is not mounted)", err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w: nothing may be executed where it lies; set TMPDIR to a folder that is not mounted noexec", err)
	}
	return err
}
