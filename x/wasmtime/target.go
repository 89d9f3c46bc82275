// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmtime

import (
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/sealwax/sealwax/internal/helper"
	"github.com/sealwax/sealwax/internal/helper/child"
)

// Names of CPUs that are no model.
const (
	baseline = "baseline" // what every machine of this architecture has
	native   = "native"   // what this machine has
)

// Target is the triple that this helper compiles for: the machine's own. The
// library that is linked in has no others. On other systems it is empty.
func Target() string {
	switch runtime.GOOS + "/" + runtime.GOARCH {
	case "linux/amd64":
		return "x86_64-unknown-linux-gnu"
	case "linux/arm64":
		return "aarch64-unknown-linux-gnu"
	case "darwin/amd64":
		return "x86_64-apple-darwin"
	case "darwin/arm64":
		return "aarch64-apple-darwin"
	case "windows/amd64":
		return "x86_64-pc-windows-gnu"
	}
	return ""
}

// feature names a flag of the code generator without its "has_".
type feature = string

// known lists the features that the code generator knows for an architecture.
func known(arch string) []feature {
	switch arch {
	case "amd64":
		return []feature{
			"avx", "avx2", "avx512bitalg", "avx512dq", "avx512f", "avx512vbmi", "avx512vl", "bmi1", "bmi2",
			"cmpxchg16b", "fma", "lzcnt", "popcnt", "sse3", "sse41", "sse42", "ssse3",
		}
	case "arm64":
		return []feature{"fp16", "lse", "pauth"}
	}
	return nil
}

// cpus are the models that the code generator knows for an architecture, and what
// it takes each to have. A test compares them with the library's own table, whose
// gaps are meant: it leaves out what its code has no use for.
func cpus(arch string) map[string]string {
	const (
		sse4    = "cmpxchg16b popcnt sse3 sse41 sse42 ssse3"
		ivy     = sse4 + " avx"
		haswell = ivy + " avx2 bmi1 bmi2 fma lzcnt"
		skx     = haswell + " avx512dq avx512f avx512vl"
		cannon  = skx + " avx512vbmi"
		icelake = cannon + " avx512bitalg"
		alder   = sse4 + " bmi1 bmi2 fma lzcnt"
	)
	if arch != "amd64" {
		return nil
	}
	return map[string]string{
		"x86-64": "", "x86-64-v2": sse4, "x86-64-v3": alder + " avx2", "x86-64-v4": alder + " avx2 avx512dq avx512vl",
		"nehalem": sse4, "westmere": sse4, "sandybridge": ivy, "ivybridge": ivy,
		"haswell": haswell, "broadwell": haswell, "skylake": haswell, "skylake-avx512": skx, "cascadelake": skx,
		"cooperlake": skx, "cannonlake": cannon, "icelake": icelake, "icelake-client": icelake,
		"icelake-server": icelake, "tigerlake": icelake, "sapphirerapids": icelake, "graniterapids": icelake,
		"alderlake": alder, "raptorlake": alder, "meteorlake": alder,
		"znver1": alder, "znver2": alder, "znver3": alder,
		"znver4": alder + " avx512bitalg avx512dq avx512f avx512vbmi avx512vl",
	}
}

// featuresOf is the set of features that a CPU and changes to it come to. Every
// word is looked up before the library hears of it: it ends the process at one that
// it does not know.
func featuresOf(cpu string, changes []string) ([]feature, error) {
	set, err := cpuFeatures(cpu)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		name := c[1:] // the protocol demands a sign and a word
		if !slices.Contains(known(runtime.GOARCH), name) {
			return nil, child.Failf(helper.BadOption, "this engine knows no feature %q of %s; it knows %s",
				name, runtime.GOARCH, strings.Join(known(runtime.GOARCH), ", "))
		}
		if c[0] == '+' {
			set[name] = true
		} else {
			delete(set, name)
		}
	}
	return slices.Sorted(maps.Keys(set)), nil
}

func cpuFeatures(cpu string) (map[feature]bool, error) {
	set := map[feature]bool{}
	switch cpu {
	case baseline:
		return set, nil
	case native:
		return detect(), nil
	}
	list, ok := cpus(runtime.GOARCH)[cpu]
	if !ok {
		names := append([]string{baseline, native}, slices.Sorted(maps.Keys(cpus(runtime.GOARCH)))...)
		return nil, child.Failf(helper.BadOption, "this engine knows no CPU %q of %s; it knows %s", cpu, runtime.GOARCH, strings.Join(names, ", "))
	}
	for f := range strings.FieldsSeq(list) {
		set[f] = true
	}
	return set, nil
}

// detect is what this machine has: the library refuses, with an error, to compile
// for what the machine lacks.
func detect() map[feature]bool {
	set := map[feature]bool{}
	for _, f := range known(runtime.GOARCH) {
		e, err := newCompiler([]feature{f}, wasmtime.OptLevelNone)
		if err != nil {
			continue
		}
		if m, err := wasmtime.NewModule(e, []byte(emptyModule)); err == nil {
			m.Close()
			set[f] = true
		}
		e.Close()
	}
	return set
}

const emptyModule = "\x00asm\x01\x00\x00\x00"
