// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sealwax/sealwax/internal/sealedmem"
)

// goGuest is testdata/guest compiled for WASI, once for all tests.
var goGuest = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "sealwax-test-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.Command("go", "build", "-o", out, "./testdata/guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
})

func guestModule(t *testing.T) *sealedmem.File {
	t.Helper()
	b, err := goGuest()
	if err != nil {
		t.Fatal(err)
	}
	return held(t, b)
}

// held seals bytes for a test.
func held(t *testing.T, b []byte) *sealedmem.File {
	t.Helper()
	f, err := sealedmem.Copy(t.Context(), "test", bytes.NewReader(b), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// What follows writes small modules, section by section.

const preamble = "\x00asm\x01\x00\x00\x00"

func uleb(n int) string { return string(binary.AppendUvarint(nil, uint64(n))) }

func section(id byte, content string) string { return string(id) + uleb(len(content)) + content }

func name(s string) string { return uleb(len(s)) + s }

// code is one function body without locals.
func code(body string) string {
	body = "\x00" + body + "\x0b"
	return uleb(len(body)) + body
}

// types has () → () as type 0 and (i32) → () as type 1.
func types() string { return section(1, "\x02\x60\x00\x00\x60\x01\x7f\x00") }

// function is a module whose only function has the given type, export name and
// body, with extra sections between its functions and its exports.
func function(typ byte, export, body string, between ...string) []byte {
	m := preamble + types() + section(3, "\x01"+string(typ))
	for _, s := range between {
		m += s
	}
	m += section(7, "\x01"+name(export)+"\x00\x00") + section(10, "\x01"+code(body))
	return []byte(m)
}

const (
	spinBody  = "\x03\x40\x0c\x00\x0b"                                             // loop br 0 end
	trapBody  = "\x00"                                                             // unreachable
	tableBody = "\x03\x40\xd0\x70\x41\x80\x80\x80\x08\xfc\x0f\x00\x1a\x0c\x00\x0b" // loop: table.grow by 2^24, forever
	deepBody  = "\x10\x00"                                                         // call itself
)

func spinModule() []byte { return function(0, "_start", spinBody) }

// importing is a module that imports one function and does nothing.
func importing(module, field string) []byte {
	return []byte(preamble + types() + section(2, "\x01"+name(module)+name(field)+"\x00\x00") + section(3, "\x01\x00") +
		section(7, "\x01"+name("_start")+"\x00\x01") + section(10, "\x01"+code("")))
}

// exiting is a module that ends with an exit code, given as a signed LEB128.
func exiting(sleb string) []byte {
	return []byte(preamble + types() + section(2, "\x01"+name("wasi_snapshot_preview1")+name("proc_exit")+"\x00\x01") + section(3, "\x01\x00") +
		section(5, "\x01\x00\x01") + section(7, "\x02"+name("memory")+"\x02\x00"+name("_start")+"\x00\x01") + section(10, "\x01"+code("\x41"+sleb+"\x10\x00")))
}
