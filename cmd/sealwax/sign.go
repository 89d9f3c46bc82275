// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust/publisher"
)

type signOptions struct {
	key, format, out, comment string
	meta                      []string
	embed, extensible, force  bool
	formatGiven               bool
	quiet                     bool
	passwords                 *passwords
}

func (a *app) signCommand() *cobra.Command {
	o := &signOptions{}
	c := &cobra.Command{
		Use:   "sign FILE...",
		Short: "sign files, or a module or a program inside itself",
		Long: `Sign writes FILE.minisig beside each FILE: a signature that every minisign tool reads.
With --embed the signature of a WebAssembly module or component goes inside a copy of it;
with --format wasmsig it is that signature, in a file of its own. The signature of native
code (ELF, PE, or compiled WebAssembly) goes to the end of the copy, which still runs; it
counts for those who trust the key with --native-key. Mach-O files, and PE files with an
Authenticode signature, are signed in a file beside them.

Without -k the key is minisign's own (~/.minisign/minisign.key), else rsign's.`,
		Example: `  sealwax sign release.tar.gz -k me.key
  sealwax sign app.wasm -k me.key -t "first stable release" --meta version=1.0.0
  sealwax sign --embed app.wasm -k me.key -o app.signed.wasm
  sealwax sign --embed app.wasm -k me.key -o app.signed.wasm --meta name=app,version=1.0.0,expires=365d
  sealwax sign --embed server -k native.key -o server.signed
  sealwax sign --format wasmsig app.wasm -k ssh-agent:SHA256:…`,
		Args: cobra.MinimumNArgs(1),
	}
	f := c.Flags()
	f.StringVarP(&o.key, "key", "k", "", "the secret `KEY`: a file, raw:FILE or ssh-agent:FINGERPRINT|COMMENT")
	f.StringVar(&o.format, "format", minisign.Name, "`FORMAT` of a detached signature: minisign or wasmsig")
	f.BoolVar(&o.embed, "embed", false, "put the signature into a copy of the module or program (needs -o)")
	f.BoolVar(&o.extensible, "extensible", false, "with --embed: leave room for further signed sections")
	f.StringVarP(&o.out, "output", "o", "", "write to `FILE` (- is standard output)")
	f.StringVarP(&o.comment, "trusted-comment", "t", "", "free `TEXT` that the signature covers (minisign)")
	f.StringArrayVar(&o.meta, "meta", nil, "statements that the signature covers: `k=v,...`")
	f.BoolVar(&o.force, "force", false, "replace the output if it is there")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing when all went well")
	o.passwords = a.passwordFlags(f)
	c.RunE = a.careful(func(ctx context.Context, args []string) error {
		o.formatGiven = f.Changed("format")
		if f.Changed("key") && o.key == "" {
			return usagef("is a variable unset?", "-k is given, and empty")
		}
		return a.sign(ctx, args, o)
	})
	return c
}

func (a *app) sign(ctx context.Context, files []string, o *signOptions) error {
	if err := o.check(files); err != nil {
		return err
	}
	statements, err := parseMeta(o.meta, a.now())
	if err != nil {
		return err
	}
	if err := o.checkStatements(files, statements); err != nil {
		return withCode(exitUsage, err)
	}
	// All that can be refused without a password is refused before one is asked.
	jobs, err := a.signJobs(ctx, files, o)
	if err != nil {
		return err
	}
	defer func() {
		for _, j := range jobs {
			_ = j.artifact.Close()
		}
	}()
	signer, err := a.signer(ctx, o.key, o.passwords)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		s := sealwax.SignOptions{Comment: o.comment, Fields: statements, Now: a.now(), Extensible: o.extensible}
		if err := a.signOne(ctx, j, signer, s, o); err != nil {
			return err
		}
	}
	return nil
}

func (o *signOptions) check(files []string) error {
	switch {
	case o.embed && o.out == "":
		return usagef("sealwax sign --embed FILE -k KEY -o OUT", "--embed writes a whole new file: say where with -o")
	case o.out != "" && len(files) > 1:
		return usagef("without -o each signature lies beside its file", "-o names one output, and %d files are given", len(files))
	case o.embed && o.formatGiven && o.format != wasmsig.Name && o.format != trailer.Name:
		return usagef("", "--embed writes the format %s, and into native code %s, and --format %s is given", wasmsig.Name, trailer.Name, o.format)
	case !o.embed && o.format != minisign.Name && o.format != wasmsig.Name:
		return usagef("", "--format %q: want minisign or wasmsig", o.format)
	case o.extensible && !o.embed:
		return usagef("", "--extensible goes with --embed")
	case o.comment != "" && (o.embed || o.format == wasmsig.Name):
		return usagef("--meta note=TEXT   puts a statement under a module's signature", "a signature inside a file has no room for a comment")
	case len(o.meta) > 0 && o.format == wasmsig.Name && !o.embed:
		return usagef("use --embed, or the minisign format", "a detached WebAssembly signature has no room for statements")
	}
	for _, f := range files {
		if f == source.Stdin && o.out == "" {
			return usagef("", "the signature of standard input needs a name: say where with -o")
		}
	}
	return nil
}

// checkStatements holds the comment and the statements to what the format can
// carry, before anything is opened.
func (o *signOptions) checkStatements(files []string, statements []sealwax.Field) error {
	if o.embed {
		if len(statements) == 0 {
			return nil
		}
		_, err := wasmsig.MarshalMeta(statements)
		return err
	}
	for _, f := range files {
		if o.format != minisign.Name {
			continue
		}
		if _, err := minisign.FormatComment(f, sealwax.SignOptions{Comment: o.comment, Fields: statements}); err != nil {
			return err
		}
	}
	return nil
}

type signJob struct {
	artifact *sealwax.Artifact
	out      string
}

// signJobs opens every file and checks every output, before anything is signed.
func (a *app) signJobs(ctx context.Context, files []string, o *signOptions) ([]signJob, error) {
	in, err := a.stdinFor("the file", files...)
	if err != nil {
		return nil, err
	}
	var jobs []signJob
	for _, path := range files {
		holding := source.Streamed
		if o.embed {
			holding = source.Held // what was hashed is what is written
		}
		artifact, err := source.Open(ctx, path, source.Options{Holding: holding, Stdin: in})
		if err != nil {
			return nil, err
		}
		if err := noDocument(artifact); err != nil {
			return nil, errors.Join(err, artifact.Close())
		}
		j := signJob{artifact: artifact, out: o.output(path)}
		jobs = append(jobs, j)
		if err := o.fits(artifact); err != nil {
			return nil, err
		}
		if err := o.spares(path, j.out); err != nil {
			return nil, err
		}
		if err := free(j.out, o.force); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// noDocument refuses what is a publisher's document or proposal, or begins as one:
// a signature on a file must never be taken for one on a document.
func noDocument(a *sealwax.Artifact) error {
	head := make([]byte, 64)
	n, err := a.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if publisher.Recognise(head[:n]) || publisher.RecogniseProposal(head[:n]) {
		return usagef("sealwax help publisher   lists what changes and signs it", "%s begins as a publisher's document, which sealwax publisher signs and nothing else", a.Name())
	}
	return nil
}

// spares keeps the output from taking the place of the key, or of the file that
// a detached signature is for.
func (o *signOptions) spares(path, out string) error {
	switch {
	case out == stdout:
	case o.key != "" && samePath(strings.TrimPrefix(o.key, prefixRaw), out):
		return usagef("", "the output %s is the key itself", out)
	case !o.embed && samePath(path, out):
		return usagef("", "the output %s is the file that is signed", out)
	}
	return nil
}

func (o *signOptions) output(path string) string {
	if o.out != "" {
		return o.out
	}
	return path + extensionOf(o.format)
}

func (o *signOptions) fits(a *sealwax.Artifact) error {
	if !o.embed && o.format != wasmsig.Name {
		return nil
	}
	e, err := embedderFor(a)
	if err != nil {
		return err
	}
	switch {
	case o.formatGiven && e.Name() != o.format:
		return withCode(exitNo, fmt.Errorf("%s holds signatures in the format %s, and --format %s is given", a.Name(), e.Name(), o.format))
	case e.Name() == trailer.Name && (len(o.meta) > 0 || o.extensible):
		return usagef("without --embed, a signature beside the file states what you like", "--meta and --extensible are for modules: a signature inside native code states what the code is, and nothing else")
	}
	return nil
}

// free reports an error if the output is there and may not be replaced.
func free(path string, force bool) error {
	if path == stdout || force {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("writing %s: %w", path, atomicfile.ErrExists)
	}
	return nil
}

func (a *app) signOne(ctx context.Context, j signJob, by key.Signer, s sealwax.SignOptions, o *signOptions) error {
	stop := a.follow("signing", j.artifact)
	defer stop()
	var err error
	if o.embed {
		err = a.embed(ctx, j, by, s, o)
	} else {
		err = a.signDetached(ctx, j, by, s, o)
	}
	stop()
	if err != nil {
		return workError(err)
	}
	if !o.quiet && j.out != stdout {
		a.say("%s: signed %s by %s", sealwax.Printable(j.out), sealwax.Printable(j.artifact.Name()), by.Public())
	}
	return nil
}

func (a *app) signDetached(ctx context.Context, j signJob, by key.Signer, s sealwax.SignOptions, o *signOptions) error {
	maker, err := makerFor(o.format)
	if err != nil {
		return err
	}
	v := a.selfChecker(by.Public(), sealwax.RoleRelease)
	if err := v.Prepare(ctx, j.artifact.Beside(), selfPolicy(sealwax.RoleRelease)); err != nil {
		return err
	}
	sig, err := maker.Make(ctx, j.artifact, by, s)
	if err != nil {
		return err
	}
	beside := j.artifact.Beside(sealwax.Companion{Name: "the new signature", Data: sig})
	if err := selfCheck(ctx, v, beside, sealwax.RoleRelease); err != nil {
		return err
	}
	if j.out == stdout && o.format == minisign.Name { // it is text
		_, err := a.out.Write(sig)
		return err
	}
	return a.emit(j.out, o.force, func(w output) error {
		_, err := w.Write(sig)
		return err
	})
}

// embed writes the signed file, and verifies what it wrote before it gets its name.
func (a *app) embed(ctx context.Context, j signJob, by key.Signer, s sealwax.SignOptions, o *signOptions) error {
	e, err := embedderFor(j.artifact)
	if err != nil {
		return err
	}
	return a.emitMode(j.out, atomicfile.Options{Mode: modeLike(j.artifact), Replace: o.force}, func(w output) error {
		if err := e.Embed(ctx, j.artifact, w, by, s); err != nil {
			return err
		}
		written, ok := w.(interface{ Written() *atomicfile.Written })
		if !ok {
			return errors.New("the output cannot be read back, and so not be checked")
		}
		made, err := sealwax.NewArtifact(j.out, written.Written(), nil)
		if err != nil {
			return err
		}
		role := sealwax.RoleRelease
		if e.Name() == trailer.Name {
			role = sealwax.RoleNative
		}
		return selfCheck(ctx, a.selfChecker(by.Public(), role), made, role)
	})
}

// selfChecker trusts the signing key and nobody else.
func (a *app) selfChecker(by key.Public, role sealwax.Role) *sealwax.Verifier {
	anchor := sealwax.Anchor{Key: by, Role: role, Origin: "the signing key"}
	return &sealwax.Verifier{Formats: format.All(), Trust: keyTrust([]sealwax.Anchor{anchor}), Now: a.now}
}

// selfPolicy asks for the one signature that was just made: whoever signs compiled
// code need not know who signed its source.
func selfPolicy(role sealwax.Role) *sealwax.Policy {
	p := sealwax.AnyOf(1, role)
	p.AnySource = true
	return p
}

// selfCheck asks the one road whether what was just signed would pass.
func selfCheck(ctx context.Context, v *sealwax.Verifier, made *sealwax.Artifact, role sealwax.Role) error {
	if _, err := v.Verify(ctx, made, selfPolicy(role)); err != nil {
		return fmt.Errorf("the new signature does not pass its own check, and is not written: %w", err)
	}
	return nil
}
