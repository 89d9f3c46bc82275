// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwax/sealwax/internal/peers"
)

// TestCompileJSON: what compile prints as JSON is what the schema says, whatever
// came of it, and says the exit code.
func TestCompileJSON(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	helper := peers.Wasmtime(t)
	run := func(args ...string) (code int, out string) {
		streams := t.TempDir()
		a := docsApp(t, streams)
		a.env = func(name string) (string, bool) {
			if name == "PATH" {
				return helper, true
			}
			return filepath.Join(dir, name), strings.HasPrefix(name, "SEALWAX_") && strings.HasSuffix(name, "_DIR")
		}
		code = a.main(t.Context(), args)
		b, err := os.ReadFile(filepath.Join(streams, "out"))
		if err != nil {
			t.Fatal(err)
		}
		return code, string(b)
	}
	text := write("app.wat", "(module)")
	broken := write("broken.wat", "(module (func i32.add))")
	key := filepath.Join(dir, "me")
	for _, args := range [][]string{{"keygen", "--no-password", "-o", key}, {"sign", broken, "-k", key + ".key"}} {
		if code, out := run(args...); code != exitYes {
			t.Fatal(code, out)
		}
	}
	for name, tc := range map[string]struct {
		args []string
		code int
		want string
	}{
		"made":      {[]string{text, "--allow-unsigned", "--sign-key", key + ".key"}, exitYes, `"verified":false`},
		"unsigned":  {[]string{text, "--allow-unsigned"}, exitYes, `"signed":false`},
		"refused":   {[]string{text, "-k", key + ".pub"}, exitNo, `"code":"signature.none"`},
		"malformed": {[]string{broken, "-k", key + ".pub"}, exitNo, `"error":"`},
		"missing":   {[]string{filepath.Join(dir, "missing.wasm"), "-k", key + ".pub"}, exitUndecided, `"verdict":"undecided"`},
		"wrong":     {[]string{text, "--opt-level", "7"}, exitUsage, `"error":"`},
	} {
		out := filepath.Join(dir, name+".cwasm")
		code, line := run(append([]string{"compile", "-o", out, "--json"}, tc.args...)...)
		if err := holdsTo(t, "compilation-v1.json", line); err != nil {
			t.Errorf("%s: %v\n%s", name, err, line)
		}
		if code != tc.code || !strings.Contains(line, tc.want) || !strings.Contains(line, `"exit_code":`+string(rune('0'+tc.code))) {
			t.Errorf("%s: exit %d, %s", name, code, line)
		}
		if _, err := os.Stat(out); (err == nil) != (tc.code == exitYes) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
