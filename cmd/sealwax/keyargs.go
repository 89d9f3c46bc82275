// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
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
)

// The prefixes that make a -k argument something else than a file or a key.
const (
	prefixRaw   = "raw:"
	prefixAgent = "ssh-agent:"
)

// readKeyFile reads a key file, at most as much as one may be.
func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, key.MaxPublicBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	return data, nil
}

// anchors turns -k arguments into anchors of a role. Each is a file of one or
// more public keys, a bare minisign key, an OpenSSH line, raw:FILE or
// ssh-agent:NAME. What parses as a key is never taken for a path.
func (a *app) anchors(ctx context.Context, args []string, role sealwax.Role, flag string) ([]sealwax.Anchor, error) {
	var out []sealwax.Anchor
	for _, arg := range args {
		keys, err := a.publicKeys(ctx, arg)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			if slices.ContainsFunc(out, func(a sealwax.Anchor) bool { return a.Key == k.Public }) {
				continue // the same key under the same id
			}
			out = append(out, sealwax.Anchor{Key: k.Public, Name: anchorName(k.Comment, arg), Role: role, Origin: flag + " " + arg})
		}
	}
	return out, nil
}

// anchorName is what to call a key given on the command line: the name of its
// file, if it came from one.
func anchorName(comment, arg string) string {
	if looksLikeKey(arg) {
		return ""
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
// path, even if it turns out to be a broken key.
func looksLikeKey(arg string) bool {
	if strings.HasPrefix(arg, "ssh-ed25519 ") {
		return true
	}
	return len(arg) == 56 && strings.HasPrefix(arg, "RW") && !strings.ContainsAny(arg, `.\`)
}

func (a *app) publicKeys(ctx context.Context, arg string) ([]key.ListedKey, error) {
	if looksLikeKey(arg) {
		l, err := key.ParsePublic([]byte(arg))
		if err != nil {
			return nil, badKey("-k", err)
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
		data, err := readKeyFile(path)
		if err != nil {
			return nil, err
		}
		p, err := key.ParseRawPublic(data)
		if err != nil {
			return nil, badKey(path, err)
		}
		return []key.ListedKey{{Public: p}}, nil
	}
	data, err := readKeyFile(arg)
	if err != nil {
		return nil, err
	}
	l, err := key.ParsePublic(data)
	if err != nil {
		return nil, badKey(arg, err)
	}
	for _, n := range l.Notes {
		a.note("%s: %s", arg, sealwax.Printable(n))
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
		return key.Agent(ctx, a.getenv("SSH_AUTH_SOCK"), name)
	}
	return a.secret(ctx, arg, pw)
}

func (a *app) secret(ctx context.Context, arg string, pw *passwords) (*key.Secret, error) {
	parse := key.ParseSecret
	path, raw := strings.CutPrefix(arg, prefixRaw)
	if raw {
		parse = key.ParseRawSecret
	}
	data, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	defer clear(data)
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
	return "", usagef("sealwax keygen -o NAME   makes a key, and -k NAME.key signs with it",
		"no key to sign with: -k is not given, and there is none at %s", strings.Join(tried, " or "))
}

// passwords gives the password of a key file: from a file, a descriptor, or the
// terminal; never from a flag's value or the environment.
type passwords struct {
	app  *app
	file string
	fd   int
}

const noFD = -1

func (p *passwords) given() bool { return p.file != "" || p.fd != noFD }

// ask is a key.PassphraseFunc.
func (p *passwords) ask(ctx context.Context, what string) ([]byte, error) {
	switch {
	case p.file != "" && p.fd != noFD:
		return nil, usagef("", "--password-file and --password-fd are both given")
	case p.file != "":
		f, err := os.Open(p.file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		return firstLine(f)
	case p.fd != noFD:
		return p.fromFD()
	}
	return p.app.promptPassword(ctx, "Password for "+sealwax.Printable(what)+": ")
}

func (p *passwords) fromFD() ([]byte, error) {
	if p.fd == 0 {
		return firstLine(p.app.in)
	}
	f := os.NewFile(uintptr(p.fd), "password descriptor")
	if f == nil {
		return nil, usagef("", "--password-fd %d is not open", p.fd)
	}
	defer func() { _ = f.Close() }()
	return firstLine(f)
}

// maxPassword is what minisign reads at most, in bytes.
const maxPassword = 1023

// firstLine reads a password: everything to the first line end, which is not
// part of it. It reads byte by byte, so that what follows stays in the stream.
func firstLine(r io.Reader) ([]byte, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) <= maxPassword {
		n, err := r.Read(one)
		if n == 1 {
			if one[0] == '\n' {
				return bytes.TrimSuffix(line, []byte("\r")), nil
			}
			line = append(line, one[0])
		}
		if errors.Is(err, io.EOF) {
			return line, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the password: %w", err)
		}
	}
	return nil, usagef("", "the password is longer than %d bytes", maxPassword)
}
