// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package buildinfo says what Go wrote into the running program about itself.
package buildinfo

import "runtime/debug"

// What stands where the build does not tell.
const (
	Devel   = "devel"   // a version
	Unknown = "unknown" // a commit, or the version of a module that is not linked
)

// Version and Commit are those of the program's own module: [Devel] and [Unknown]
// where it was built from no version and no repository.
func Version() (version, commit string) { return own(read()) }

// Module is the version of the module at path, the program's own or one that is
// linked; [Unknown] if it is not there, [Devel] if it has none.
func Module(path string) string { return module(read(), path) }

func read() *debug.BuildInfo {
	info, ok := debug.ReadBuildInfo()
	if !ok { // mutate:skip what go builds has it
		return &debug.BuildInfo{}
	}
	return info
}

func own(info *debug.BuildInfo) (version, commit string) {
	commit = Unknown
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	return orDevel(info.Main.Version), commit
}

func module(info *debug.BuildInfo, path string) string {
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == path {
			return orDevel(m.Version)
		}
	}
	return Unknown
}

func orDevel(version string) string {
	if version == "" || version == "(devel)" {
		return Devel
	}
	return version
}
