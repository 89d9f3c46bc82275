// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/gate/engine"
)

// EngineError says that compiled code is for another engine, or another version
// of it, than the one that is here. It is a refusal: engines promise nothing about
// code that another version of them made.
type EngineError struct {
	Artifact string          // the artifact's name
	Source   string          // name of what it was compiled from; may be empty
	Want     engine.Identity // which engine made it, by the compiler's word
	Have     engine.Identity // which engine is here
	denied   error
}

// Error says which engines they are, and that it has to be compiled again.
func (e *EngineError) Error() string {
	return sealwax.Printable(fmt.Sprintf("%s was compiled by %s, and the engine here is %s, which runs only what it compiled itself; compile it again: %s",
		e.Artifact, engineWords(e.Want), engineWords(e.Have), e.Command()))
}

// Command is the command line that compiles it again, for a POSIX shell: what stands
// in capitals is for the user to fill in.
func (e *EngineError) Command() string {
	source := e.Source
	if source == "" {
		source = strings.TrimSuffix(path.Base(e.Artifact), ".cwasm") + ".wasm"
	}
	return fmt.Sprintf("sealwax compile %s -k SOURCE-KEY --sign-key KEY --force -o %s", shellWord(source), shellWord(e.Artifact))
}

// shellWord quotes what a shell would take apart or act upon: names come from files.
func shellWord(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+@%,:"
	if s != "" && s[0] != '-' && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Unwrap is the [*sealwax.DeniedError] with the report.
func (e *EngineError) Unwrap() error { return e.denied }

func engineWords(i engine.Identity) string {
	if i.Engine == "" {
		return "an engine that its statement does not name"
	}
	words := strings.TrimSpace(i.Engine + " " + i.EngineVersion)
	if i.Binding != "" || i.Library != "" {
		words += " (binding " + i.Binding + ", library " + i.Library + ")"
	}
	return words
}

// stated reports whether the engine has what a statement says, if it says anything.
func stated(want, have string) bool { return want == "" || want == have }

// targetHere reports whether a target triple is this machine's, by its processor
// and its system: what else it says, the engine holds to account itself.
func targetHere(triple string) bool {
	cpu, rest, _ := strings.Cut(triple, "-")
	systems := map[string]string{"darwin": "darwin", "linux": "linux", "windows": "windows", "freebsd": "freebsd"}
	cpus := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}
	system, known := systems[runtime.GOOS]
	return known && cpu == cpus[runtime.GOARCH] && slices.Contains(strings.Split(rest, "-"), system)
}

// runCompiled verifies native code that was made of a module, and has its original
// bytes run by the engine that made it.
func (g *Gate) runCompiled(ctx context.Context, a *sealwax.Artifact, job engine.Job) (*sealwax.Report, engine.Result, error) {
	report, err := judgeNative(ctx, g.Demands, a, isCompiled)
	made := statement{}
	if err == nil {
		made, err = statementOf(report, a.Size())
	}
	if err != nil {
		return report, engine.Result{}, kept(g.Record, report, err)
	}
	result, asked, err := g.startCompiled(ctx, a, job, made, report)
	if !asked { // what kept it from being started is no part of the decision
		err = kept(g.Record, report, err)
	}
	return report, result, err
}

// startCompiled reports, besides, whether the decision has been kept.
func (g *Gate) startCompiled(ctx context.Context, a *sealwax.Artifact, job engine.Job, made statement, report *sealwax.Report) (_ engine.Result, asked bool, _ error) {
	held, err := heldBytes(a)
	if err != nil {
		return engine.Result{}, false, err
	}
	child := g.Child
	if child.Executable, err = g.helper(engine.Wasmtime); err != nil {
		return engine.Result{}, false, err
	}
	// The engine is held to the statement, and the decision kept, when the engine has
	// said who it is and has got nothing yet.
	child.Admit = func(have engine.Identity) error {
		asked = true
		return kept(g.Record, report, made.fits(have, report))
	}
	// What is run is what was verified, whatever else the job brings.
	job.Form, job.Size, job.Known, job.Keep = engine.FormCompiled, made.length, nil, nil
	result, err := child.Run(ctx, job, held)
	return result, asked, err
}

func (g *Gate) helper(name string) (string, error) {
	if g.Helper == nil {
		return engine.Find(name, func(string) string { return "" })
	}
	return g.Helper(name)
}

// isCompiled reports whether a claim is a compiler's, and says what the code was made
// from. A rebuild is asked for by looking at an artifact, and never by running it.
func isCompiled(c *sealwax.Claim) bool {
	return isNative(c, sealwax.KindCompiled) && !c.From.IsZero()
}

// statement is what is stated of compiled code that the gate acts upon.
type statement struct {
	length                int64
	engine, engineVersion string
	binding, library      string
	target                string
	source                string
}

// statementOf is what everybody who vouches for the code states of it. Two that
// state different things leave nothing to act upon.
func statementOf(report *sealwax.Report, size int64) (statement, error) {
	var first *statement
	for _, r := range report.All() {
		for _, c := range r.Counted {
			if !isCompiled(c) {
				continue
			}
			s := statement{
				engine: one(c, fieldEngine), engineVersion: one(c, fieldEngineVersion), binding: one(c, fieldBinding),
				library: one(c, fieldLibrary), target: one(c, fieldTarget), source: c.From.Name,
			}
			n, err := strconv.ParseInt(one(c, fieldLength), 10, 64)
			if err != nil { // mutate:skip what cannot be read is 0, or larger than any file
				n = 0
			}
			if n <= 0 || n >= size { // a trailer follows
				return statement{}, refuse(report, sealwax.CodeMetadataInvalid, "%s states no length that the code can have", c.Source)
			}
			s.length = n
			if first == nil {
				first = &s
			} else if *first != s {
				return statement{}, refuse(report, sealwax.CodeMetadataInvalid, "those who vouch for it state different engines or sources")
			}
		}
	}
	if first == nil {
		return statement{}, refuse(report, sealwax.CodeSignerRole, "nobody vouches for the code")
	}
	return *first, nil
}

// fits holds the engine to the statement: "the exact engine version".
func (s statement) fits(have engine.Identity, report *sealwax.Report) error {
	if s.target != "" && !targetHere(s.target) {
		return refuse(report, sealwax.CodeEngineVersion, "it was compiled for %s, and this is %s on %s: run it there, or compile the module here", s.target, runtime.GOOS, runtime.GOARCH)
	}
	exact := s.engine != "" && s.engineVersion != "" && have.Engine == s.engine && have.EngineVersion == s.engineVersion
	if exact && stated(s.binding, have.Binding) && stated(s.library, have.Library) {
		return nil
	}
	e := &EngineError{
		Artifact: report.Artifact.Name, Source: s.source, Have: have,
		Want: engine.Identity{Engine: s.engine, EngineVersion: s.engineVersion, Binding: s.binding, Library: s.library},
	}
	e.denied = refuse(report, sealwax.CodeEngineVersion, "%s", e.Error())
	return e
}
