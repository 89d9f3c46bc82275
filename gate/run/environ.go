// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"slices"
	"strings"
)

// Scrubbed is an environment without the variables by which somebody can have
// other code run in a program than its own: those that the dynamic linkers and C
// libraries themselves disregard in programs of other users' rights. TMPDIR, which
// glibc counts among them, is kept: it names no code.
func Scrubbed(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return isLoaders(name)
	})
}

func isLoaders(name string) bool {
	for _, prefix := range []string{"LD_", "DYLD_", "MALLOC_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	// Tunables change how the linker and the allocator work, GCONV_PATH names
	// folders of shared objects, and the rest are data that the C library trusts.
	case "GLIBC_TUNABLES", "GCONV_PATH", "GETCONF_DIR", "LOCPATH", "NLSPATH", "NIS_PATH",
		"HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "RESOLV_HOST_CONF", "TZDIR":
		return true
	}
	return false
}
