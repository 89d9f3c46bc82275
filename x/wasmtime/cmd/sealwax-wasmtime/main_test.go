// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sealwax/sealwax/x/wasmtime"
)

func TestVersionForPrograms(t *testing.T) {
	var out bytes.Buffer
	if code := tell(&out, []string{"version", "--json"}); code != 0 {
		t.Errorf("exit code %d", code)
	}
	var v struct {
		Schema, Version, Binding, Library, Note string
		Engines                                 map[string]string
	}
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if v.Schema != "sealwax.version/v1" || v.Version == "" || v.Engines["wasmtime"] != wasmtime.Version ||
		v.Library != wasmtime.Version || v.Binding != wasmtime.Binding() || !strings.Contains(v.Note, "sealwax help native") {
		t.Errorf("%+v", v)
	}
}

func TestWhatItIs(t *testing.T) {
	for args, want := range map[string]int{"": 0, "version": 0, "--help": 0, "compile x": 2} {
		var out bytes.Buffer
		code := tell(&out, strings.Fields(args))
		if code != want || !strings.Contains(out.String(), "wasmtime "+wasmtime.Version) {
			t.Errorf("%q: exit code %d, want %d\n%s", args, code, want, out.String())
		}
		if args != "version" && !strings.Contains(out.String(), "helper of sealwax") {
			t.Errorf("%q: %s", args, out.String())
		}
	}
}
