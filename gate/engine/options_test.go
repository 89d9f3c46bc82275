// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseDir(t *testing.T) {
	t.Chdir(t.TempDir())
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	here := "/" + filepath.Base(wd)
	if err := os.Mkdir("sub", 0o755); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]Mount{
		".":              {".", "/", true},
		"./":             {"./", "/", true},
		".:ro":           {".", "/", false},
		"data":           {"data", "/data", true},
		"data/":          {"data/", "/data", true},
		"data:ro":        {"data", "/data", false},
		"/srv/data":      {"/srv/data", "/data", true},
		"a/../data":      {"a/../data", "/data", true},
		"sub/..":         {"sub/..", "/", true},
		"../" + here[1:]: {"../" + here[1:], here, true},
		wd:               {wd, here, true},
		"/":              {"/", "/", true},
		"data::/":        {"data", "/", true},
		"data::/d":       {"data", "/d", true},
		"data::/d/":      {"data", "/d", true},
		"data::/d:ro":    {"data", "/d", false},
		"data::/ro":      {"data", "/ro", true},
		"data::/d:ro:ro": {"data", "/d:ro", false},
		"data:/d":        {"data", "/d", true},
		"data:/d:ro":     {"data", "/d", false},
		"data:.":         {"data", "/", true},
		"data:./d":       {"data", "/d", true},
		"data:.:ro":      {"data", "/", false},
		"da:ta":          {"da:ta", "/da:ta", true},
		"da:ta::/d":      {"da:ta", "/d", true},
		"c:/d":           {"c", "/d", true},
		".::/work":       {".", "/work", true},
		"a b":            {"a b", "/a b", true},
		"ro":             {"ro", "/ro", true},
		"rather:roomy":   {"rather:roomy", "/rather:roomy", true},
		"/srv/x::/y::/z": {"/srv/x", "/y::/z", true},
	} {
		got, err := parseDir(in, false)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%q: %v %s", in, err, d)
		}
	}
	for _, in := range []string{"", ":ro", "::", "::/d", ":/d", "data::", "data:", "data::d", "data::.", "data::./d", "data::ro", "data:::ro", "data::d:ro", "data::/d/../e", "data::/../../e", "data:..", "data::/d:rw", "data::/d:rw:ro", "a\x00b", "a::/b\x00"} {
		if got, err := parseDir(in, false); err == nil {
			t.Errorf("%q was read as %+v", in, got)
		}
		if _, err := ParseDir(in); err == nil {
			t.Errorf("ParseDir(%q) worked", in)
		}
	}
}

func TestParseDirOnWindows(t *testing.T) {
	for in, want := range map[string]Mount{
		`C:\data::/d`:    {`C:\data`, "/d", true},
		`C:\data::/d:ro`: {`C:\data`, "/d", false},
		`C:/data::/d`:    {`C:/data`, "/d", true},
		`C:/data:/d`:     {`C:/data`, "/d", true},
		`C:\data:.`:      {`C:\data`, "/", true},
		`c::/d`:          {`c`, "/d", true},
		`x:/d::/e`:       {`x:/d`, "/e", true},
	} {
		got, err := parseDir(in, true)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%q: %v %s", in, err, d)
		}
	}
	if host, guest := splitDir(`C:/data`, true); host != `C:/data` || guest != "" {
		t.Errorf("a drive alone: host %q, guest %q", host, guest)
	}
}

func TestParseEnv(t *testing.T) {
	got, err := ParseEnv([]string{"A=1", "B=", "C=x=y", "A=2"})
	if d := cmp.Diff([]string{"A=2", "B=", "C=x=y"}, got); err != nil || d != "" {
		t.Error(err, d)
	}
	for _, in := range []string{"", "A", "=1", "A=\x00"} {
		if got, err := ParseEnv([]string{in}); err == nil {
			t.Errorf("%q was read as %q", in, got)
		}
	}
}

func TestParseMemory(t *testing.T) {
	for in, want := range map[string]int64{
		"65536": 65536, "65536B": 65536, "64KiB": 64 << 10, "64MiB": 64 << 20, "1GiB": 1 << 30, "1TiB": 1 << 40,
		"1gib": 1 << 30, "0064MiB": 64 << 20,
	} {
		if got, err := ParseMemory(in); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "0", "65535", "63KiB", "2TiB", "MiB", "1.5GiB", "-1GiB", "+1GiB", "1 GiB", "1G", "1GB", "64M", "1GiBB", "1e9", "0x10000",
		"9223372036854775808", "9007199254740993KiB", "99999999TiB", "１GiB",
	} {
		if got, err := ParseMemory(in); err == nil {
			t.Errorf("%q was read as %d", in, got)
		}
	}
}

func FuzzParseDir(f *testing.F) {
	for _, s := range []string{".", "a::/b:ro", "a:.:ro", `C:\x::/y`} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, windows bool) {
		m, err := parseDir(s, windows)
		if err != nil {
			return
		}
		if m.Host == "" || m.Guest == "" || m.Guest[0] != '/' {
			t.Errorf("%q was read as %+v", s, m)
		}
		if again, err := parseDir(m.Host+"::"+m.Guest+":ro", windows); err == nil && again.Guest != m.Guest && len(again.Host) >= len(m.Host) {
			t.Errorf("%q: %+v written out reads as %+v", s, m, again)
		}
	})
}
