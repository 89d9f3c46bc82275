// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/source"
)

// The prefixes that make a -k argument something else than a file or a key.
const (
	prefixRaw   = "raw:"
	prefixAgent = "ssh-agent:"
)

// readKeyFile reads a key file, at most as much as one may be.
func (a *app) readKeyFile(path string) ([]byte, error) {
	if path == source.Stdin {
		in, err := a.stdin("the key")
		if err != nil {
			return nil, err
		}
		return readKey(in)
	}
	if isURL(path) {
		return nil, usagef("save it to a file, or pin it: sealwax trust add URL --for PATTERN", "a key's file is wanted, and nothing is fetched for it: %s", shownArg(path))
	}
	data, err := readFileUpTo(path, key.MaxPublicBytes)
	return data, readingKey(err)
}

func readKey(r io.Reader) ([]byte, error) {
	data, err := readUpTo(r, key.MaxPublicBytes)
	return data, readingKey(err)
}

func readingKey(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading the key: %w", err)
}

// readFileUpTo reads a file, and one byte more than limit if there is more: what
// parses it says that it is too large.
func readFileUpTo(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return readUpTo(f, limit)
}

func readUpTo(r io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, limit+1))
}

// stdin gives out the standard input, to one who asks: it cannot be two things.
func (a *app) stdin(what string) (io.Reader, error) {
	if a.stdinIs != "" {
		return nil, usagef("", "standard input can be %s or %s, not both", a.stdinIs, what)
	}
	a.stdinIs = what
	return a.in, nil
}

// stdinFor is the standard input if one of the paths stands for it.
func (a *app) stdinFor(what string, paths ...string) (io.Reader, error) {
	if n := slices.Index(paths, source.Stdin); n >= 0 {
		if slices.Contains(paths[n+1:], source.Stdin) {
			return nil, usagef("", "standard input is given twice")
		}
		return a.stdin(what)
	}
	return nil, nil
}

// anchors turns -k arguments into anchors of a role. Each is a file of one or
// more public keys, a bare minisign key, an OpenSSH line, raw:FILE or
// ssh-agent:NAME. What parses as a key is never taken for a path.
func (a *app) anchors(ctx context.Context, args []string, role sealwax.Role, flag string) ([]sealwax.Anchor, error) {
	var out []sealwax.Anchor
	for _, arg := range args {
		if arg == "" {
			return nil, usagef("is a variable unset?", "%s is given, and empty", flag)
		}
		keys, err := a.publicKeys(ctx, arg)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			if slices.ContainsFunc(out, func(a sealwax.Anchor) bool { return a.Key == k.Public }) {
				continue // the same key under the same id
			}
			out = append(out, sealwax.Anchor{Key: k.Public, Name: anchorName(k.Comment, arg, len(keys) > 1), Role: role, Origin: flag + " " + origin(arg)})
		}
	}
	return out, nil
}

// origin is where a key came from, in a few words.
func origin(arg string) string {
	if looksLikeKey(arg) {
		return "(the key itself)"
	}
	return arg
}

// anchorName is what to call a key given on the command line: the name of its
// file, if it came from one.
func anchorName(comment, arg string, listed bool) string {
	if looksLikeKey(arg) {
		return ""
	}
	if listed && comment != "" {
		return comment // one of several: the file's name would be everybody's
	}
	base := filepath.Base(strings.TrimPrefix(strings.TrimPrefix(arg, prefixRaw), prefixAgent))
	for _, ext := range []string{".pub", ".key", ".pem", ".keys"} {
		base = strings.TrimSuffix(base, ext)
	}
	if strings.HasPrefix(arg, "/dev/fd/") || strings.HasPrefix(arg, "/proc/") {
		if strings.HasPrefix(comment, "minisign public key") {
			return "" // what tools write by themselves is no name
		}
		return comment
	}
	return base
}

// looksLikeKey reports whether an argument is a key itself: then it is never a
// path, and never repeated in a message, even if it turns out to be a broken key.
func looksLikeKey(arg string) bool {
	switch {
	case strings.Contains(arg, "\n"), strings.HasPrefix(arg, "ssh-ed25519 "), strings.HasPrefix(arg, "-----BEGIN"),
		strings.HasPrefix(arg, "untrusted comment:"):
		return true
	}
	return isMinisignBase64(arg)
}

// isMinisignBase64 recognises the base64 of a minisign key: 56 characters of a
// public one, 212 of a secret one, both beginning with "Ed".
func isMinisignBase64(arg string) bool {
	if len(arg) == 56 {
		return strings.HasPrefix(arg, "RW") && !strings.ContainsAny(arg, `.\`)
	}
	b, err := base64.StdEncoding.DecodeString(arg)
	return err == nil && len(b) == 158 && b[0] == 'E' && b[1] == 'd'
}

// errSecretArgument is for a secret that stands on the command line, where other
// processes, histories and logs can see it.
var errSecretArgument = errors.New("a key itself is given where a secret key's file is wanted: if it is a secret key, shells and logs may have kept it")

func (a *app) publicKeys(ctx context.Context, arg string) ([]key.ListedKey, error) {
	if looksLikeKey(arg) {
		l, err := key.ParsePublic([]byte(arg))
		if err != nil {
			return nil, badKey("the key on the command line", err)
		}
		return l.Keys, nil
	}
	if name, ok := strings.CutPrefix(arg, prefixAgent); ok {
		k, err := key.Agent(ctx, a.getenv("SSH_AUTH_SOCK"), name)
		if err != nil {
			return nil, err
		}
		return []key.ListedKey{{Public: k.Public(), Comment: k.Comment()}}, nil
	}
	if path, ok := strings.CutPrefix(arg, prefixRaw); ok {
		data, err := a.readKeyFile(path)
		if err != nil {
			return nil, err
		}
		p, err := key.ParseRawPublic(data)
		if err != nil {
			return nil, badKey(path, err)
		}
		return []key.ListedKey{{Public: p}}, nil
	}
	data, err := a.readKeyFile(arg)
	if err != nil {
		return nil, err
	}
	return a.listedKeys(arg, data)
}

// listedKeys are the public keys in a file's content.
func (a *app) listedKeys(arg string, data []byte) ([]key.ListedKey, error) {
	l, err := key.ParsePublic(data)
	if err != nil {
		return nil, badKey(arg, err)
	}
	for _, n := range l.Notes[:min(len(l.Notes), maxFindingsShown)] {
		if !a.quiet {
			a.note("%s: %s", arg, n)
		}
	}
	return l.Keys, nil
}

// signer finds the key to sign with: -k, else the key at minisign's default
// path, else rsign's. It says which one it took if it was not told.
func (a *app) signer(ctx context.Context, arg string, pw *passwords) (key.Signer, error) {
	if arg == "" {
		path, err := a.defaultKey()
		if err != nil {
			return nil, err
		}
		a.note("signing with %s", path)
		arg = path
	}
	if name, ok := strings.CutPrefix(arg, prefixAgent); ok {
		k, err := key.Agent(ctx, a.getenv("SSH_AUTH_SOCK"), name)
		if err != nil {
			return nil, err
		}
		return agentSigner{k}, nil
	}
	return a.secret(ctx, arg, pw)
}

// agentSigner marks an agent's failure as "could not decide": it says nothing
// about what was to be signed.
type agentSigner struct{ key.Signer }

func (s agentSigner) Sign(ctx context.Context, r key.SignRequest) ([]byte, error) {
	sig, err := s.Signer.Sign(ctx, r)
	if err != nil {
		return nil, withCode(exitUndecided, err)
	}
	return sig, nil
}

func (a *app) secret(ctx context.Context, arg string, pw *passwords) (*key.Secret, error) {
	if looksLikeKey(arg) {
		return nil, &exitError{code: exitUsage, err: errSecretArgument, hint: `give a file: -k FILE, or -k <(printf %s "$KEY")`}
	}
	parse := key.ParseSecret
	path, raw := strings.CutPrefix(arg, prefixRaw)
	if raw {
		parse = key.ParseRawSecret
	}
	data, err := a.readKeyFile(path)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	pw.of = path + ", "
	s, err := parse(ctx, data, pw.ask)
	if err != nil {
		return nil, badKey(path, err)
	}
	return s, nil
}

// badKey is "used wrongly", unless it was the password that was wanting.
func badKey(path string, err error) error {
	err = fmt.Errorf("%s: %w", path, err)
	code := exitUsage
	unread := (*fs.PathError)(nil)
	switch c := exitCode(err); {
	case c == exitPerson || c == exitInterrupted:
		code = c
	case errors.As(err, &unread): // the password's file could not be read
		code = exitUndecided
	}
	return &exitError{code: code, err: err, hint: strings.Join(hints(err), "; ")}
}

// defaultKey is where minisign, then rsign, keep a person's key.
func (a *app) defaultKey() (string, error) {
	home, _ := os.UserHomeDir()
	var tried []string
	for _, tool := range []struct{ env, dir, file string }{
		{"MINISIGN_CONFIG_DIR", ".minisign", "minisign.key"},
		{"RSIGN_CONFIG_DIR", ".rsign", "rsign.key"},
	} {
		dir := a.getenv(tool.env)
		if dir == "" {
			if home == "" {
				continue
			}
			dir = filepath.Join(home, tool.dir)
		}
		path := filepath.Join(dir, tool.file)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("reading the key: %w", err)
		}
		tried = append(tried, path)
	}
	where := ""
	if len(tried) > 0 {
		where = ", and there is none at " + strings.Join(tried, " or ")
	}
	return "", usagef("sealwax keygen -o NAME   makes a key, and -k NAME.key signs with it",
		"no key to sign with: -k is not given%s", where)
}
