// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"

	"github.com/spf13/pflag"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/gate/choose"
	"github.com/sealwax/sealwax/internal/folders"
	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust"
	"github.com/sealwax/sealwax/trust/publisher"
)

// policyOptions are the flags that say what it takes, the same at every door.
type policyOptions struct {
	keys           []string
	nativeKeys     []string
	policy         string
	threshold      int
	coverage       string
	allowUncovered string
	kind           string
	require        []string
	allowLegacy    bool
}

func (o *policyOptions) flags(f *pflag.FlagSet) {
	keyFlag(f, &o.keys)
	f.StringVarP(&o.policy, "policy", "p", "", "what it takes is written in `FILE`, instead of your own policy")
	f.IntVar(&o.threshold, "threshold", 1, "how many different signers it takes: `N`")
	f.StringVar(&o.kind, "kind", "", "demand a `KIND`: module, component, compiled, program or file")
	f.StringArrayVar(&o.require, "require", nil, "demand signed statements: `NAME[=VALUE],...`")
	f.BoolVar(&o.allowLegacy, "allow-legacy", false, "accept minisign's legacy signatures of files")
}

// nativeFlags adds --native-key, for doors that native code may pass.
func (o *policyOptions) nativeFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.nativeKeys, nativeKeyFlag, nil, "a public `KEY` of who may have made native code, in the forms of -k; repeats")
}

// nativeKeyFlag says who may have made native code.
const nativeKeyFlag = "native-key"

// given turns the flags into what the one road asks for.
func (o *policyOptions) given() (*sealwax.Policy, error) {
	p := sealwax.AnyOf(o.threshold, sealwax.RoleRelease)
	p.AllowLegacy = o.allowLegacy
	if o.threshold < 1 {
		return nil, usagef("", "--threshold %d: it takes at least one signer", o.threshold)
	}
	switch o.coverage {
	case "whole", "": // the run gate has no such flag: it takes nothing less
	case "prefix":
		p.Prefix = true
	default:
		return nil, usagef("", "--coverage %q: want whole or prefix", o.coverage)
	}
	if o.allowUncovered == "" {
		return p, nil
	}
	if !p.Prefix {
		return nil, usagef("", "--allow-uncovered goes with --coverage prefix")
	}
	var err error
	if p.AllowUncovered, err = regexp.Compile(o.allowUncovered); err != nil {
		return nil, usagef("", "--allow-uncovered: %w", err)
	}
	return p, nil
}

// loosens names a flag that says what a policy says, and is given.
func (o *policyOptions) loosens() string {
	switch {
	case o.threshold != 1:
		return "--threshold"
	case o.coverage == "prefix":
		return "--coverage"
	case o.allowLegacy:
		return "--allow-legacy"
	}
	return ""
}

// decider answers for the artifacts of one call.
type decider struct {
	chooser choose.Chooser
	log     decisionLogs
	gate    string // "verify", "run", gateExec
}

// gateExec is the door of programs: only who may make native code is asked.
const gateExec = "exec"

// decider is what the flags, the pins and the policies demand together. alone is
// somebody who replaces the pins: a pinned name, or who was offered; may be nil.
func (a *app) decider(ctx context.Context, gate string, o *policyOptions, alone sealwax.Trust) (*decider, error) {
	given, err := o.given()
	if err != nil {
		return nil, err
	}
	if gate == gateExec {
		if len(o.keys) > 0 {
			return nil, usagef("sealwax exec --native-key KEY PROGRAM", "-k vouches for sources, and a program is native code")
		}
		given.Need.Role = sealwax.RoleNative
	}
	d := &decider{gate: gate, chooser: choose.Chooser{Formats: format.All(), Now: a.now, Trust: alone}}
	if d.chooser.Tighten.Kind, err = parseKind(o.kind); err != nil {
		return nil, err
	}
	if d.chooser.Tighten.Require, err = parseRequire(o.require); err != nil {
		return nil, err
	}
	if len(o.keys) > 0 {
		anchors, err := a.anchors(ctx, o.keys, sealwax.RoleRelease, "-k")
		if err != nil {
			return nil, err
		}
		d.chooser.Trust = keyTrust(anchors)
	}
	if len(o.nativeKeys) > 0 {
		anchors, err := a.anchors(ctx, o.nativeKeys, sealwax.RoleNative, "--"+nativeKeyFlag)
		if err != nil {
			return nil, err
		}
		d.chooser.Native = keyTrust(anchors)
	}
	if d.chooser.Store, err = a.store(); err != nil {
		return nil, err
	}
	if err := a.policies(o, &d.chooser); err != nil {
		return nil, err
	}
	ruled := d.chooser.System != nil || d.chooser.User != nil
	named := d.chooser.Trust != nil || d.chooser.Native != nil
	if flag := o.loosens(); ruled && !named && flag != "" {
		return nil, usagef("write it into the policy's rule", "%s is given, and a policy decides here", flag)
	}
	if !ruled || named {
		d.chooser.Given = given
	}
	d.log, err = a.decisionLogs(&d.chooser)
	d.chooser.Digests = len(d.log) > 0
	return d, err
}

func keyTrust(anchors []sealwax.Anchor) sealwax.Trust { return trust.Keys(anchors) }

// store is whom the user knows.
func (a *app) store() (*trust.Store, error) {
	config, err := folders.Config(a.getenv)
	if err != nil {
		return nil, fmt.Errorf("finding the configuration folder: %w", err)
	}
	state, err := folders.State(a.getenv)
	if err != nil {
		return nil, fmt.Errorf("finding the state folder: %w", err)
	}
	return trust.OpenStore(config, state), nil
}

// policyName is the file of a policy, in the system's folder and in the user's.
const policyName = "policy.toml"

// systemFolder is where the system's administrator says what it takes. Nothing on
// a command line or in the environment moves it, which on Windows is why it is
// not asked of a variable either.
func systemFolder() string {
	if runtime.GOOS == "windows" {
		return `C:\ProgramData\sealwax`
	}
	return "/etc/sealwax"
}

// policies reads the system's policy and the user's, or what -p names.
func (a *app) policies(o *policyOptions, c *choose.Chooser) error {
	var err error
	if c.System, err = standing(filepath.Join(a.system, policyName)); err != nil {
		return err
	}
	if o.policy != "" {
		c.User, err = readPolicy(o.policy)
		return err
	}
	dir, err := folders.Config(a.getenv)
	if err != nil {
		return fmt.Errorf("finding the configuration folder: %w", err)
	}
	c.User, err = standing(filepath.Join(dir, policyName))
	return err
}

// standing reads a policy that is there without being named, or is not: then it
// imposes nothing. One that is there and cannot be used decides nothing either way.
func standing(path string) (*policy.File, error) {
	if err := safefile.CheckFolder(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, withCode(exitUndecided, err) // who may write in it may remove it
	}
	f, err := policy.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, withCode(exitUndecided, err)
	}
	return f, nil
}

// subject is what pins and rules are matched against: the name that was typed. A
// stream has none.
func subject(path string) string {
	if path == source.Stdin {
		return ""
	}
	return trust.FileSubject(path)
}

// demands are what the artifact at a path has to meet.
func (d *decider) demands(ctx context.Context, path string, artifact *sealwax.Artifact) (sealwax.Demands, error) {
	return d.chooser.Demands(ctx, subject(path), artifact)
}

// besideName is what the publisher's file beside an artifact is called.
const besideName = ".publisher"

// learn takes note of the publisher's file beside an artifact, ARTIFACT.publisher.
// One that contradicts what is known of a publisher is a refusal. The decider that
// it gives is for this artifact: others may be judged at the same time.
func (d *decider) learn(ctx context.Context, path string, artifact *sealwax.Artifact) (*decider, *sealwax.Report, error) {
	own := *d
	data, err := besideOf(path)
	if err == nil && data != nil {
		err = own.chooser.Learn(ctx, data)
	}
	if coded := (*sealwax.CodedError)(nil); errors.As(err, &coded) {
		report, err := sealwax.Refuse(path, artifact, coded.Code, err.Error())
		return &own, report, err
	}
	if err != nil {
		return &own, sealwax.NewUndecided(path, err), err
	}
	return &own, nil, nil
}

// besideOf is the publisher's file beside an artifact; nil if there is none.
func besideOf(path string) ([]byte, error) {
	if path == source.Stdin {
		return nil, nil
	}
	info, err := os.Stat(path + besideName)
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil //nolint:nilerr // it need not be there
	}
	return readFileUpTo(path+besideName, publisher.MaxChainBytes)
}

// ask is what the artifact at a path has to meet, the publisher's file beside it
// taken note of. The report is there if there is an error: it is the answer then,
// refused or undecided, and has been kept.
func (d *decider) ask(ctx context.Context, path string, artifact *sealwax.Artifact) (sealwax.Demands, *sealwax.Report, error) {
	own, report, err := d.learn(ctx, path, artifact)
	if err == nil {
		var demands sealwax.Demands
		if demands, err = own.demands(ctx, path, artifact); err == nil {
			return demands, nil, nil
		}
		report = sealwax.NewUndecided(path, err)
	}
	report, err = d.kept(path, report, err)
	return nil, report, err
}

// decide is the one road, and the record of the answer.
func (d *decider) decide(ctx context.Context, path string, artifact *sealwax.Artifact) (*sealwax.Report, error) {
	demands, report, err := d.ask(ctx, path, artifact)
	if err != nil {
		return report, err
	}
	report, err = demands.Verify(ctx, artifact)
	return d.kept(path, report, err)
}

// kept is an answer that has been written down where that is configured. One that
// could not be is none.
func (d *decider) kept(path string, report *sealwax.Report, err error) (*sealwax.Report, error) {
	if unkept := d.keep(report); unkept != nil {
		return sealwax.NewUndecided(path, unkept), unkept
	}
	return report, err
}

// keep writes the answer down where that is configured.
func (d *decider) keep(report *sealwax.Report) error { return d.log.keep(d.gate, report) }
