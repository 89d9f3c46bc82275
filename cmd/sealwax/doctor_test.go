// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sealwax/sealwax/internal/safefile"
)

// asked runs the doctor in an environment of its own and returns what it says.
func asked(t *testing.T, env map[string]string, args ...string) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	a := newApp()
	a.out, a.system = out, t.TempDir()
	a.env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	a.main(t.Context(), append([]string{"doctor"}, args...))
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDoctorSchema: what is printed is what the schema says, in health and in
// sickness; every line that is not ok has its fix.
func TestDoctorSchema(t *testing.T) {
	path := filepath.Join(repository, "docs", "schema", "doctor-v1.json")
	schema, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string]map[string]string{
		"well": {"HOME": t.TempDir()},
		"ill":  {"HTTPS_PROXY": "ftp://x", "SEALWAX_DECISION_LOG": "log", "XDG_DATA_HOME": "data"},
	} {
		text := asked(t, env, "--json", "missing.key")
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, text)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// TestDoctorErrors: each part of a joined error is a line, with its own fix if it
// has one, and the same line is there once.
func TestDoctorErrors(t *testing.T) {
	own := &safefile.Error{Path: "/a", Err: errors.New("wrong"), Fix: "mend it"}
	p := &patient{}
	if p.errors("pins", "look", nil) {
		t.Error("nothing is wrong")
	}
	if !p.errors("pins", "look", errors.Join(own, errors.Join(errors.New("two\nlines"), own), fs.ErrPermission)) {
		t.Error("something is wrong")
	}
	want := []symptom{
		{isFix, "/a", "wrong", "mend it"}, {isFix, "pins", "two; lines", "look"}, {isFix, "pins", fs.ErrPermission.Error(), "look"},
	}
	if len(p.found) != len(want) {
		t.Fatalf("%v, want %v", p.found, want)
	}
	for i := range want {
		if p.found[i] != want[i] {
			t.Errorf("%v, want %v", p.found[i], want[i])
		}
	}
}

func TestDoctorClock(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	written := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC) // after the program was made
	if err := os.Chtimes(file, written, written); err != nil {
		t.Fatal(err)
	}
	for offset, want := range map[time.Duration]string{
		-clockSlack - time.Second: isFix,
		-clockSlack:               isOK,
		0:                         isOK,
		clockLeap:                 isOK,
		clockLeap + time.Second:   isWarn,
	} {
		a := newApp()
		a.now = func() time.Time { return written.Add(offset) }
		a.env = func(name string) (string, bool) {
			return map[string]string{"SEALWAX_STATE_DIR": dir}[name], true
		}
		p := &patient{app: a}
		if p.clock(); len(p.found) != 1 || p.found[0].Status != want {
			t.Errorf("%v after a file: %v, want %s", offset, p.found, want)
		}
	}
}

func TestCapped(t *testing.T) {
	c := &capped{left: 5}
	if n, err := io.Copy(c, strings.NewReader("12345")); n != 5 || err != nil || c.kept.String() != "12345" {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := io.Copy(c, strings.NewReader("6")); err == nil || c.kept.Len() != 5 {
		t.Errorf("%q, %v", c.kept.String(), err)
	}
}
