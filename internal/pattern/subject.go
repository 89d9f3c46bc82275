// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package pattern

import (
	"os"
	"strings"
)

// Subject is what patterns are matched against. The zero Subject matches
// nothing.
type Subject struct {
	scheme string // empty for a file
	name   string
}

// File is the subject of a file at a path: its base name.
func File(path string) Subject {
	path = strings.TrimRightFunc(path, isSeparator)
	return Subject{name: path[strings.LastIndexFunc(path, isSeparator)+1:]}
}

// isSeparator: on Windows either slash separates, elsewhere a backslash is a
// character like any other.
func isSeparator(r rune) bool { return r == '/' || r == os.PathSeparator }

// Named reads a subject as it is typed. What
// begins with a scheme and a colon is a canonical name, all else a path. A file
// whose name looks like a canonical one is written ./crate:x.
func Named(s string) Subject {
	if scheme, name := cut(s); scheme != "" && name != "" {
		return Subject{scheme, name}
	}
	return File(s)
}

// cut divides s after its scheme. Without one, rest is all of s.
func cut(s string) (scheme, rest string) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !isScheme(scheme) {
		return "", s
	}
	return scheme, rest
}

// isScheme: [a-z][a-z0-9-]+. A single letter before a colon is a drive.
func isScheme(s string) bool {
	if len(s) < 2 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
