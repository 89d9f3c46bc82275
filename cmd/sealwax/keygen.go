// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/internal/term"
	"github.com/sealwax/sealwax/key"
)

// The file formats that keys are written in.
const (
	keyMinisign = "minisign"
	keyWasmsig  = "wasmsig"
	keyPEM      = "pem"
	keySSH      = "ssh"
)

type keygenOptions struct {
	out, public, format string
	noPassword, force   bool
	passwords           *passwords
}

func (a *app) keygenCommand() *cobra.Command {
	o := &keygenOptions{}
	c := &cobra.Command{
		Use:   "keygen -o NAME",
		Short: "make a key pair: NAME.key and NAME.pub",
		Long: `Keygen makes an Ed25519 key that signs in every format. NAME.key is secret (mode 0600, and a
password that is asked twice); NAME.pub is for everybody who verifies. Minisign, rsign2 and
wasmsign2 read the files: the first two in the default format, the third with --format wasmsig.`,
		Example: `  sealwax keygen -o me
  sealwax keygen --no-password -o ci          # for a secret store that keeps it encrypted
  sealwax keygen --format wasmsig --no-password -o wasm`,
		Args: cobra.NoArgs,
		RunE: a.careful(func(ctx context.Context, _ []string) error { return a.keygen(ctx, o) }),
	}
	f := c.Flags()
	f.StringVarP(&o.out, "output", "o", "", "the `NAME` of the pair")
	f.StringVar(&o.public, "public", "", "write the public key to `FILE` instead of NAME.pub")
	f.StringVar(&o.format, "format", keyMinisign, "`FORMAT`: minisign, wasmsig or pem")
	f.BoolVar(&o.noPassword, "no-password", false, "leave the secret key unencrypted")
	f.BoolVar(&o.force, "force", false, "replace the files if they are there (a replaced secret key is lost)")
	o.passwords = a.passwordFlags(f)
	return c
}

func (a *app) keygen(ctx context.Context, o *keygenOptions) error {
	if o.out == "" {
		return usagef("sealwax keygen -o NAME", "-o NAME says what the key pair is called")
	}
	if o.out == stdout || o.public == stdout {
		return usagef("", "a key pair is two files: -o NAME says what they are called")
	}
	secretPath := strings.TrimSuffix(o.out, ".key") + ".key"
	publicPath := o.public
	if publicPath == "" {
		publicPath = strings.TrimSuffix(o.out, ".key") + ".pub"
	}
	if samePath(secretPath, publicPath) {
		return usagef("", "the secret and the public key would both be %s", publicPath)
	}
	for _, path := range []string{secretPath, publicPath} {
		if err := free(path, o.force); err != nil {
			return err
		}
	}
	password, err := a.newPassword(ctx, o)
	if err != nil {
		return err
	}
	defer clear(password)
	public, err := o.makePair(secretPath, publicPath, password, marshalSecret)
	if err != nil {
		return err
	}
	a.say("secret key: %s (keep it, and keep it secret)", secretPath)
	a.say("public key: %s (%s)", publicPath, public)
	a.say("whoever verifies runs:")
	a.say("  sealwax verify FILE -k %s", public.MinisignLine())
	return nil
}

// makePair makes a key pair, and its secret half a file as marshal does.
func (o *keygenOptions) makePair(secretPath, publicPath string, password []byte, marshal func(*key.Secret, string, []byte) ([]byte, error)) (key.Public, error) {
	s, err := key.Generate(rand.Reader)
	if err != nil {
		return key.Public{}, err
	}
	secret, err := marshal(s, o.format, password)
	if err != nil {
		return key.Public{}, err
	}
	defer clear(secret)
	return s.Public(), writePair(secretPath, publicPath, secret, s.Public(), o)
}

// writePair writes both halves or none: a secret key that is replaced is lost,
// so nothing gets its name before both are complete.
func writePair(secretPath, publicPath string, secret []byte, p key.Public, o *keygenOptions) error {
	public, err := marshalPublic(p, o.format)
	if err != nil {
		return err
	}
	sf, err := atomicfile.Create(secretPath, atomicfile.Options{Mode: atomicfile.Secret, Replace: o.force})
	if err != nil {
		return err
	}
	defer sf.Abort()
	pf, err := atomicfile.Create(publicPath, atomicfile.Options{Mode: atomicfile.Public, Replace: o.force})
	if err != nil {
		return err
	}
	defer pf.Abort()
	if _, err := sf.Write(secret); err != nil {
		return err
	}
	if _, err := pf.Write(public); err != nil {
		return err
	}
	if err := sf.Commit(); err != nil {
		return err
	}
	return pf.Commit()
}

// samePath reports whether two paths name one file, whether it is there or not.
func samePath(a, b string) bool {
	if ia, err := os.Stat(a); err == nil {
		if ib, err := os.Stat(b); err == nil && os.SameFile(ia, ib) {
			return true
		}
	}
	fa, erra := filepath.Abs(a)
	fb, errb := filepath.Abs(b)
	return erra == nil && errb == nil && fa == fb
}

// newPassword asks for the password of a new key: nil is none.
func (a *app) newPassword(ctx context.Context, o *keygenOptions) ([]byte, error) {
	if o.format != keyMinisign {
		if o.passwords.given() {
			return nil, usagef("use --no-password, or the minisign format", "--format %s has no password", o.format)
		}
		if !o.noPassword {
			return nil, usagef("add --no-password, or use the minisign format", "--format %s cannot keep a password: the file would be readable as it is", o.format)
		}
	}
	if o.noPassword {
		if o.passwords.given() {
			return nil, usagef("", "--no-password and a password are both given")
		}
		return nil, nil
	}
	if o.passwords.given() {
		pw, err := o.passwords.ask(ctx, "the new key")
		if err == nil && len(pw) == 0 {
			err = usagef("--no-password leaves the key unencrypted", "the password is empty")
		}
		return pw, err
	}
	return a.promptNewPassword(ctx)
}

// marshalSecret writes a secret key in a file format.
func marshalSecret(s *key.Secret, format string, password []byte) ([]byte, error) {
	switch format {
	case keyMinisign:
		b, err := key.MarshalMinisignSecret(s, password, rand.Reader)
		if err != nil { // the password holds what minisign could not take
			return nil, withCode(exitUsage, err)
		}
		return b, nil
	case keyWasmsig:
		return key.MarshalWasmsignSecret(s), nil
	case keyPEM:
		return key.MarshalSecretPEM(s), nil
	case keySSH:
		return nil, usagef("ssh-keygen -t ed25519   makes one that sealwax reads", "OpenSSH secret keys are read and not written")
	}
	return nil, usagef("", "--format %q: want minisign, wasmsig or pem", format)
}

// marshalPublic writes a public key in a file format.
func marshalPublic(p key.Public, format string) ([]byte, error) {
	switch format {
	case keyMinisign:
		return key.MarshalMinisignPublic(p, "")
	case keyWasmsig:
		return key.MarshalWasmsignPublic(p), nil
	case keyPEM:
		return key.MarshalPublicPEM(p), nil
	case keySSH:
		return key.MarshalSSHPublic(p), nil
	}
	return nil, usagef("", "--format %q: want minisign, wasmsig, pem or ssh", format)
}

// errDiffer is when two typings of a new password differ.
var errDiffer = errors.New("the two passwords differ: nothing was written")

func (a *app) promptNewPassword(ctx context.Context) ([]byte, error) {
	first, err := a.promptPassword(ctx, "Password for the new key: ")
	if err != nil {
		return nil, err
	}
	if len(first) == 0 {
		return nil, usagef("--no-password leaves the key unencrypted", "the password is empty")
	}
	second, err := a.promptPassword(ctx, "The same again: ")
	if err != nil {
		return nil, err
	}
	defer clear(second)
	if string(first) != string(second) {
		clear(first)
		return nil, withCode(exitUsage, errDiffer)
	}
	return first, nil
}

func (a *app) promptPassword(ctx context.Context, prompt string) ([]byte, error) {
	t, err := term.Open(a.getenv)
	if err != nil {
		return nil, err
	}
	defer func() { _ = t.Close() }()
	return t.ReadPassword(ctx, prompt)
}
