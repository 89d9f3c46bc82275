// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"

	"golang.org/x/sys/cpu"
)

// Key says what compiled code was made of, by what, and how: everything that
// decides whether it may take the place of compiling. The machine's part
// (operating system, processor and its features) is added by the [Store], and who
// made it stands in the [Entry].
type Key struct {
	Module [sha256.Size]byte // SHA-256 of the module; see [Digest]
	Binary string            // which engine program exactly; see [Binary]
	Flags  string            // what else the code depends on, may be empty
}

// Digest is the SHA-256 of the first size bytes of r, which a [Key] names a module by.
func Digest(r io.ReaderAt, size int64) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, size)); err != nil {
		return sum, fmt.Errorf("reading the module for its digest: %w", err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

// description is a Key as it is written into an entry: one JSON object on one
// line, which json.Marshal writes in one way only.
type description struct {
	Module string `json:"module"`
	Binary string `json:"binary"`
	Flags  string `json:"flags"`
	System string `json:"system"`
	CPU    string `json:"cpu"`
}

var errIncomplete = errors.New("a key needs the engine's program")

// describe writes k for this machine. A key that leaves open which program
// compiled names nothing.
func (k Key) describe() (string, error) {
	if k.Binary == "" {
		return "", errIncomplete
	}
	line, err := json.Marshal(description{
		Module: "sha256:" + hex.EncodeToString(k.Module[:]),
		Binary: k.Binary,
		Flags:  k.Flags,
		System: runtime.GOOS + "/" + runtime.GOARCH,
		CPU:    cpuFeatures(),
	})
	if err != nil {
		return "", err
	}
	if len(line) > maxLine {
		return "", fmt.Errorf("a key of %d bytes: at most %d are kept", len(line), maxLine)
	}
	return string(line), nil
}

// cpuFeatures lists what this processor can do, as far as golang.org/x/sys/cpu
// knows. Engines compile for what they find; and they check again when they load.
func cpuFeatures() string {
	var of any
	switch runtime.GOARCH {
	case "386", "amd64":
		of = &cpu.X86
	case "arm64":
		of = &cpu.ARM64
	case "arm":
		of = &cpu.ARM
	case "riscv64":
		of = &cpu.RISCV64
	case "s390x":
		of = &cpu.S390X
	case "ppc64", "ppc64le":
		of = &cpu.PPC64
	case "loong64":
		of = &cpu.Loong64
	default:
		return ""
	}
	return strings.Join(trueFields(reflect.ValueOf(of).Elem()), " ")
}

// trueFields are the names of the fields that are true, without "Has".
func trueFields(v reflect.Value) []string {
	var names []string
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Bool && f.Bool() {
			names = append(names, strings.TrimPrefix(v.Type().Field(i).Name, "Has"))
		}
	}
	return names
}
