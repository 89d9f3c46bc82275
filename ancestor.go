// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Ancestor is what an artifact was made from: a module that was compiled. It is
// known by the digests that signatures on it are made over, so that those can be
// checked without its bytes. The zero Ancestor is nothing.
type Ancestor struct {
	// Name is what whoever made the artifact called the ancestor: a base name. It
	// is never a subject of rules.
	Name string
	// Digest is the ancestor's own ([Verifier.Digest]).
	Digest string
	// Sums are digests of the ancestor by name, as [FormatSums] writes them.
	Sums string
}

// IsZero reports whether there is none.
func (a Ancestor) IsZero() bool { return a == Ancestor{} }

// Same reports whether two speak of one ancestor, by every digest of it. Names
// are not part of it. An ancestor without digests is the same as none.
func (a Ancestor) Same(b Ancestor) bool {
	return a.Digest == b.Digest && a.Sums == b.Sums && a.Digest != "" && a.Sums != ""
}

// FormatSums writes digests as one text: "NAME:HEX", sorted by name, with commas.
// There is one text for one set of digests.
func FormatSums(sums map[string][]byte) string {
	parts := make([]string, 0, len(sums))
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		parts = append(parts, name+":"+hex.EncodeToString(sums[name]))
	}
	return strings.Join(parts, ",")
}

// ParseSums reads what [FormatSums] writes, and nothing else: names of a to z, 0 to
// 9 and "-", each once and in order, with lower-case hexadecimal digits.
func ParseSums(text string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for part := range strings.SplitSeq(text, ",") {
		name, digits, _ := strings.Cut(part, ":")
		sum, err := hex.DecodeString(digits)
		if err != nil || len(sum) == 0 || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return nil, fmt.Errorf("%q is no digest: want NAME:HEX", Printable(part))
		}
		out[name] = sum
	}
	if FormatSums(out) != text { // "one text for one set of digests"
		return nil, errors.New("digests out of order, or in another spelling")
	}
	return out, nil
}

// Remembered is what is needed to check a format's signatures on an artifact whose
// bytes are gone: digests by name.
type Remembered = map[string][]byte

// Rememberer is an optional interface of a [Format] whose signatures can be checked
// against an artifact that is only remembered ([NewRemembered]).
type Rememberer interface {
	Format
	// Remember plans what checking will take. The function gives it after the
	// read; it is empty where no signature of the format can be on the artifact.
	Remember(a *Artifact) func() (Remembered, error)
}

// Remember plans everything that the formats need to know of an artifact once its
// bytes are gone. The function gives it after the read.
func (v *Verifier) Remember(a *Artifact) func() (Ancestor, error) {
	a.PlanSHA256()
	digest := v.Digest(a)
	var parts []func() (Remembered, error)
	for _, f := range v.Formats {
		if r, ok := f.(Rememberer); ok {
			parts = append(parts, r.Remember(a))
		}
	}
	return func() (Ancestor, error) {
		sums := Remembered{"sha256": a.Sum("sha256")}
		for _, part := range parts {
			some, err := part()
			if err != nil {
				return Ancestor{}, fmt.Errorf("remembering %s: %w", Printable(a.Name()), err)
			}
			maps.Copy(sums, some)
		}
		out := Ancestor{Name: fileName(a.Name()), Digest: digest(), Sums: FormatSums(sums)}
		if out.Digest == "" || sums["sha256"] == nil {
			return Ancestor{}, fmt.Errorf("remembering %s: it was not read", Printable(a.Name()))
		}
		return out, nil
	}
}

// NewRemembered is an artifact that is not at hand, and of which somebody has
// written down digests: signatures that lie beside it can be checked against those,
// and its bytes cannot be read. Who vouches for the digests is another question:
// see [Claim.Of].
func NewRemembered(name string, kind Kind, sums Remembered, companions CompanionsFunc) *Artifact {
	return &Artifact{name: name, kind: kind, content: gone{}, companions: companions, pass: &pass{read: true, sums: sums}}
}

// IsRemembered reports whether the artifact's bytes are gone.
func (a *Artifact) IsRemembered() bool { return a.pass.sums != nil }

// ErrGone is what reading a remembered artifact gives.
var ErrGone = errors.New("only its digests are known, and not its bytes")

// gone is content that nobody has.
type gone struct{}

func (gone) ReadAt([]byte, int64) (int, error) { return 0, ErrGone }
func (gone) Close() error                      { return nil }
func (gone) Size() int64                       { return 0 }

// unbound takes away what counts for an ancestor that nobody who counts vouches
// for: anybody can carry along a good signature on something else.
func (r *Report) unbound() {
	var kept []*Claim
	for _, c := range r.Counted {
		made := func(o *Claim) bool { return o.From.Same(c.Of) }
		if c.Of.IsZero() || slices.ContainsFunc(r.Counted, made) {
			kept = append(kept, c)
			continue
		}
		r.Uncounted = append(r.Uncounted, c)
		r.add(CodeSourceUnbound, SeverityWarning, c.Source, c.Signer, "%s is on %s, and nobody who counts says that this was made from it", c.Source, Printable(c.Of.Name))
	}
	r.Counted = kept
}

// in looks for the ancestor in a list of digests, under its own and under that of
// its whole file: one who states it could have stated one of them falsely.
func (a Ancestor) in(list map[string]string) (why string, ok bool) {
	if a.IsZero() {
		return "", false
	}
	if why, ok = list[a.Digest]; ok {
		return why, true
	}
	sums, err := ParseSums(a.Sums)
	if err != nil || sums["sha256"] == nil { // mutate:skip formats refuse such a statement
		return "it cannot be told whether it is, by " + a.Sums, len(list) > 0
	}
	why, ok = list[sha256Name(sums["sha256"])]
	return why, ok
}

// torn names two claims that say that the artifact was made from different things,
// whether they count or not: a machine that made it again from one module proves
// nothing of who vouches for another.
func (r *Report) torn() (a, b *Claim) {
	for _, c := range append(slices.Clone(r.Counted), r.Uncounted...) {
		switch {
		case c.From.IsZero():
		case a == nil:
			a = c
		case !a.From.Same(c.From):
			return a, c
		}
	}
	return nil, nil
}

// sourced reports whether somebody who counts vouches for what a compiled artifact
// was made from.
func (r *Report) sourced() bool {
	return slices.ContainsFunc(r.Counted, func(c *Claim) bool { return !c.Of.IsZero() })
}

// voided is why something that the artifact was made from is blocked, or "".
func (r *Report) voided(void map[string]string) string {
	for _, c := range append(slices.Clone(r.Counted), r.Uncounted...) {
		for _, a := range []Ancestor{c.From, c.Of} {
			if why, ok := a.in(void); ok {
				return fmt.Sprintf("%s, which this was made from, is blocked: %s", Printable(a.Name), why)
			}
		}
	}
	return ""
}

// subject is the name of what the signature is on.
func (c *Claim) subject(artifact string) string {
	switch {
	case !c.Of.IsZero():
		return c.Of.Name
	case !c.From.IsZero():
		return Nameless // it states no name of the artifact
	}
	return artifact
}

// digest is that of what the signature is on.
func (c *Claim) digest(artifact string) string {
	if !c.Of.IsZero() {
		return c.Of.Digest
	}
	return artifact
}
