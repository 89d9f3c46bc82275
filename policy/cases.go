// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealwax/sealwax"
)

// Limits of a table of cases.
const (
	// MaxCasesBytes is the largest table.
	MaxCasesBytes = 1 << 20
	// MaxCases is how many cases a table may have.
	MaxCases = 10_000
	// MaxCaseWords is how many words one case may have.
	MaxCaseWords = 80
)

// Case is one line of a table: what is to become of an artifact, or which rule is
// to decide about a subject.
type Case struct {
	// Line is the line of the table, from 1, and Text what it says.
	Line int
	Text string
	// Artifact is the artifact's path, or the subject if the case is about rules.
	Artifact string
	// Signatures are paths of signatures to lay beside it; none: those that lie
	// beside it anyway.
	Signatures []string

	// ForRule says that the case is about rules: then Rule is the name of the
	// rule that is to decide about Artifact, if it is of Kind; empty for none.
	ForRule bool
	Rule    string
	Kind    sealwax.Kind

	// Want is the verdict, and Code, if set, a finding that must come with it.
	Want sealwax.Verdict
	Code sealwax.Code
}

// ParseCases reads a table of cases, which policy test runs. name is for errors,
// which are [*Error]s. Each line is a case, a comment after # or blank:
//
//	allow       app.wasm
//	deny        app.wasm other.minisig      # judged with this signature alone
//	deny:signer.unknown  "an app.wasm"
//	undecided   gone.wasm
//	rule:release  acme-1.wasm module        # this rule decides
//	no-rule     oci:ghcr.io/acme/app        # and here none
//
// Words are divided by blanks; one with a blank or # in it stands in double
// quotes, in which \ takes the next " or \ for itself.
func ParseCases(name string, data []byte) ([]Case, error) {
	fail := func(line, column int, problem, fix string) error {
		return &Error{File: name, Line: line, Column: column, Problem: problem, Fix: fix}
	}
	if len(data) > MaxCasesBytes {
		return nil, fail(1, 1, fmt.Sprintf("larger than %d bytes", MaxCasesBytes), "divide it")
	}
	var out []Case
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text := strings.TrimRight(string(line), "\r\n")
		words, column, err := splitWords(text)
		if err != nil {
			return nil, fail(n, column, err.Error(), "")
		}
		if len(words) == 0 {
			continue
		}
		if len(out) == MaxCases {
			return nil, fail(n, 1, fmt.Sprintf("more than %d cases", MaxCases), "divide it")
		}
		c := Case{Line: n, Text: text}
		if i, problem, fix := c.read(words); problem != "" {
			return nil, fail(n, words[i].column, problem, fix)
		}
		out = append(out, c)
	}
	return out, nil
}

// word is one word of a case.
type word struct {
	text   string
	column int
}

// splitWords divides a line. An error is at the column.
func splitWords(s string) (words []word, column int, err error) {
	if !utf8.ValidString(s) {
		return nil, 1, errors.New("not UTF-8")
	}
	runes := []rune(s)
	for i := 0; i < len(runes); {
		switch runes[i] {
		case ' ', '\t':
			i++
			continue
		case '#':
			return words, 0, nil
		}
		if len(words) == MaxCaseWords {
			return nil, i + 1, fmt.Errorf("more than %d words", MaxCaseWords)
		}
		text, next, err := oneWord(runes, i)
		if err != nil {
			return nil, i + 1, err
		}
		words = append(words, word{text, i + 1})
		i = next
	}
	return words, 0, nil
}

// oneWord reads the word at i, and says where it ends.
func oneWord(runes []rune, i int) (text string, next int, err error) {
	if runes[i] != '"' {
		for next = i; next < len(runes) && !slices.Contains([]rune(" \t\"#"), runes[next]); {
			next++
		}
		if next < len(runes) && (runes[next] == '"' || runes[next] == '#') {
			return "", 0, fmt.Errorf("a word with %c in it must stand in quotes", runes[next])
		}
		return string(runes[i:next]), next, nil
	}
	var out []rune
	for next = i + 1; next < len(runes); next++ {
		switch c := runes[next]; {
		case c == '"' && next+1 < len(runes) && !strings.ContainsRune(" \t#", runes[next+1]):
			return "", 0, errors.New("something stands right behind the quotes")
		case c == '"':
			return string(out), next + 1, nil
		case c == '\\' && next+1 < len(runes) && strings.ContainsRune(`"\`, runes[next+1]):
			next++
			out = append(out, runes[next])
		default:
			out = append(out, c)
		}
	}
	return "", 0, errors.New("a quote that does not end")
}

// read gives the words their meaning. If it cannot, it says which word is to blame.
func (c *Case) read(words []word) (at int, problem, fix string) {
	head, rest, has := strings.Cut(words[0].text, ":")
	if len(words) < 2 {
		return 0, "no artifact is named", "write VERDICT ARTIFACT"
	}
	c.Artifact = words[1].text
	if c.Artifact == "" {
		return 1, "no artifact is named", "write VERDICT ARTIFACT"
	}
	if words[0].text == "no-rule" || head == "rule" && has {
		c.ForRule, c.Rule = true, rest
		if head == "rule" && !isName(rest) {
			return 0, "rule " + quote(rest) + " is no name", "write rule:NAME or no-rule"
		}
		return c.readKind(words)
	}
	for _, w := range words[2:] {
		c.Signatures = append(c.Signatures, w.text)
	}
	if i := slices.Index(c.Signatures, ""); i >= 0 {
		return 2 + i, "an empty name", "write the signature's path"
	}
	verdicts := []sealwax.Verdict{sealwax.Allow, sealwax.Deny, sealwax.Undecided}
	i := slices.IndexFunc(verdicts, func(v sealwax.Verdict) bool { return v.String() == head })
	if i < 0 {
		return 0, "verdict " + quote(head) + " is not known", "write allow, deny, undecided, rule:NAME or no-rule"
	}
	c.Want, c.Code = verdicts[i], sealwax.Code(rest)
	if has && !slices.Contains(sealwax.Codes(), c.Code) {
		return 0, "there is no finding " + quote(rest), "sealwax explain lists them"
	}
	return 0, "", ""
}

// readKind reads the kind of a subject: a file unless it is said.
func (c *Case) readKind(words []word) (at int, problem, fix string) {
	c.Kind = sealwax.KindFile
	if len(words) == 2 {
		return 0, "", ""
	}
	known := kindWords()
	if !slices.Contains(known, words[2].text) {
		return 2, "kind " + quote(words[2].text) + " is not known", "write " + list(known)
	}
	if len(words) > 3 {
		return 3, "a word too many", "write rule:NAME SUBJECT KIND"
	}
	c.Kind = sealwax.Kind(words[2].text)
	return 0, "", ""
}
