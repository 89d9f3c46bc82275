// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
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

// TestDoctorSystemFolder: whoever may write in the folder of the system's policy
// can take it away.
func TestDoctorSystemFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // has no such bits
	}
	for mode, want := range map[os.FileMode]string{0o755: isOK, 0o777: isFix} {
		a := newApp()
		a.env = func(string) (string, bool) { return "", false }
		a.system = t.TempDir()
		if err := os.Chmod(a.system, mode); err != nil {
			t.Fatal(err)
		}
		p := &patient{app: a}
		if p.folders(); len(p.found) != 1 || p.found[0].Status != want {
			t.Errorf("%o: %v, want %s", mode, p.found, want)
		}
	}
}

// TestDoctorStale: a month before a publisher's documents go stale, and from then
// on, the doctor says so.
func TestDoctorStale(t *testing.T) {
	due := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	d := publisher.Begin("acme", due.AddDate(-1, 0, 0), due)
	d.AddKey(publisher.RoleRoot, sealwaxtest.Key(1).Public())
	d.AddKey(sealwax.RoleRelease, sealwaxtest.Key(2).Public())
	d.Commit(1, []key.Fingerprint{sealwaxtest.Key(3).Public().Fingerprint()})
	for _, n := range []int{1, 2} {
		if err := d.Sign(t.Context(), sealwaxtest.Key(n)); err != nil {
			t.Fatal(err)
		}
	}
	chain, err := d.Finish()
	if err != nil {
		t.Fatal(err)
	}
	for before, want := range map[time.Duration]string{
		policy.StaleSoon + time.Second: "",
		policy.StaleSoon - time.Second: "it goes stale on 2031-01-01",
		0:                              "it goes stale on 2031-01-01",
		-time.Second:                   "it is stale since 2031-01-01",
	} {
		a := newApp()
		a.now = func() time.Time { return due.Add(-before) }
		p := &patient{app: a}
		p.stale(trust.Known{Pin: trust.Pin{Name: "acme"}, Chain: chain})
		got := ""
		for _, s := range p.found {
			got += s.Text
			if s.Status != isWarn || !strings.Contains(s.Fix, "sealwax trust update acme ") {
				t.Errorf("%v before: %v", before, s)
			}
		}
		if got != want {
			t.Errorf("%v before: %q, want %q", before, got, want)
		}
	}
}

func TestHelperName(t *testing.T) {
	suffix := ""
	if runtime.GOOS == "windows" {
		suffix = ".exe"
	}
	for file, want := range map[string]bool{
		"sealwax-wasmtime": true, "sealwax-": false, "sealwax": false, "sealwaxx": false, "my-sealwax-x": false,
	} {
		if name, is := helperName(file + suffix); is != want || name != file {
			t.Errorf("%s: %q, %v", file, name, is)
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
