// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Command stockhost is what the helper is measured against: a host program as the
// binding's documentation shows one, that loads compiled code from a file and
// asks nobody who made it. It is used by scripts/performance and shipped nowhere.
//
//	stockhost FILE [ARGS]...
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: stockhost FILE [ARGS]...")
		os.Exit(2)
	}
	code, err := start(os.Args[1], os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "stockhost:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// start runs the compiled WASI command in the file at path.
func start(path string, args []string) (exitCode int, err error) {
	code, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	engine := wasmtime.NewEngine()
	module, err := wasmtime.NewModuleDeserialize(engine, code)
	if err != nil {
		return 0, err
	}
	store, linker := wasmtime.NewStore(engine), wasmtime.NewLinker(engine)
	wasi := wasmtime.NewWasiConfig()
	wasi.SetArgv(args)
	wasi.InheritStdin()
	wasi.InheritStdout()
	wasi.InheritStderr()
	store.SetWasi(wasi)
	if err := linker.DefineWasi(); err != nil {
		return 0, err
	}
	instance, err := linker.Instantiate(store, module)
	if err != nil {
		return 0, err
	}
	_, err = instance.GetFunc(store, "_start").Call(store)
	if exit, ok := errors.AsType[*wasmtime.Error](err); ok {
		if status, ok := exit.ExitStatus(); ok {
			return int(status), nil
		}
	}
	return 0, err
}
