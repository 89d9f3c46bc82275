// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package buildinfo

import (
	"runtime/debug"
	"testing"
)

func TestOwn(t *testing.T) {
	for _, tc := range []struct {
		info            debug.BuildInfo
		version, commit string
	}{
		{debug.BuildInfo{}, Devel, Unknown},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, Devel, Unknown},
		{debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{{Key: "vcs.time", Value: "x"}, {Key: "vcs.revision", Value: "abc"}}}, "v1.2.3", "abc"},
	} {
		if v, c := own(&tc.info); v != tc.version || c != tc.commit {
			t.Errorf("%+v: %s, %s", tc.info, v, c)
		}
	}
}

func TestModule(t *testing.T) {
	info := &debug.BuildInfo{Main: debug.Module{Path: "a", Version: "(devel)"}, Deps: []*debug.Module{{Path: "b", Version: "v1.0.0"}, {Path: "c"}}}
	for path, want := range map[string]string{"a": Devel, "b": "v1.0.0", "c": Devel, "d": Unknown} {
		if got := module(info, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
