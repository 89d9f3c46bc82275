// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package pattern is the language of --for: a glob over a subject's name.
//
// A subject is a file, named by its path's base name (app.wasm), or a thing with
// a canonical name in a scheme (crate:ripgrep, oci:docker.io/acme/app,
// acme:tool). A pattern with a scheme matches only names in that scheme, written
// out; a pattern without one matches only files.
//
//   - any run of characters but /, also none
//     **    any run of characters, also none
//     ?     one character but /
//     \c    the punctuation character or blank c, itself
//
// Every other character stands for itself; case matters. There are no character
// classes and no alternatives: [ ] { } must be escaped, so that they can get a
// meaning later. A : in a file's name must be escaped, and a file's name has no /.
package pattern

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxSize is the largest pattern in bytes.
const MaxSize = 512

// Pattern is a parsed pattern. The zero Pattern matches nothing.
// Patterns are comparable: equal patterns were written alike.
type Pattern struct{ text string }

// token is one step of a pattern.
type token struct {
	op      op
	char    rune // of a literal
	escaped bool
}

type op byte

const (
	opLiteral op = iota
	opOne        // ?
	opRun        // *
	opAll        // **
)

// Parse reads a pattern.
func Parse(s string) (Pattern, error) {
	if err := check(s); err != nil {
		return Pattern{}, fmt.Errorf("pattern %q: %w", s, err)
	}
	return Pattern{s}, nil
}

// String is the pattern as it was written.
func (p Pattern) String() string { return p.text }

// IsZero reports whether p is no pattern.
func (p Pattern) IsZero() bool { return p.text == "" }

func check(s string) error {
	switch {
	case s == "":
		return errors.New("empty: write * for every file, or SCHEME:** for every name in a scheme")
	case len(s) > MaxSize:
		return fmt.Errorf("longer than %d bytes", MaxSize)
	case !utf8.ValidString(s):
		return errors.New("not UTF-8")
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("a character that cannot be seen")
	case strings.HasPrefix(s, " ") || endsBlank(s):
		return errors.New(`a blank at an end: write "\ " if it is meant`)
	}
	scheme, glob := cut(s)
	if glob == "" {
		return fmt.Errorf("nothing after the scheme: write %s:** for every name in it", scheme)
	}
	tokens, err := tokenize(glob)
	if err != nil {
		return err
	}
	if scheme != "" {
		return nil
	}
	return checkFile(tokens)
}

// endsBlank reports whether s ends in a blank that is not escaped.
func endsBlank(s string) bool {
	rest, ok := strings.CutSuffix(s, " ")
	return ok && (len(rest)-len(strings.TrimRight(rest, `\`)))%2 == 0
}

// checkFile holds a pattern without a scheme to what can match a base name.
func checkFile(tokens []token) error {
	for _, t := range tokens {
		switch {
		case t.op != opLiteral:
		case t.char == '/':
			return errors.New("files are matched by their base name, which has no /")
		case t.char == ':' && !t.escaped:
			return errors.New(`what is before : is no scheme (two or more of a-z 0-9 -, a letter first): write \: if the file's name has a colon`)
		}
	}
	return nil
}

// tokenize reads a glob.
func tokenize(glob string) ([]token, error) {
	var out []token
	for s := glob; s != ""; {
		t, n, err := next(s)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		s = s[n:]
	}
	return out, nil
}

// next reads one token and says how many bytes it took.
func next(s string) (token, int, error) {
	r, n := utf8.DecodeRuneInString(s)
	switch r {
	case '*':
		return star(s)
	case '?':
		return token{op: opOne}, 1, nil
	case '[', ']', '{', '}':
		return token{}, 0, fmt.Errorf(`%c has no meaning in patterns: write \%c for the character`, r, r)
	case '\\':
		c, m := utf8.DecodeRuneInString(s[1:])
		if m == 0 || !escapable(c) {
			return token{}, 0, errors.New(`\ stands only before a punctuation character or a blank`)
		}
		return token{char: c, escaped: true}, 1 + m, nil
	}
	return token{char: r}, n, nil
}

func star(s string) (token, int, error) {
	switch {
	case strings.HasPrefix(s, "***"):
		return token{}, 0, errors.New("*** is neither * nor **")
	case strings.HasPrefix(s, "**"):
		return token{op: opAll}, 2, nil
	}
	return token{op: opRun}, 1, nil
}

// escapable are ASCII punctuation and the blank. A letter after \ may mean
// something one day.
func escapable(r rune) bool {
	return r == ' ' || r < utf8.RuneSelf && (unicode.IsPunct(r) || unicode.IsSymbol(r))
}
