// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sealwax/sealwax/key"
)

// lucetOptions are the spellings of lucetc, for scripts that have them.
type lucetOptions struct {
	verify, create, keygen bool
	publicKey, secretKey   string
}

func (o *lucetOptions) flags(f *pflag.FlagSet) {
	f.BoolVar(&o.verify, "signature-verify", false, "as Lucet has it: the source's signature is verified (it always is)")
	f.StringVar(&o.publicKey, "signature-pk", "", "as Lucet has it: -k `FILE`")
	f.BoolVar(&o.create, "signature-create", false, "as Lucet has it: sign what was compiled, with --signature-sk")
	f.StringVar(&o.secretKey, "signature-sk", "", "as Lucet has it: --sign-key `FILE`, raw:FILE without a password")
	f.BoolVar(&o.keygen, "signature-keygen", false, "as Lucet has it: make a key pair, in --signature-pk and --signature-sk, and do nothing else")
}

// apply puts Lucet's flags into the command's own.
func (o *lucetOptions) apply(c *compileOptions) error {
	switch {
	case o.verify && c.allowUnsigned:
		return usagef("", "--signature-verify and --allow-unsigned contradict each other")
	case o.create && o.secretKey == "":
		return usagef("--signature-sk FILE names the key", "--signature-create is given, and no key")
	case o.secretKey != "" && !o.create:
		return usagef("", "--signature-sk goes with --signature-create, or with --signature-keygen")
	case o.secretKey != "" && c.signKey != "":
		return usagef("", "--sign-key and --signature-sk both name the signing key")
	}
	if o.publicKey != "" { // a key that is given is held to, whether asked twice or not
		c.keys = append(slices.Clip(c.keys), o.publicKey)
	}
	if o.create {
		c.signKey = o.secretKey
	}
	return nil
}

// lucetKeygen makes a key pair as lucetc does: raw:FILE is the secret key in binary
// and without a password.
func (a *app) lucetKeygen(ctx context.Context, args []string, o *compileOptions) error {
	if len(args) > 0 || o.publicKey == "" || o.secretKey == "" {
		return usagef("sealwax compile --signature-keygen --signature-pk FILE --signature-sk FILE", "a key pair is made in two files, and nothing is compiled")
	}
	secretPath, raw := strings.CutPrefix(o.secretKey, prefixRaw)
	for _, path := range []string{secretPath, o.publicKey} {
		if path == stdout || path == "" {
			return usagef("", "a key pair is two files: name both")
		}
		if err := free(path, o.force); err != nil {
			return err
		}
	}
	if samePath(secretPath, o.publicKey) {
		return usagef("", "the secret and the public key would both be %s", o.publicKey)
	}
	k := &keygenOptions{format: keyMinisign, noPassword: raw, force: o.force, passwords: o.passwords}
	password, err := a.newPassword(ctx, k)
	if err != nil {
		return err
	}
	defer clear(password)
	write := marshalSecret
	if raw {
		write = marshalRaw
	}
	public, err := k.makePair(secretPath, o.publicKey, password, write)
	if err != nil {
		return err
	}
	if !o.quiet {
		a.say("secret key: %s (keep it, and keep it secret)", secretPath)
		a.say("public key: %s (%s)", o.publicKey, public)
	}
	return nil
}

// marshalRaw writes a secret key as [marshalSecret] does, in binary.
func marshalRaw(s *key.Secret, format string, password []byte) ([]byte, error) {
	text, err := marshalSecret(s, format, password)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	return binarySecret(text)
}

// binarySecret is what the second line of a minisign key file encodes.
func binarySecret(file []byte) ([]byte, error) {
	_, line, ok := bytes.Cut(bytes.TrimSpace(file), []byte("\n"))
	if !ok {
		return nil, errors.New("a minisign key file has two lines")
	}
	return base64.StdEncoding.AppendDecode(nil, line)
}
