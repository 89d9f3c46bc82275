// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package folders

import "testing"

func TestFind(t *testing.T) {
	all := map[string]kind{"config": config(), "state": state(), "data": data(), "cache": cache()}
	for _, tt := range []struct {
		name, goos string
		env        map[string]string
		want       map[string]string // "" is an error
	}{
		{
			"home", "linux",
			map[string]string{"HOME": "/home/a"},
			map[string]string{"config": "/home/a/.config/sealwax", "state": "/home/a/.local/state/sealwax", "data": "/home/a/.local/share/sealwax", "cache": "/home/a/.cache/sealwax"},
		},
		{
			"macOS is no exception", "darwin",
			map[string]string{"HOME": "/Users/a"},
			map[string]string{"config": "/Users/a/.config/sealwax", "state": "/Users/a/.local/state/sealwax", "data": "/Users/a/.local/share/sealwax", "cache": "/Users/a/.cache/sealwax"},
		},
		{
			"XDG", "linux",
			map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/c/", "XDG_STATE_HOME": "/s", "XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "/k"},
			map[string]string{"config": "/c/sealwax", "state": "/s/sealwax", "data": "/d/sealwax", "cache": "/k/sealwax"},
		},
		{
			"relative XDG is ignored", "linux",
			map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": "./s"},
			map[string]string{"config": "/h/.config/sealwax", "state": "/h/.local/state/sealwax"},
		},
		{
			"XDG without a home", "linux",
			map[string]string{"XDG_CONFIG_HOME": "/c"},
			map[string]string{"config": "/c/sealwax", "state": ""},
		},
		{
			"override", "darwin",
			map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/c", "SEALWAX_CONFIG_DIR": "/o", "SEALWAX_STATE_DIR": "rel"},
			map[string]string{"config": "/o", "state": "rel", "data": "/h/.local/share/sealwax"},
		},
		{
			"empty is unset", "linux",
			map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "", "SEALWAX_CONFIG_DIR": ""},
			map[string]string{"config": "/h/.config/sealwax"},
		},
		{"nothing", "linux", nil, map[string]string{"config": "", "state": "", "data": "", "cache": ""}},
		{"relative home", "linux", map[string]string{"HOME": "h"}, map[string]string{"config": ""}},
		{
			"windows", "windows",
			map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/c", "AppData": `C:\U\a\AppData\Roaming`, "LocalAppData": `C:\U\a\AppData\Local\`},
			map[string]string{"config": `C:\U\a\AppData\Roaming\sealwax`, "state": `C:\U\a\AppData\Local\sealwax\state`, "data": `C:\U\a\AppData\Local\sealwax\data`, "cache": `C:\U\a\AppData\Local\sealwax\cache`},
		},
		{
			"windows share and override", "windows",
			map[string]string{"AppData": `\\server\a`, "LocalAppData": `C:x`, "SEALWAX_DATA_DIR": `D:\d`},
			map[string]string{"config": `\\server\a\sealwax`, "state": "", "data": `D:\d`},
		},
		{"windows, nothing", "windows", map[string]string{"HOME": "/h"}, map[string]string{"config": "", "cache": ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := func(name string) string { return tt.env[name] }
			for kind, want := range tt.want {
				got, err := find(tt.goos, env, all[kind])
				if got != want || (err == nil) != (want != "") {
					t.Errorf("%s: got %q, %v; want %q", kind, got, err, want)
				}
			}
		})
	}
}

func TestExported(t *testing.T) {
	env := func(name string) string {
		return map[string]string{"SEALWAX_CONFIG_DIR": "/1", "SEALWAX_STATE_DIR": "/2", "SEALWAX_DATA_DIR": "/3", "SEALWAX_CACHE_DIR": "/4"}[name]
	}
	got := ""
	for _, f := range []func(Getenv) (string, error){Config, State, Data, Cache} {
		dir, err := f(env)
		if err != nil {
			t.Fatal(err)
		}
		got += dir
	}
	if got != "/1/2/3/4" {
		t.Errorf("got %s", got)
	}
}
