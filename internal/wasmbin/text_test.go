// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package wasmbin

import "testing"

func TestLooksLikeText(t *testing.T) {
	for text, want := range map[string]bool{
		"(module)":                 true,
		" \t\r\n(module":           true,
		";; a comment\n(module)":   true,
		";;\n;;\n  (component)":    true,
		"(; a block ;) (module)":   true,
		"":                         false,
		"(":                        false,
		"( module)":                false,
		"(1)":                      false,
		"; one\n(module)":          false,
		";; nothing but a comment": false,
		"module":                   false,
		"\x00asm\x01\x00\x00\x00":  false,
		"{\"a\":1}":                false,
	} {
		if got := LooksLikeText([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
