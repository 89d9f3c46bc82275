// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/key"
)

func (a *app) keyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "inspect and translate key files, change their password",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.keyShowCommand(), a.keyConvertCommand(), a.keyPasswordCommand(), a.keyPublicCommand())
	return c
}

func (a *app) keyShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show KEY",
		Short: "show a key's names: fingerprint, key ids",
		Long:  "Show takes a public or a secret key, in any form. It never asks for a password and never prints a secret.",
		Example: `  sealwax key show me.pub
  sealwax key show ~/.ssh/authorized_keys`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.keyShow(c.Context(), args[0]) },
	}
}

func (a *app) keyShow(ctx context.Context, arg string) error {
	if !isKeyFile(arg) {
		keys, err := a.publicKeys(ctx, arg)
		if err != nil {
			return err
		}
		a.showKeys(keys)
		return nil
	}
	arg = strings.TrimPrefix(arg, prefixRaw)
	data, err := a.readKeyFile(arg) // once: it may be a pipe
	if err != nil {
		return err
	}
	defer clear(data)
	if info, err := key.InspectSecret(data); err == nil {
		a.showSecret(arg, info)
		return nil
	} else if _, perr := key.ParsePublic(data); errors.Is(perr, key.ErrSecretGiven) {
		return badKey(arg, err)
	}
	keys, err := a.listedKeys(arg, data)
	if err != nil {
		return err
	}
	a.showKeys(keys)
	return nil
}

// isKeyFile reports whether a -k argument names a file that may hold any key.
func isKeyFile(arg string) bool {
	return !looksLikeKey(arg) && !strings.HasPrefix(arg, prefixAgent)
}

func (a *app) showKeys(keys []key.ListedKey) {
	for i, k := range keys {
		if i > 0 {
			a.say("")
		}
		a.say("public key (%s)", carrierWords(k.Carrier))
		if k.Comment != "" {
			a.say("comment:        %s", k.Comment)
		}
		a.showPublic(k.Public)
	}
}

func carrierWords(carrier string) string {
	if carrier == "" {
		return "from an agent"
	}
	return carrier
}

// showSecret shows a secret key file, without its secret.
func (a *app) showSecret(path string, info key.SecretInfo) {
	state := "not encrypted"
	if info.Encrypted {
		state = "encrypted with a password"
	}
	a.say("secret key (%s), %s", info.Carrier, state)
	a.warnMode(path)
	if info.Public.IsZero() {
		a.say("its public half is inside: sealwax key public %s", path)
		return
	}
	a.showPublic(info.Public)
}

// warnMode says so if others can read a secret.
func (a *app) warnMode(path string) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		a.note("%s can be read by others (mode %04o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
}

func (a *app) showPublic(p key.Public) {
	a.say("fingerprint:    %s", p.Fingerprint())
	a.say("OpenSSH:        %s", p.SSHFingerprint())
	origin := "derived from the key"
	if p.HasOwnID() {
		origin = "from the file"
	}
	a.say("minisign id:    %s (%s)", p.MinisignID(), origin)
	a.say("wasmsign2 id:   %s", hex.EncodeToString(p.WasmsignID()))
	a.say("minisign key:   %s", p.MinisignLine())
}

type convertOptions struct {
	out, format, keyID string
	force, noPassword  bool
	passwords          *passwords
}

func (a *app) keyConvertCommand() *cobra.Command {
	o := &convertOptions{}
	c := &cobra.Command{
		Use:   "convert KEY",
		Short: "write a key in another tool's form",
		Long: `Convert reads a public or secret key in any form and writes it in another. It is the same key:
what it signed stays signed. A minisign key keeps its password. The minisign key id of a key that has none is derived from it;
--key-id keeps another, as it stands in signatures that were made before.`,
		Example: `  sealwax key convert ~/.ssh/id_ed25519.pub --format minisign -o me.pub
  sealwax key convert me.key --format wasmsig -o me.wasmsign.key
  sealwax key convert old.pem --key-id 0123456789ABCDEF -o old.pub`,
		Args: cobra.ExactArgs(1),
		RunE: a.careful(func(ctx context.Context, args []string) error { return a.keyConvert(ctx, args[0], o) }),
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", keyMinisign, "`FORMAT`: minisign, wasmsig, pem, or ssh (public keys)")
	f.StringVarP(&o.out, "output", "o", "", "write to `FILE`")
	f.StringVar(&o.keyID, "key-id", "", "the minisign key `ID` to write, 16 hexadecimal digits")
	f.BoolVar(&o.noPassword, "no-password", false, "leave a secret key that had a password unencrypted")
	f.BoolVar(&o.force, "force", false, "replace FILE if it is there")
	o.passwords = a.passwordFlags(f)
	return c
}

func (a *app) keyConvert(ctx context.Context, arg string, o *convertOptions) error {
	if o.out == "" {
		return usagef("", "-o says where the key goes")
	}
	if err := apart(o.out, arg); err != nil {
		return err
	}
	if err := free(o.out, o.force); err != nil {
		return err
	}
	if !isKeyFile(arg) {
		keys, err := a.publicKeys(ctx, arg)
		if err != nil {
			return err
		}
		return o.convertPublic(a, keys)
	}
	arg = strings.TrimPrefix(arg, prefixRaw)
	data, err := a.readKeyFile(arg) // once: it may be a pipe
	if err != nil {
		return err
	}
	defer clear(data)
	if info, err := key.InspectSecret(data); err == nil {
		return o.openAndConvert(ctx, a, arg, data, info.Encrypted)
	} else if _, perr := key.ParsePublic(data); errors.Is(perr, key.ErrSecretGiven) {
		return badKey(arg, err)
	}
	keys, err := a.listedKeys(arg, data)
	if err != nil {
		return err
	}
	return o.convertPublic(a, keys)
}

// openAndConvert keeps the password of a key that has one, where the form can;
// to lose it takes a word of the user.
func (o *convertOptions) openAndConvert(ctx context.Context, a *app, path string, data []byte, encrypted bool) error {
	if encrypted && !o.noPassword && o.format != keyMinisign {
		return usagef("add --no-password if that is meant", "%s has a password, and --format %s cannot keep one", path, o.format)
	}
	var password []byte
	defer func() { clear(password) }()
	o.passwords.of = path + ", "
	s, err := key.ParseSecret(ctx, data, func(ctx context.Context, what string) ([]byte, error) {
		pw, err := o.passwords.ask(ctx, what)
		if !o.noPassword {
			password = slices.Clone(pw) // the other copy is cleared after use
		}
		return pw, err
	})
	if err != nil {
		return badKey(path, err)
	}
	return o.convertSecret(a, s, password)
}

func (o *convertOptions) convertPublic(a *app, keys []key.ListedKey) error {
	var out []byte
	if len(keys) != 1 && (o.format != keySSH || o.keyID != "") {
		return usagef("give one line of it", "it lists %d keys, and only one can be converted", len(keys))
	}
	for _, k := range keys {
		p, err := o.withID(k.Public)
		if err != nil {
			return err
		}
		b, err := marshalPublic(p, o.format)
		if err != nil {
			return err
		}
		out = append(out, b...)
	}
	return a.emit(o.out, o.force, func(w output) error {
		_, err := w.Write(out)
		return err
	})
}

func (o *convertOptions) withID(p key.Public) (key.Public, error) {
	if o.keyID == "" {
		return p, nil
	}
	id, err := key.ParseID(o.keyID)
	if err != nil {
		return p, usagef("", "--key-id: %w", err)
	}
	return p.WithID(id), nil
}

func (o *convertOptions) convertSecret(a *app, s *key.Secret, password []byte) error {
	if o.keyID != "" {
		id, err := key.ParseID(o.keyID)
		if err != nil {
			return usagef("", "--key-id: %w", err)
		}
		s = s.WithID(id)
	}
	b, err := marshalSecret(s, o.format, password)
	if err != nil {
		return err
	}
	defer clear(b)
	err = a.emitMode(o.out, atomicfile.Options{Mode: atomicfile.Secret, Replace: o.force}, func(w output) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil || o.out == stdout || len(password) > 0 {
		return err
	}
	a.note("%s is not encrypted: sealwax key password gives a minisign key file a password", o.out)
	return nil
}

type passwordOptions struct {
	newFile    string
	newFD      int
	noPassword bool
	passwords  *passwords
}

func (a *app) keyPasswordCommand() *cobra.Command {
	o := &passwordOptions{}
	c := &cobra.Command{
		Use:   "password FILE",
		Short: "change or drop the password of a secret key file",
		Long:  "Password rewrites a minisign or rsign secret key file under a new password, in one step: the old file stays until the new one is complete.",
		Example: `  sealwax key password me.key
  sealwax key password me.key --no-password --password-file old.txt`,
		Args: cobra.ExactArgs(1),
		RunE: a.careful(func(ctx context.Context, args []string) error { return a.keyPassword(ctx, args[0], o) }),
	}
	f := c.Flags()
	f.BoolVar(&o.noPassword, "no-password", false, "drop the password")
	o.passwords = a.passwordFlags(f)
	f.StringVar(&o.newFile, "new-password-file", "", "read the new password from the first line of `FILE`")
	f.IntVar(&o.newFD, "new-password-fd", noFD, "read the new password from descriptor `N`")
	return c
}

func (a *app) keyPassword(ctx context.Context, path string, o *passwordOptions) error {
	fresh := &passwords{app: a, file: o.newFile, fd: o.newFD}
	if o.noPassword && fresh.given() {
		return usagef("", "--no-password and a new password are both given")
	}
	data, err := a.readKeyFile(path)
	if err != nil {
		return err
	}
	defer clear(data)
	info, err := key.InspectSecret(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if info.Carrier != key.CarrierMinisign {
		return usagef("sealwax key convert "+path+" -o NEW.key   first", "%s is %s: only minisign key files are given a password here", path, info.Carrier)
	}
	s, err := key.ParseSecret(ctx, data, o.passwords.ask)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	password, err := a.freshPassword(ctx, fresh, o.noPassword)
	if err != nil {
		return err
	}
	defer clear(password)
	b, err := marshalSecret(s, keyMinisign, password)
	if err != nil {
		return err
	}
	defer clear(b)
	if err := atomicfile.WriteFile(path, b, atomicfile.Options{Mode: atomicfile.Secret, Replace: true}); err != nil {
		return err
	}
	if len(password) == 0 {
		a.note("%s has no password now", path)
		return nil
	}
	a.note("%s has a new password", path)
	return nil
}

func (a *app) freshPassword(ctx context.Context, fresh *passwords, none bool) ([]byte, error) {
	if none {
		return nil, nil
	}
	if !fresh.given() {
		return a.promptNewPassword(ctx)
	}
	pw, err := fresh.ask(ctx, "the key")
	if err == nil && len(pw) == 0 {
		err = usagef("--no-password drops the password", "the new password is empty")
	}
	return pw, err
}

func (a *app) keyPublicCommand() *cobra.Command {
	o := &convertOptions{}
	c := &cobra.Command{
		Use:     "public SECRET",
		Short:   "recreate the public half of a secret key",
		Example: "  sealwax key public me.key -o me.pub",
		Args:    cobra.ExactArgs(1),
		RunE: a.careful(func(ctx context.Context, args []string) error {
			s, err := a.signer(ctx, args[0], o.passwords)
			if err != nil {
				return err
			}
			b, err := marshalPublic(s.Public(), o.format)
			if err != nil {
				return err
			}
			if o.out == "" {
				_, err = a.out.Write(b)
				return err
			}
			if err := apart(o.out, args...); err != nil {
				return err
			}
			return a.emit(o.out, o.force, func(w output) error {
				_, err := w.Write(b)
				return err
			})
		}),
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", keyMinisign, "`FORMAT`: minisign, wasmsig, pem or ssh")
	f.StringVarP(&o.out, "output", "o", "", "write to `FILE` instead of standard output")
	f.BoolVar(&o.force, "force", false, "replace FILE if it is there")
	o.passwords = a.passwordFlags(f)
	return c
}
