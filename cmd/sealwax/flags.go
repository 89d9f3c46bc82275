// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sealwax/sealwax"
)

// passwordFlags adds --password-file and --password-fd.
func (a *app) passwordFlags(fs *pflag.FlagSet) *passwords {
	p := &passwords{app: a}
	fs.StringVar(&p.file, "password-file", "", "read the key's password from the first line of `FILE`")
	fs.IntVar(&p.fd, "password-fd", noFD, "read the key's password from descriptor `N` (0 is standard input)")
	return p
}

// keyFlag adds -k/--key as a list.
func keyFlag(fs *pflag.FlagSet, into *[]string) {
	fs.StringArrayVarP(into, "key", "k", nil, "a trusted public `KEY`: a file, a bare minisign key, an OpenSSH line, raw:FILE, ssh-agent:NAME; repeats")
}

// parseMeta reads --meta arguments: k=v,k=v, in order. A comma divides, so a
// value that holds one is given in an argument of its own with "\," for ",".
func parseMeta(args []string, now time.Time) ([]sealwax.Field, error) {
	var out []sealwax.Field
	seen := map[string]bool{}
	for _, arg := range args {
		for _, pair := range splitCommas(arg) {
			name, value, ok := strings.Cut(pair, "=")
			if !ok || name == "" || value == "" {
				return nil, usagef("", "--meta %q: want name=value", pair)
			}
			if seen[name] {
				return nil, usagef("", "--meta states %q twice", name)
			}
			seen[name] = true
			if name == "expires" {
				t, err := parseMoment(value, now)
				if err != nil {
					return nil, err
				}
				if !t.After(now) {
					return nil, usagef("", "expires=%s is past already: the signature would never count", value)
				}
				value = t.UTC().Format(time.RFC3339)
			}
			out = append(out, sealwax.Field{Name: name, Value: value})
		}
	}
	return out, nil
}

func splitCommas(s string) []string {
	const comma = "\x00"
	parts := strings.Split(strings.ReplaceAll(s, `\,`, comma), ",")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(p, comma, ",")
	}
	return parts
}

// parseMoment reads when something expires: an RFC 3339 time, a date (its first
// instant in UTC), or how long from now: 90d, 12h.
func parseMoment(s string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 365_000 {
			return now.AddDate(0, 0, n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(d), nil
	}
	return time.Time{}, usagef("", "expires=%s: want a time (2030-01-31T00:00:00Z), a date (2030-01-31) or how long (90d, 12h)", s)
}

// parseRequire reads --require arguments: name or name=value, divided by commas.
func parseRequire(args []string) ([]sealwax.Requirement, error) {
	var out []sealwax.Requirement
	for _, arg := range args {
		for _, s := range splitCommas(arg) {
			r, err := sealwax.ParseRequirement(s)
			if err != nil {
				return nil, usagef("", "--require: %w", err)
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// parseKind reads --kind.
func parseKind(s string) (sealwax.Kind, error) {
	switch k := sealwax.Kind(s); k {
	case "", sealwax.KindFile, sealwax.KindModule, sealwax.KindComponent, sealwax.KindCompiled, sealwax.KindProgram:
		return k, nil
	}
	return "", usagef("", "--kind %q: want module, component, compiled, program or file", s)
}

// plural is "1 file" or "3 files".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
