// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/trust/publisher"
)

type approveOptions struct {
	root, secrets, signatures []string
	document, digest          string
	show                      bool
	passwords                 *passwords
}

func (a *app) publisherApproveCommand() *cobra.Command {
	o := &approveOptions{}
	c := &cobra.Command{
		Use:   "approve FILE.publisher --root SECRET|--key SECRET|--signature SIG",
		Short: "sign a document that somebody proposed",
		Long: `Approve adds your signature to FILE.publisher.proposal. Look at it first: --show prints the
document and its digest, and --digest signs just that one. With --document FILE it writes the document's text and the minisign command that signs it;
--signature SIG then adds what minisign wrote.`,
		Example: `  sealwax publisher approve acme.publisher --show
  sealwax publisher approve acme.publisher --root b.key --digest sha256:…
  sealwax publisher approve acme.publisher --root ssh-agent:SHA256:…
  sealwax publisher approve acme.publisher --signature 0003.document.minisig`,
		Args: cobra.ExactArgs(1),
	}
	f := c.Flags()
	f.StringArrayVar(&o.root, "root", nil, "a root `SECRET`; repeats")
	f.StringArrayVar(&o.secrets, "key", nil, "the `SECRET` of a key that is listed for the first time; repeats")
	f.StringArrayVar(&o.signatures, "signature", nil, "a minisign signature of the document: `SIG`; repeats")
	f.StringVar(&o.document, "document", "", "write the document's text to `FILE`, and print the minisign command")
	f.StringVar(&o.digest, "digest", "", "sign only the document that --show showed: `sha256:HEX`")
	f.BoolVar(&o.show, "show", false, "print the document, and sign nothing")
	o.passwords = a.passwordFlags(f)
	c.RunE = a.careful(func(ctx context.Context, args []string) error { return a.approve(ctx, args[0], o) })
	return c
}

func (a *app) approve(ctx context.Context, file string, o *approveOptions) error {
	d, err := a.readProposal(file)
	if err != nil {
		return err
	}
	before, err := d.Marshal() // is the file: a proposal has one text
	if err != nil {
		return draftError(err)
	}
	text, err := d.Text()
	if err != nil {
		return draftError(err)
	}
	switch {
	case o.show:
		if _, err := a.out.Write(text); err != nil { // its grammar has nothing that a terminal acts on
			return err
		}
		a.hint("to sign just this: sealwax publisher approve %s --digest %s --root SECRET", shellWord(file), publisher.Digest(text))
		return nil
	case o.digest != "" && o.digest != publisher.Digest(text):
		return &exitError{
			code: exitNo, err: fmt.Errorf("%s proposes another document now: %s", proposalOf(file), publisher.Digest(text)),
			hint: "look at it: sealwax publisher approve " + shellWord(file) + " --show",
		}
	case o.document != "":
		if err := atomicfile.WriteFile(o.document, text, atomicfile.Options{Mode: atomicfile.Public}); err != nil {
			return err
		}
		return a.sayMinisign(d, o.document)
	case len(o.root)+len(o.secrets)+len(o.signatures) == 0:
		return usagef("sealwax publisher approve FILE --show   prints it", "--root, --key or --signature says whose approval it is, and none is given")
	}
	for _, path := range o.signatures {
		sig, err := readFileUpTo(path, key.MaxPublicBytes)
		if err != nil {
			return err
		}
		if err := d.AddSignature(sig); err != nil {
			return withCode(exitNo, fmt.Errorf("%s: %w", path, err))
		}
	}
	signers, err := a.signers(ctx, slices.Concat(o.root, o.secrets), o.passwords)
	if err != nil {
		return err
	}
	if err := signDraft(ctx, d, signers...); err != nil {
		return err
	}
	if err := stillIs(proposalOf(file), before); err != nil {
		return err
	}
	a.say("approved document %d: %s", d.Document().Sequence, publisher.Digest(text))
	return a.putDraft(d, file, true)
}

// stillIs refuses to write over a proposal that somebody else has signed while a
// password was typed: their signature would be lost.
func stillIs(path string, before []byte) error {
	now, err := readFileUpTo(path, publisher.MaxChainBytes)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, before) {
		return &exitError{code: exitUndecided, err: fmt.Errorf("%s was changed by somebody else meanwhile, and is left as it is", path), hint: "run the command again"}
	}
	return nil
}

// readProposal reads what is proposed for a publisher's file, which must be for
// just that file: its newest document is the one that the proposal follows.
func (a *app) readProposal(file string) (*publisher.Draft, error) {
	path := proposalOf(file)
	data, err := readFileUpTo(path, publisher.MaxChainBytes)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usagef("sealwax publisher propose "+shellWord(file)+" …   begins one", "nothing is proposed for %s: there is no %s", file, path)
	}
	if err != nil {
		return nil, err
	}
	d, err := publisher.ParseProposal(data)
	if err != nil {
		return nil, ruleError(path, err)
	}
	chain, err := a.readPublisher(file)
	if d.Base() == nil && errors.Is(err, os.ErrNotExist) {
		return d, nil // it begins the publisher
	}
	if err != nil {
		return nil, err
	}
	if base := d.Base(); base == nil || base.HeadDigest() != chain.HeadDigest() {
		return nil, usagef("propose it anew", "%s follows another document than the newest in %s", path, file)
	}
	return d, nil
}
