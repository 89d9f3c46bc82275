// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/semver"
)

// parseRequirement reads NAME, NAME = VALUE or NAME OP VERSION.
func parseRequirement(s string) (req sealwax.Requirement, why string) {
	end := strings.IndexAny(s, "=<> ")
	if end < 0 {
		end = len(s)
	}
	req.Name = s[:end]
	if req.Name == "" || strings.ContainsAny(req.Name, ":\t") {
		return req, "it begins with no name"
	}
	rest := strings.Trim(s[end:], " ")
	if rest == "" {
		req.Any = true
		return req, ""
	}
	for _, op := range []string{">=", "<=", ">", "<", "="} {
		value, ok := strings.CutPrefix(rest, op)
		if !ok {
			continue
		}
		if op != "=" {
			req.Op = op
		}
		req.Value = strings.Trim(value, " ")
		return req, checkRequired(req)
	}
	return req, "after the name there is no = >= > <= or <"
}

// checkRequired: a value that nothing can satisfy is a mistake in writing.
func checkRequired(req sealwax.Requirement) (why string) {
	switch {
	case req.Value == "":
		return "there is no value"
	case strings.ContainsAny(req.Value[:1], "=<>"):
		return "two operators stand there"
	case req.Op == "":
		return ""
	}
	if _, err := semver.Parse(req.Value); err != nil {
		return sealwax.Printable(err.Error())
	}
	return ""
}

// globExpression turns a glob over the names of sections into a regular
// expression: * any run of characters, ? one, \ takes the next punctuation
// character for itself. Section names have no folders, so * stops nowhere.
func globExpression(glob string) (expression, why string) {
	var b strings.Builder
	for s := glob; s != ""; {
		c, n := utf8.DecodeRuneInString(s)
		switch c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		case '[', ']', '{', '}':
			return "", string(c) + ` has no meaning here: write \` + string(c) + " for the character"
		case '\\':
			escaped, m := utf8.DecodeRuneInString(s[1:])
			if escaped >= utf8.RuneSelf || !unicode.IsPunct(escaped) && !unicode.IsSymbol(escaped) {
				return "", `\ stands only before a punctuation character`
			}
			b.WriteString(regexp.QuoteMeta(string(escaped)))
			n += m
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
		s = s[n:]
	}
	return b.String(), ""
}

// delimiter is the section between the parts of a module: it holds nothing that
// anybody acts on, and stands wherever parts may stay uncovered.
const delimiter = "signature_delimiter"

// anyGlob is an expression for the whole names that one of the globs matches, and
// for delimiters.
func anyGlob(globs []string) (*regexp.Regexp, error) {
	parts := make([]string, len(globs))
	for i, g := range globs {
		parts[i], _ = globExpression(g)
	}
	return regexp.Compile(`(?s)\A(?:` + strings.Join(append(parts, delimiter), "|") + `)\z`)
}
