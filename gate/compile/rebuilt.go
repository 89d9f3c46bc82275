// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package compile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// RebuiltName is the name of the format in which a rebuild speaks on the road.
const RebuiltName = "rebuilt"

// RebuildDemand is the name of the demand that the bytes are equal.
const RebuildDemand = "the rebuild"

// Rebuilt is code that was made again from a source that passed. On the road it is
// a signature in the role [sealwax.RoleRebuilt], by nobody's key: it is good for
// artifacts with the same code, says what source they were made from, and counts
// where a policy asks for that role.
type Rebuilt struct {
	code      *sealedmem.File
	source    sealwax.Ancestor
	meta      []sealwax.Field // what the source states of itself
	statement trailer.Statement
}

// Close lets the code go.
func (r *Rebuilt) Close() error { return r.code.Close() }

// Source is what the code was made from, by the digests of the bytes that passed.
func (r *Rebuilt) Source() sealwax.Ancestor { return r.source }

// Demands are ds, those on the compiled code, of which each that asks for a
// rebuild is offered this one, and one more: that the code is the same. So other
// bytes are refused whoever signed them, and equal ones replace nobody's signature
// where no policy says so.
func (r *Rebuilt) Demands(ds sealwax.Demands) sealwax.Demands {
	out := slices.Clone(ds)
	for i := range out {
		if p := out[i].Policy; p != nil && asksRebuilt(p.Need) {
			r.offer(&out[i].Verifier)
		}
	}
	own := sealwax.Demand{Name: RebuildDemand, Policy: sealwax.AnyOf(1, sealwax.RoleRebuilt)}
	own.Policy.AnySource = true // it says what it was made from; who vouches for that, the others ask
	r.offer(&own.Verifier)
	return append(out, own)
}

// offer adds the rebuild to what a verifier reads and to whom it knows.
func (r *Rebuilt) offer(v *sealwax.Verifier) {
	v.Formats = append(slices.Clip(v.Formats), rebuiltFormat{r})
	v.Trust = rebuiltTrust{r, v.Trust}
}

// asksRebuilt reports whether a quorum asks for a rebuild.
func asksRebuilt(q sealwax.Quorum) bool {
	return q.Role == sealwax.RoleRebuilt ||
		slices.ContainsFunc(q.Members, func(m sealwax.Member) bool { return m.Role == sealwax.RoleRebuilt }) ||
		slices.ContainsFunc(q.Of, asksRebuilt)
}

// anchor is this machine.
func (r *Rebuilt) anchor() sealwax.Anchor {
	s := r.statement
	return sealwax.Anchor{
		ID:   sealwax.SignerID(fmt.Sprintf("rebuilt:%s-%s:%s", s.Engine, s.EngineVersion, s.Target)),
		Name: "this machine", Role: sealwax.RoleRebuilt, Origin: "--rebuild",
	}
}

// rebuiltTrust offers this machine for a rebuild, and for everything else whom the
// trust within offers.
type rebuiltTrust struct {
	r     *Rebuilt
	inner sealwax.Trust
}

// Anchors looks at the hint's format: no other format has this name.
func (t rebuiltTrust) Anchors(ctx context.Context, h sealwax.Hint) ([]sealwax.Anchor, error) {
	switch {
	case h.Format == RebuiltName:
		return []sealwax.Anchor{t.r.anchor()}, nil
	case t.inner == nil:
		return nil, nil
	}
	return t.inner.Anchors(ctx, h)
}

// rebuiltFormat finds the rebuild on compiled code.
type rebuiltFormat struct{ r *Rebuilt }

// Name is [RebuiltName].
func (rebuiltFormat) Name() string { return RebuiltName }

// Find gives the one signature that there is: whether it is good, the read tells.
func (f rebuiltFormat) Find(_ context.Context, a *sealwax.Artifact) ([]sealwax.Signature, error) {
	if a.Kind() != sealwax.KindCompiled || a.IsRemembered() {
		return nil, nil
	}
	original, stated := a.Size(), trailer.Statement{}
	t, err := trailer.Read(a, a.Size())
	switch {
	case err == nil:
		original, stated = t.Original, t.Statement
	case errors.Is(err, trailer.ErrNone):
	case errors.Is(err, trailer.ErrSyntax), errors.Is(err, trailer.ErrStatement):
		return []sealwax.Signature{&sealwax.Broken{Format: RebuiltName, Source: f.source(), Reason: err}}, nil
	default:
		return nil, err
	}
	return []sealwax.Signature{&rebuiltSignature{f, original, stated}}, nil
}

func (f rebuiltFormat) source() string { return "rebuilt from " + f.r.source.Name }

// rebuiltSignature is the rebuild, held against one artifact.
type rebuiltSignature struct {
	rebuiltFormat
	original int64             // how many of the artifact's bytes are code
	stated   trailer.Statement // what the artifact says of itself, if it does
}

// Hint speaks in the role of a rebuild and in no other.
func (s *rebuiltSignature) Hint() sealwax.Hint {
	return sealwax.Hint{Format: RebuiltName, Source: s.source(), Role: sealwax.RoleRebuilt}
}

func (s *rebuiltSignature) meter() string { return fmt.Sprintf("rebuilt:%p:%d", s.r, s.original) }

// Plan asks for a comparison with the code, on the way of the one read.
func (s *rebuiltSignature) Plan(a *sealwax.Artifact, _ []sealwax.Anchor) {
	a.Plan(s.meter(), func() sealwax.Meter { return &comparison{code: s.r.code, size: s.r.code.Size(), end: s.original} })
}

// Check is whether every byte was the same.
func (s *rebuiltSignature) Check(_ context.Context, a *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	if by.Role != sealwax.RoleRebuilt || by.Signer() != s.r.anchor().Signer() {
		return sealwax.Claim{}, sealwax.ErrOtherSigner
	}
	// "The same source": whoever signed code of one module and says that it is another's
	// has lied, however well the code fits the one that is at hand.
	if from := s.stated.Source; !from.IsZero() && !from.Same(s.r.source) {
		return sealwax.Claim{}, s.otherSource(from)
	}
	c, ok := a.Meter(s.meter()).(*comparison)
	if !ok {
		return sealwax.Claim{}, errors.New("it was not read for a comparison")
	}
	if why := c.difference(); why != "" {
		return sealwax.Claim{}, &sealwax.CodedError{Code: sealwax.CodeArtifactRebuilt, Final: true, Err: errors.New(why)}
	}
	if s.stated.Translation != s.r.statement.Translation {
		return sealwax.Claim{}, lied("the source was translated to another module than the code's signature says")
	}
	// "And what it states": claims of the source's signers have it.
	if s.stated.Verified && !slices.Equal(s.stated.SourceMeta, s.r.meta) {
		return sealwax.Claim{}, lied("the source states %q of itself, and the code's signature says that it states %q", s.r.meta, s.stated.SourceMeta)
	}
	return sealwax.Claim{
		By: by, Format: RebuiltName, Source: s.source(), Covers: sealwax.Coverage{Whole: true},
		Fields: s.r.fields(), From: s.r.source,
	}, nil
}

// otherSource says how what was rebuilt from and what is stated differ.
func (s *rebuiltSignature) otherSource(stated sealwax.Ancestor) error {
	have, want := sealwax.Printable(s.r.source.Name), sealwax.Printable(stated.Name)
	if stated.Digest == s.r.source.Digest {
		return lied("%s is the same module as the %s that its signature names, and not the same file: take the very file that was compiled (one that was signed inside afterwards is another)", have, want)
	}
	return lied("it was made again from %s (%s), and its signature says that it was made from %s (%s)", have, s.r.source.Digest, want, stated.Digest)
}

// lied is for code whose signature says something else than what was rebuilt.
func lied(format string, args ...any) error {
	return &sealwax.CodedError{Code: sealwax.CodeArtifactRebuilt, Final: true, Err: fmt.Errorf(format, args...)}
}

// fields are what this machine knows of the code, in the words of a statement.
func (r *Rebuilt) fields() []sealwax.Field {
	s := r.statement
	return []sealwax.Field{
		{Name: "kind", Value: string(s.Kind)},
		{Name: "source", Value: r.source.Digest},
		{Name: "engine", Value: s.Engine},
		{Name: "engine-version", Value: s.EngineVersion},
		{Name: "binding", Value: s.Binding},
		{Name: "library", Value: s.Library},
		{Name: "target", Value: s.Target},
	}
}

// comparison is a meter that holds the bytes up to end against code.
type comparison struct {
	code   io.ReaderAt
	size   int64 // of code
	end    int64
	seen   int64
	differ int64 // 1 + the offset of the first byte that differs
	err    error
	buf    []byte
}

// Write compares what is before end, up to the first difference.
func (c *comparison) Write(p []byte) (int, error) {
	n := len(p)
	p = p[:min(int64(n), max(0, c.end-c.seen))]
	if c.differ == 0 && c.err == nil && len(p) > 0 {
		c.compare(p)
	}
	c.seen += int64(n)
	return n, nil
}

func (c *comparison) compare(p []byte) {
	c.buf = slices.Grow(c.buf[:0], len(p))[:len(p)]
	n, err := c.code.ReadAt(c.buf, c.seen)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
		return
	}
	if same := common(p, c.buf[:n]); same < len(p) {
		c.differ = 1 + c.seen + int64(same)
	}
}

// common is how many leading bytes are the same.
func common(a, b []byte) int {
	if bytes.Equal(a, b) { // mutate:skip only speed depends on it
		return len(a)
	}
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// difference says where the code differs, or "". All of it must have been seen.
func (c *comparison) difference() string {
	switch {
	case c.err != nil:
		return "the rebuilt code could not be read: " + c.err.Error()
	case c.differ > 0:
		return fmt.Sprintf("compiling the source again gives other code, from byte %d on", c.differ-1)
	case c.end != c.size, c.seen < c.end:
		return fmt.Sprintf("compiling the source again gives %d bytes of code, and it has %d", c.size, c.end)
	}
	return ""
}
