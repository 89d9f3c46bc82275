// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package pattern

import (
	"strings"
	"unicode/utf8"
)

// invalid stands for a byte that is not UTF-8, as no literal does.
const invalid rune = -1

// Match reports whether p matches s. Its time is at most proportional to the
// product of the two lengths: all ways to match are followed side by side.
func (p Pattern) Match(s Subject) bool {
	scheme, glob := cut(p.text)
	if s.name == "" || scheme != s.scheme {
		return false
	}
	// Most names differ from a pattern early: do not take it apart for those.
	if !strings.HasPrefix(s.name, plainPart(glob)) { // mutate:skip only speed depends on it
		return false
	}
	tokens, err := tokenize(glob)
	if err != nil {
		return false // Parse let it pass, so this cannot be; it matches nothing
	}
	return match(tokens, s.name)
}

// plainPart is what a glob begins with that stands for itself.
func plainPart(glob string) string {
	return glob[:len(glob)-len(strings.TrimLeftFunc(glob, isPlain))]
}

func isPlain(r rune) bool { return !strings.ContainsRune(`*?\`, r) }

// match runs the tokens as a state machine: state i means that the tokens before
// i have been matched.
func match(tokens []token, name string) bool {
	here, next := make([]bool, len(tokens)+1), make([]bool, len(tokens)+1)
	here[0] = true
	skipRuns(tokens, here)
	for name != "" {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && n == 1 {
			r = invalid
		}
		name = name[n:]
		if !step(tokens, here, next, r) {
			return false
		}
		skipRuns(tokens, next)
		here, next = next, here
	}
	return here[len(tokens)]
}

// skipRuns lets runs be empty.
func skipRuns(tokens []token, states []bool) {
	for i, t := range tokens {
		if states[i] && (t.op == opRun || t.op == opAll) {
			states[i+1] = true
		}
	}
}

// step takes one character, and reports whether any state is left.
func step(tokens []token, here, next []bool, r rune) (alive bool) {
	clear(next)
	for i, t := range tokens {
		if !here[i] || !t.takes(r) {
			continue
		}
		alive = true
		if t.op == opRun || t.op == opAll {
			next[i] = true
		} else {
			next[i+1] = true
		}
	}
	return alive
}

// takes reports whether the token can match the character.
func (t token) takes(r rune) bool {
	switch t.op {
	case opAll:
		return true
	case opOne, opRun:
		return r != '/'
	default:
		return t.char == r
	}
}
