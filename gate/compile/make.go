// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// Made is what came of compiling.
type Made struct {
	// Statement is what was signed of it; of unsigned output, what would have been,
	// as far as it is known without a signer.
	Statement trailer.Statement
	// Signed says that it has a trailer, by the gate's Signer.
	Signed bool
	// Carried are the signatures on the source in it.
	Carried []trailer.Carried
	// Size is that of all that was written, in bytes, and Digest what
	// `sealwax digest` prints of it.
	Size   int64
	Digest string
}

// ErrNotCarried is wrapped when the signatures that a source passed by prove
// nothing without its bytes, so that what was made of it could pass nowhere.
var ErrNotCarried = errors.New("the source's signatures cannot be carried along")

// Compile is [Gate.Judge] and, if that allows, [Passed.Make]. The report is never
// nil; nothing is written to w unless the error is nil.
func (g *Gate) Compile(ctx context.Context, a *sealwax.Artifact, job engine.CompileJob, w io.Writer) (*sealwax.Report, *Made, error) {
	passed, report, err := g.Judge(ctx, a)
	if err != nil {
		return report, nil, err
	}
	made, err := passed.Make(ctx, job, w)
	return report, made, err
}

// Make compiles the very bytes that passed, as job says (its Size is set here), and
// writes what came of it to w: with a Signer in a trailer with its statement and
// with the signatures on the source, which passed the one road once more before
// the first byte of it is written.
func (p *Passed) Make(ctx context.Context, job engine.CompileJob, w io.Writer) (*Made, error) {
	if p.gate.Signer != nil {
		if err := p.Carries(); err != nil {
			return nil, err
		}
	}
	code, translation, err := p.compile(ctx, job)
	if err != nil {
		return nil, err
	}
	defer func() { _ = code.Code.Close() }()
	made := &Made{Statement: p.statement(code, translation)}
	if p.gate.Signer == nil {
		return made, p.writeUnsigned(ctx, code.Code, made, w)
	}
	made.Signed, made.Carried = true, p.carried()
	signed, err := p.sign(ctx, code.Code, made)
	if err != nil {
		return nil, err
	}
	defer func() { _ = signed.Close() }()
	if err := p.check(ctx, signed, made); err != nil {
		return nil, fmt.Errorf("what was made does not pass its own check, and is not written: %w", err)
	}
	return made, write(w, signed)
}

// compile has the bytes that passed compiled, and translated first if they are text.
func (p *Passed) compile(ctx context.Context, job engine.CompileJob) (code *engine.Compiled, translation string, err error) {
	module, job := p.held, job
	job.Size = 0
	if p.text {
		module, err = p.gate.Child.Translate(ctx, p.held)
		if err != nil {
			return nil, "", fmt.Errorf("translating the text: %w", err)
		}
		defer func() { _ = module.Close() }()
		if translation, err = p.sums(ctx, module); err != nil {
			return nil, "", err
		}
	}
	code, err = p.gate.Child.Compile(ctx, job, module)
	if err != nil {
		return nil, "", fmt.Errorf("compiling: %w", err)
	}
	return code, translation, nil
}

// sums are the digests of a module that was translated from text.
func (p *Passed) sums(ctx context.Context, module *sealedmem.File) (string, error) {
	a, err := sealwax.NewArtifact(p.source.Name, module, nil)
	if err != nil {
		return "", err
	}
	if a.Kind() != sealwax.KindModule {
		return "", &NotModuleError{Kind: a.Kind()}
	}
	remember := (&sealwax.Verifier{Formats: formatsOf(p.gate.Demands)}).Remember(a)
	if err := a.Read(ctx); err != nil {
		return "", err
	}
	what, err := remember()
	return what.Sums, err
}

// statement is what is said of the code. Its bytes and the signer are added when it
// is signed.
func (p *Passed) statement(c *engine.Compiled, translation string) trailer.Statement {
	s := trailer.Statement{
		Kind: trailer.KindCompiled, Tool: p.gate.Tool, Time: p.gate.now().UTC().Truncate(time.Second),
		Source: p.source, Verified: p.verified, Translation: translation,
		Engine: c.Engine, EngineVersion: c.EngineVersion, Binding: c.Binding, Library: c.Library,
		Target: c.Target, CPU: c.CPU, OptLevel: c.OptLevel, Features: c.Features,
	}
	s.Source.Name = stated(s.Source.Name)
	if p.verified { // nobody covers what is stated in a source that nobody signed
		s.SourceMeta = p.meta
	}
	return s
}

// maxStatedName is the longest name of a source that is stated, in bytes.
const maxStatedName = 255

// stated is the source's name, or none where a statement could not hold it: names
// can be anything, and are never what a source is known by.
func stated(name string) string {
	if len(name) > maxStatedName || minisign.CheckTrusted(name) != nil {
		return sealwax.Nameless
	}
	return name
}

func (g *Gate) now() time.Time {
	if g.Now == nil {
		return time.Now() //nolint:forbidigo // the documented default of Gate.Now
	}
	return g.Now()
}

// counted are the claims that the source passed by. A source that is not verified
// passed by none.
func (p *Passed) counted() []*sealwax.Claim {
	if !p.verified {
		return nil
	}
	var out []*sealwax.Claim
	for _, r := range p.reports {
		out = append(out, r.Counted...)
	}
	return out
}

// carriable are those of the claims whose signatures prove something without the
// source.
func carriable(claims []*sealwax.Claim) []*sealwax.Claim {
	return slices.DeleteFunc(slices.Clone(claims), func(c *sealwax.Claim) bool { return c.Carry == nil })
}

// carried are the signatures to carry along, each once.
func (p *Passed) carried() []trailer.Carried {
	var out []trailer.Carried
	for _, c := range carriable(p.counted()) {
		same := func(o trailer.Carried) bool { return bytes.Equal(o.Data, c.Carry) }
		if !slices.ContainsFunc(out, same) {
			out = append(out, trailer.Carried{Format: c.Format, Data: c.Carry})
		}
	}
	return out
}

// Carries reports whether the signatures that can be carried along meet, by
// themselves, what the source had to meet: otherwise it wraps [ErrNotCarried], and
// what is made of it can be written unsigned only. A source that is not verified
// carries nothing, and says so.
func (p *Passed) Carries() error {
	if !p.verified {
		return nil
	}
	for _, r := range p.reports {
		if _, ok := r.Quorum.Met(carriable(r.Counted)); ok {
			continue
		}
		var whose []string
		for _, c := range r.Counted {
			if c.Carry == nil {
				whose = append(whose, sealwax.Printable(c.Source))
			}
		}
		return fmt.Errorf("%w: %s can only be checked against the source itself (a legacy signature); have the source signed anew, with sealwax sign or with a minisign that hashes first (-H)",
			ErrNotCarried, strings.Join(whose, ", "))
	}
	return nil
}

// codeName is what the artifact is called where nobody has named it yet.
func (p *Passed) codeName() string {
	return strings.TrimSuffix(p.source.Name, path.Ext(p.source.Name)) + ".cwasm"
}

// original is the code as an artifact. What is not what the statement says is not
// signed.
func (p *Passed) original(code *sealedmem.File) (*sealwax.Artifact, error) {
	a, err := sealwax.NewArtifact(p.codeName(), code, nil)
	if err != nil {
		return nil, err
	}
	if a.Kind() != sealwax.KindCompiled {
		return nil, fmt.Errorf("the engine's output is a %s, and compiled code was expected", a.Kind())
	}
	return a, nil
}

// writeUnsigned writes the code as it is.
func (p *Passed) writeUnsigned(ctx context.Context, code *sealedmem.File, made *Made, w io.Writer) error {
	a, err := p.original(code)
	if err != nil {
		return err
	}
	digest := (&sealwax.Verifier{Formats: p.formats()}).Digest(a)
	if err := a.Read(ctx); err != nil {
		return err
	}
	made.Size, made.Digest = code.Size(), digest()
	return write(w, code)
}

// carrier is the format of trailers that carry signatures in every format that the
// demands know.
func (p *Passed) carrier() trailer.Format {
	all := formatsOf(p.gate.Demands)
	return trailer.Format{Carried: slices.DeleteFunc(all, func(f sealwax.Format) bool { return f.Name() == trailer.Name })}
}

// formats are those that what was made is checked in.
func (p *Passed) formats() []sealwax.Format { return []sealwax.Format{p.carrier()} }

// sign writes the code with its trailer where nobody can reach it.
func (p *Passed) sign(ctx context.Context, code *sealedmem.File, made *Made) (*sealedmem.File, error) {
	a, err := p.original(code)
	if err != nil {
		return nil, err
	}
	out, err := sealedmem.NewOutput(p.codeName())
	if err != nil {
		return nil, err
	}
	if err := p.carrier().Append(ctx, a, out.OSFile(), p.gate.Signer, made.Statement, made.Carried); err != nil {
		out.Discard()
		return nil, fmt.Errorf("signing: %w", err)
	}
	return out.Seal(ctx, code.Size()+trailer.MaxPayload+trailerFrame)
}

// trailerFrame is more than what is around a payload, in bytes.
const trailerFrame = 64

// write writes all of f.
func write(w io.Writer, f *sealedmem.File) error {
	if _, err := io.CopyBuffer(writerOnly{w}, io.NewSectionReader(f, 0, f.Size()), make([]byte, 1<<20)); err != nil {
		return fmt.Errorf("writing what was compiled: %w", err)
	}
	return nil
}

type writerOnly struct{ io.Writer }
