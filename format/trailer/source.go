// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/sealwax/sealwax"
)

// onSource is a carried signature: one on what was compiled. It is checked against
// the digests that the statement gives, and says so: whether anybody vouches for
// those is for the road to judge (see [sealwax.Claim.Of]).
type onSource struct {
	*frame
	labels []string // of all carried signatures
	format sealwax.Format
	beside sealwax.Companion // the signature file
	n      int               // which of its signatures
	hint   sealwax.Hint
}

var _ sealwax.Signature = (*onSource)(nil)

// Hint is the signature's own, in the role of those who sign sources.
func (s *onSource) Hint() sealwax.Hint { return s.hint }

// Plan needs none of the native code's bytes.
func (s *onSource) Plan(*sealwax.Artifact, []sealwax.Anchor) {}

// Check proves that the anchor signed an ancestor with the stated digests.
func (s *onSource) Check(ctx context.Context, _ *sealwax.Artifact, by sealwax.Anchor) (sealwax.Claim, error) {
	st, err := s.parse()
	if err != nil {
		return sealwax.Claim{}, malformed(err)
	}
	if err := s.carriedAs(st, s.labels); err != nil {
		return sealwax.Claim{}, err
	}
	sums, err := parseSums(st.Source.Sums)
	if err != nil {
		return sealwax.Claim{}, malformed(err)
	}
	sigs, err := s.format.Find(ctx, remembered(st.Source.Name, sums, s.beside))
	if err != nil {
		return sealwax.Claim{}, err
	}
	if len(sigs) <= s.n {
		return sealwax.Claim{}, errors.New("it cannot be found again")
	}
	c, err := sigs[s.n].Check(ctx, remembered(st.Source.Name, sums, s.beside), by)
	if err != nil {
		return sealwax.Claim{}, fmt.Errorf("the source's signature: %w", err)
	}
	// "Only the whole source counts": what was compiled was compiled whole.
	if !c.Covers.Whole {
		return sealwax.Claim{}, &sealwax.CodedError{Code: sealwax.CodeSignaturePartial, Err: errors.New("it is a signature of a part of the source")}
	}
	c.Of, c.Carry = st.Source, nil
	c.Fields = append(slices.Clip(c.Fields), st.SourceMeta...)
	return c, nil
}

// remembered is a source of which nothing but digests is left. Its kind is that of
// a module, beside which every format's signatures can be.
func remembered(name string, sums sealwax.Remembered, beside sealwax.Companion) *sealwax.Artifact {
	return sealwax.NewRemembered(name, sealwax.KindModule, sums, func(context.Context) ([]sealwax.Companion, error) {
		return []sealwax.Companion{beside}, nil
	})
}

// foundCarried is a carried signature, or why it is none.
type foundCarried struct {
	sig   sealwax.Signature
	label string
}

// findCarried lets each carried file's format read it. A file of an unknown format
// is named and not looked at.
func (f Format) findCarried(ctx context.Context, fr *frame) ([]foundCarried, error) {
	var out []foundCarried
	for i, c := range fr.carried {
		name := sourceName(f, fr.carried[:i], c)
		format := f.carrier(c.Format)
		if format == nil {
			reason := fmt.Errorf("it is carried along in the format %q, which is unknown here", c.Format)
			out = append(out, foundCarried{&sealwax.Broken{Format: Name, Source: name, Code: sealwax.CodeSignatureForeign, Reason: reason}, c.Format + ":"})
			continue
		}
		some, err := readCarried(ctx, fr, format, sealwax.Companion{Name: name, Data: c.Data})
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	all := labels(out)
	for _, c := range out {
		if s, ok := c.sig.(*onSource); ok {
			s.labels = all
		}
	}
	return out, nil
}

func (f Format) carrier(name string) sealwax.Format {
	for _, c := range f.Carried {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// sourceName says where a carried signature is: "embedded: source.minisig".
func sourceName(f Format, before []Carried, c Carried) string {
	ext := "." + c.Format
	if s, ok := f.carrier(c.Format).(sealwax.Sidecar); ok {
		ext = s.Extension()
	}
	n := 1
	for _, b := range before {
		if b.Format == c.Format {
			n++
		}
	}
	if n > 1 {
		ext = "-" + strconv.Itoa(n) + ext
	}
	return sealwax.Embedded + ": source" + ext
}

// readCarried finds the signatures of one carried file.
func readCarried(ctx context.Context, fr *frame, format sealwax.Format, beside sealwax.Companion) ([]foundCarried, error) {
	sigs, err := format.Find(ctx, remembered(sealwax.Nameless, sealwax.Remembered{}, beside))
	if err != nil {
		return nil, err
	}
	if len(sigs) == 0 {
		sigs = []sealwax.Signature{&sealwax.Broken{Format: format.Name(), Source: beside.Name, Reason: errors.New("what is carried along is no signature")}}
	}
	var out []foundCarried
	for n, s := range sigs {
		out = append(out, foundCarried{carriedSignature(fr, format, beside, n, s), label(s.Hint())})
	}
	return out, nil
}

func carriedSignature(fr *frame, format sealwax.Format, beside sealwax.Companion, n int, s sealwax.Signature) sealwax.Signature {
	if b, ok := s.(*sealwax.Broken); ok {
		return b
	}
	h := s.Hint()
	// "Legacy is refused": such a signature is of the source's bytes, which are gone.
	if h.Legacy {
		return &sealwax.Broken{Format: format.Name(), Source: beside.Name, Code: sealwax.CodeSignatureLegacy, Reason: errors.New("a legacy signature of a source cannot be carried along: it is of the source's bytes, and not of their hash")}
	}
	h.Role = sealwax.RoleRelease
	return &onSource{frame: fr, format: format, beside: beside, n: n, hint: h}
}

// label names the key that a signature carries as its own.
func label(h sealwax.Hint) string { return h.Format + ":" + h.Label }

func labels(list []foundCarried) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.label)
	}
	return out
}
