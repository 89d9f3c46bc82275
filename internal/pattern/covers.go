// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package pattern

import (
	"slices"
	"strings"
)

// maxCovers bounds the work of Covers. What takes more is not decided.
const maxCovers = 10_000

// other stands for every character that neither of two patterns writes out.
const other rune = -2

// Covers reports whether p matches every subject that q matches. It is sure: a
// yes is always true. A no is true as well, except of patterns so entangled that
// the answer would take too long. The zero Pattern covers and is covered by
// nothing.
func (p Pattern) Covers(q Pattern) bool {
	pScheme, pGlob := cut(p.text)
	qScheme, qGlob := cut(q.text)
	if q.IsZero() || pScheme != qScheme {
		return false
	}
	if p == q {
		return true
	}
	if differ(pGlob, qGlob) { // mutate:skip only speed depends on it
		return false
	}
	pTokens, err := tokenize(pGlob)
	if err != nil {
		return false // Parse let it pass, so this cannot be
	}
	qTokens, err := tokenize(qGlob)
	if err != nil {
		return false
	}
	return covers(pTokens, qTokens, alphabet(pTokens, qTokens, pScheme != ""))
}

// differ reports whether two globs plainly begin or end in different ways, as
// most do: those need not be taken apart.
func differ(p, q string) bool {
	a, b := plainPart(p), plainPart(q)
	if !strings.HasPrefix(a, b) && !strings.HasPrefix(b, a) { // mutate:skip only speed depends on it
		return true
	}
	a, b = plainEnd(p), plainEnd(q)
	return !strings.HasSuffix(a, b) && !strings.HasSuffix(b, a) // mutate:skip only speed depends on it
}

// plainEnd is what a glob ends with that stands for itself.
func plainEnd(glob string) string { return glob[len(strings.TrimRightFunc(glob, isPlain)):] }

// alphabet is every character that makes a difference to one of the patterns. The
// names of files have no /.
func alphabet(p, q []token, slash bool) []rune {
	out := []rune{other}
	if slash {
		out = append(out, '/')
	}
	for _, t := range slices.Concat(p, q) {
		if t.op == opLiteral && !slices.Contains(out, t.char) && (slash || t.char != '/') {
			out = append(out, t.char)
		}
	}
	return out
}

// covers follows all that q matches, beside all states in which p then can be,
// looking for a name that q takes and p does not. No name is empty.
func covers(p, q []token, letters []rune) bool {
	type pair struct{ p, q string }
	begin := pair{statesAt(p, 0), statesAt(q, 0)}
	seen := map[pair]bool{} // without begin, which stands for the empty name as well
	for todo := []pair{begin}; len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, c := range letters {
			next := pair{advance(p, at.p, c), advance(q, at.q, c)}
			if next.q == "" || seen[next] {
				continue
			}
			if accepts(q, next.q) && !accepts(p, next.p) {
				return false
			}
			if len(seen) == maxCovers {
				return false
			}
			seen[next] = true
			todo = append(todo, next)
		}
	}
	return true
}

// States are written as a string: two bytes for each state, in ascending order,
// "" for none.
func states(in []bool) string {
	var out []byte
	for i, is := range in {
		if is {
			out = append(out, byte(i>>8), byte(i&0xff))
		}
	}
	return string(out)
}

func statesAt(tokens []token, i int) string {
	here := make([]bool, len(tokens)+1)
	here[i] = true
	skipRuns(tokens, here)
	return states(here)
}

func advance(tokens []token, from string, c rune) string {
	here, next := make([]bool, len(tokens)+1), make([]bool, len(tokens)+1)
	for i := 0; i < len(from); i += 2 {
		here[int(from[i])<<8|int(from[i+1])] = true
	}
	if !step(tokens, here, next, c) {
		return ""
	}
	skipRuns(tokens, next)
	return states(next)
}

func accepts(tokens []token, s string) bool {
	end := len(tokens)
	return len(s) >= 2 && s[len(s)-2] == byte(end>>8) && s[len(s)-1] == byte(end&0xff)
}
