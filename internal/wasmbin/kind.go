// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmbin

// Kind is what a preamble says. The zero value is neither.
type Kind byte

// The two kinds of WebAssembly binaries.
const (
	Module    Kind = 1 // a core module, version 1
	Component Kind = 2 // a component, version 0x0d, layer 1
)

// PreambleSize is the size of a preamble in bytes.
const PreambleSize = 8

// Core specification 5.5.16: magic "\0asm" and version 1. Component model,
// Binary.md: the same magic, version 0x0d and layer 1.
const (
	modulePreamble    = "\x00asm\x01\x00\x00\x00"
	componentPreamble = "\x00asm\x0d\x00\x01\x00"
)

// Preamble is the kind's first eight bytes; the zero kind has none.
func (k Kind) Preamble() string {
	switch k {
	case Module:
		return modulePreamble
	case Component:
		return componentPreamble
	default:
		return ""
	}
}

// String is "module" or "component".
func (k Kind) String() string {
	switch k {
	case Module:
		return "module"
	case Component:
		return "component"
	default:
		return "unknown kind"
	}
}

// KindOf is the kind of the binary that begins with b, or zero.
func KindOf(b []byte) Kind {
	if len(b) < PreambleSize {
		return 0
	}
	switch string(b[:PreambleSize]) {
	case modulePreamble:
		return Module
	case componentPreamble:
		return Component
	default:
		return 0
	}
}

// The names of section ids: core specification 5.5.2 (with the tag section of
// exception handling), component model Binary.md.
var (
	moduleNames = [...]string{
		"custom", "type", "import", "function", "table", "memory", "global",
		"export", "start", "element", "code", "data", "data count", "tag",
	}
	componentNames = [...]string{
		"custom", "core module", "core instance", "core type", "component", "instance",
		"alias", "type", "canon", "start", "import", "export",
	}
)

// SectionName is what a section id means in a binary of this kind; "unknown"
// for an id that means nothing.
func (k Kind) SectionName(id byte) string {
	names := moduleNames[:]
	if k == Component {
		names = componentNames[:]
	}
	if int(id) >= len(names) {
		return "unknown"
	}
	return names[id]
}
