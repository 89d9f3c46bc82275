// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

func (a *app) trustImportCommand() *cobra.Command {
	o := &trustAddOptions{}
	c := &cobra.Command{
		Use:   "import FILE|DIR|URL",
		Short: "pin many: an export, authorized_keys, a .keys URL, a folder of .pub files",
		Long: `Import reads what sealwax trust export wrote, or pins every key of a list: authorized_keys, what a
forge serves at https://HOST/USER.keys (fetched once: what it serves tomorrow is nothing to you),
or the .pub files in a folder. Keys of other kinds than Ed25519 are skipped, with a note. Keys are
called after their comments, else after the file; --for and --role hold for each. What is pinned
already stays as it is. If one name is taken by somebody else, nothing is imported.`,
		Example: `  sealwax trust import trust.txt
  sealwax trust import ~/.ssh/authorized_keys --for 'deploy-*.tar.gz' --dry-run
  sealwax trust import https://github.com/alice.keys --name alice --for '*.wasm'`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.trustImport(c.Context(), args[0], o) },
	}
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "what to call keys without a comment: `NAME`, NAME-2 …")
	f.StringArrayVar(&o.patterns, "for", nil, "the files they may sign: `PATTERN`; repeats")
	f.StringVar(&o.role, "role", string(sealwax.RoleRelease), "what they may sign: `ROLE`, release or native")
	dryRunFlag(c, &o.dryRun)
	return c
}

func (a *app) trustImport(ctx context.Context, arg string, o *trustAddOptions) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	e, err := a.importable(ctx, arg, o)
	if err != nil {
		return err
	}
	return a.importAll(ctx, store, e, o.dryRun)
}

// importable is what an argument holds, as pins and blocks.
func (a *app) importable(ctx context.Context, arg string, o *trustAddOptions) (*trust.Export, error) {
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		return a.importFolder(ctx, arg, o)
	}
	data, err := a.importData(ctx, arg)
	if err != nil {
		return nil, err
	}
	if trust.IsExport(data) {
		if len(o.patterns) > 0 || o.name != "" {
			return nil, usagef("", "%s says itself what each pin is for: --for and --name are for lists of keys", shownArg(arg))
		}
		e, err := trust.ParseExport(data)
		if err != nil {
			return nil, withCode(exitUsage, fmt.Errorf("%s: %w", shownArg(arg), err))
		}
		return e, nil
	}
	if publisher.Recognise(data) {
		return nil, usagef("sealwax trust add FILE.publisher --for PATTERN", "%s is a publisher's file, which is pinned by itself", shownArg(arg))
	}
	keys, err := a.listedKeys(shownArg(arg), data)
	if err != nil {
		return nil, err
	}
	base := o.name
	if base == "" {
		base = baseName(arg)
	}
	return a.pinsOf(keys, base, o)
}

// importData is what [app.fetchOrRead] gives, save that an export may be larger.
func (a *app) importData(ctx context.Context, arg string) ([]byte, error) {
	switch {
	case isURL(arg):
		return a.fetchURL(ctx, arg, trust.MaxExportBytes)
	case arg == source.Stdin:
		return a.fetchOrRead(ctx, arg)
	}
	return readFileUpTo(arg, trust.MaxExportBytes)
}

// baseName is what a list of keys is called.
func baseName(arg string) string {
	name := filepath.Base(arg)
	if isURL(arg) {
		address, _, _ := strings.Cut(arg, "#")
		address, _, _ = strings.Cut(address, "?")
		name = path.Base(address)
	}
	return strings.TrimSuffix(strings.TrimSuffix(name, ".keys"), ".pub")
}

// maxImported is how many .pub files of a folder are read.
const maxImported = 10_000

func (a *app) importFolder(_ context.Context, dir string, o *trustAddOptions) (*trust.Export, error) {
	files, err := filepath.Glob(filepath.Join(globEscaped(dir), "*.pub"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 || len(files) > maxImported {
		return nil, usagef("", "%s holds %d files called *.pub, and 1 to %d are imported", dir, len(files), maxImported)
	}
	e := &trust.Export{}
	var skipped []error // as in a list of keys: kinds that are not read keep nobody else out
	for _, file := range files {
		data, err := readFileUpTo(file, key.MaxPublicBytes)
		if err != nil {
			return nil, err
		}
		keys, err := a.listedKeys(file, data)
		if errors.Is(err, key.ErrUnsupported) {
			skipped = append(skipped, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range keys {
			keys[i].Comment = "" // the file's name says more than what tools write
		}
		pins, err := a.pinsOf(keys, baseName(file), o)
		if err != nil {
			return nil, err
		}
		e.Known = append(e.Known, pins.Known...)
	}
	if len(e.Known) == 0 && len(skipped) > 0 {
		return nil, skipped[0]
	}
	a.noteSkipped(skipped)
	return e, nil
}

// noteSkipped says what of a folder is not taken, and why.
func (a *app) noteSkipped(why []error) {
	shown := why[:min(len(why), maxFindingsShown)]
	for _, err := range shown {
		a.note("skipped %s", err.Error())
	}
	if more := len(why) - len(shown); more > 0 {
		a.note("and %d more", more)
	}
}

// globEscaped is a folder's path in a pattern for file names.
func globEscaped(dir string) string {
	if os.PathSeparator == '\\' {
		return dir // there \ divides, and nothing can be escaped
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// pinsOf is a pin for each key.
func (a *app) pinsOf(keys []key.ListedKey, base string, o *trustAddOptions) (*trust.Export, error) {
	e := &trust.Export{}
	taken := map[string]bool{}
	for _, k := range keys {
		if strings.HasPrefix(k.Comment, "minisign ") {
			k.Comment = "" // what tools write by themselves is no name
		}
		pin, err := a.newPin(o)
		if err != nil {
			return nil, err
		}
		pin.Key, pin.Name = k.Public, freeName(pinName(k.Comment, base), taken)
		if err := trust.CheckPinName(pin.Name); err != nil {
			return nil, &exitError{code: exitUsage, err: err, hint: "choose one with --name"}
		}
		taken[pin.Name] = true
		e.Known = append(e.Known, trust.Known{Pin: pin})
	}
	return e, nil
}

// pinName makes a comment a pin's name: alice@laptop is alice-laptop.
func pinName(comment, base string) string {
	for _, s := range []string{comment, base} {
		name := strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_':
				return r
			case r >= 'A' && r <= 'Z':
				return r - 'A' + 'a'
			}
			return '-'
		}, s)
		name = strings.Trim(name[:min(len(name), 56)], "-._") // room for a number
		if name != "" {
			return name
		}
	}
	return ""
}

// freeName is the name, or the name with the first number that is free.
func freeName(name string, taken map[string]bool) string {
	out := name
	for n := 2; taken[out]; n++ {
		out = fmt.Sprintf("%s-%d", name, n)
	}
	return out
}

// importAll adds what is not there yet, after a look at all of it.
func (a *app) importAll(ctx context.Context, store *trust.Store, e *trust.Export, dryRun bool) error {
	var add []trust.Known
	for _, k := range e.Known {
		if slices.ContainsFunc(add, func(o trust.Known) bool { return says(o.Pin, k.Pin) }) {
			a.say("listed twice: %s: %s", k.Pin.Name, k.Pin.Identity())
			continue
		}
		there, is, err := same(ctx, store, k.Pin)
		if err != nil {
			return err
		}
		if is {
			a.say("pinned already: %s for %s: %s", there.Name, strings.Join(patterns(there), ", "), there.Identity())
			if err := a.importNews(ctx, store, there.Name, k.Chain, dryRun); err != nil {
				return err
			}
			continue
		}
		add = append(add, k)
	}
	for _, k := range add {
		if err := a.pinIt(ctx, store, k.Pin, k.Chain, dryRun); err != nil {
			return err
		}
	}
	for _, b := range e.Blocks {
		if err := a.importBlock(ctx, store, b, dryRun); err != nil {
			return err
		}
	}
	return nil
}

// says reports whether two pins say the same, whatever they are called.
func says(a, b trust.Pin) bool {
	return a.Identity() == b.Identity() && a.Role == b.Role && slices.Equal(a.For, b.For)
}

// importNews takes note of documents that are newer than those known here.
func (a *app) importNews(ctx context.Context, store *trust.Store, name string, chain *publisher.Chain, dryRun bool) error {
	if chain == nil {
		return nil
	}
	return a.advance(ctx, store, name, chain, dryRun)
}

// same is the pin that keeps one of the same identity from being added: under its
// name, or saying the same under another. That its name is somebody else's is an
// error.
func same(ctx context.Context, store *trust.Store, pin trust.Pin) (there trust.Pin, is bool, err error) {
	refusal := store.CheckAdd(ctx, pin)
	if !errors.Is(refusal, trust.ErrPinExists) {
		return there, false, refusal
	}
	there, err = store.Get(ctx, pin.Name)
	switch {
	case err == nil && there.Identity() == pin.Identity():
		return there, true, nil
	case err == nil:
		return there, false, refusal
	case !errors.Is(err, trust.ErrNoPin):
		return there, false, err
	}
	pins, err := store.List(ctx)
	if err != nil {
		return there, false, err
	}
	i := slices.IndexFunc(pins, func(p trust.Pin) bool { return p.Identity() == pin.Identity() && p.Role == pin.Role })
	if i < 0 {
		return there, false, refusal // removed meanwhile
	}
	return pins[i], true, nil
}

func (a *app) importBlock(ctx context.Context, store *trust.Store, b trust.Block, dryRun bool) error {
	_, is, err := store.BlockOf(ctx, b.What)
	switch {
	case err != nil:
		return err
	case is:
		a.say("blocked already: %s", b.What)
		return nil
	case dryRun:
		a.say("would block %s", b.What)
		return nil
	}
	if err := store.AddBlock(ctx, b); err != nil {
		return err
	}
	a.say("blocked %s", b.What)
	return nil
}
