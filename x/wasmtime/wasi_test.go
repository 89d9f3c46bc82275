// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"slices"
	"testing"
)

func TestProcMounts(t *testing.T) {
	const table = `22 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
23 28 0:22 / /proc rw,nosuid shared:14 - proc proc rw
24 28 0:23 / /srv/a\040b/proc rw - proc none rw
25 28 0:24 / /process rw - procfs proc rw
26 28 0:25 / /other rw - tmpfs proc rw
broken
`
	if got := procMounts(table); !slices.Equal(got, []string{"/proc", "/srv/a b/proc"}) {
		t.Errorf("%q", got)
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		path, dir string
		want      bool
	}{
		{"/proc", "/", true},
		{"/proc", "/proc", true},
		{"/proc/self", "/proc", true},
		{"/process", "/proc", false},
		{"/", "/proc", false},
		{"/..a", "/", true},
	} {
		if got := within(c.path, c.dir); got != c.want {
			t.Errorf("%s in %s: %v", c.path, c.dir, got)
		}
	}
}
