// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/internal/buildinfo"
	"github.com/sealwax/sealwax/key"
)

// Holds reports whether signatures can be at the end of the artifact: see [Fits].
func (Format) Holds(a *sealwax.Artifact) bool { return Fits(a) == nil }

// Embed signs native code as what it is: a program, or compiled code from a source
// that nobody checked. A comment or statements of o are refused: the format states
// what it states.
func (f Format) Embed(ctx context.Context, a *sealwax.Artifact, w io.Writer, by key.Signer, o sealwax.SignOptions) error {
	if o.Comment != "" || len(o.Fields) > 0 || o.Extensible {
		return errors.New("a signature inside native code has no room for comments or statements of your own")
	}
	s := Statement{Kind: Kind(a.Kind()), Tool: Tool(), Time: o.Now}
	return f.Append(ctx, a, w, by, s, nil)
}

// Tool is what this module calls itself in statements, with the version that is
// linked: "sealwax/1.2.3".
func Tool() string {
	return "sealwax/" + strings.TrimPrefix(buildinfo.Module("github.com/sealwax/sealwax"), "v")
}

// carriedComment begins the untrusted comment of a detached signature that has
// carried signatures in it, in base64.
const carriedComment = "sealwax carries: "

// Attach puts a detached signature with a statement, as [Format.Detach] gives it,
// at the end of its original. It checks no key.
func (f Format) Attach(ctx context.Context, a *sealwax.Artifact, w io.Writer, sig []byte) error {
	if err := appendable(a); err != nil {
		return err
	}
	m, err := minisign.Parse(sig)
	if err != nil {
		return fmt.Errorf("the signature: %w", err)
	}
	// "ED": the payload has no other.
	if m.Legacy {
		return errors.New("a legacy signature cannot be inside native code, only beside it")
	}
	st, err := ParseStatement(m.Trusted)
	if err != nil {
		return fmt.Errorf("the signature cannot be inside native code, only beside it: %w", err)
	}
	fr := frame{keyID: m.KeyID, signature: m.Signature, statement: m.Trusted, global: m.Global}
	if fr.block, err = carriedIn(m.Untrusted); err != nil {
		return err
	}
	if st.Carried != digestCarried(fr.block) {
		return errors.New("the signature was made with signatures on the source carried along, and those are not in its first line: sign the code anew")
	}
	sum, err := copyOriginal(ctx, w, a, a.Size())
	if err != nil {
		return err
	}
	if !st.speaksOf(a.Kind()) || st.Length != a.Size() || st.BLAKE2b512 != hex.EncodeToString(sum) {
		return fmt.Errorf("the signature is not of %s", a.Name())
	}
	tail, err := fr.marshal()
	if err != nil {
		return err
	}
	if _, err := parsePayload(tail[:len(tail)-footerSize]); err != nil {
		return err
	}
	_, err = w.Write(tail)
	return err
}

// carriedIn reads the carried signatures from an untrusted comment.
func carriedIn(comment string) ([]byte, error) {
	text, ok := strings.CutPrefix(comment, carriedComment)
	if !ok {
		return nil, nil
	}
	block, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the carried signatures in the first line: %w", err)
	}
	return block, nil
}

// Detach writes the original to w, and returns its signature as a minisign file
// that every minisign tool verifies.
func (f Format) Detach(ctx context.Context, a *sealwax.Artifact, w io.Writer) ([]byte, error) {
	fr, err := read(a)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Name(), err)
	}
	m := &minisign.File{
		Untrusted: "signature of native code by key " + fr.keyID.String(),
		KeyID:     fr.keyID, Signature: fr.signature, Trusted: fr.statement, Global: fr.global,
	}
	if len(fr.block) > 0 {
		m.Untrusted = carriedComment + base64.StdEncoding.EncodeToString(fr.block)
	}
	if len(m.Untrusted) > minisign.MaxUntrusted {
		return nil, fmt.Errorf("%s carries %d bytes of signatures on its source, and a minisign file has room for %d: it cannot be detached without losing them (sealwax strip drops them)",
			a.Name(), len(fr.block), base64.StdEncoding.DecodedLen(minisign.MaxUntrusted-len(carriedComment)))
	}
	if _, err := copyOriginal(ctx, w, a, fr.original); err != nil {
		return nil, err
	}
	return m.Marshal(), nil
}

// Strip writes the original, or the whole file where it ends in no trailer. One that
// is broken is not dropped: nobody can say how long it is.
func (f Format) Strip(ctx context.Context, a *sealwax.Artifact, w io.Writer) error {
	size := a.Size()
	switch fr, err := read(a); {
	case err == nil:
		size = fr.original
	case !errors.Is(err, ErrNone):
		return fmt.Errorf("%s: %w", a.Name(), err)
	}
	_, err := copyOriginal(ctx, w, a, size)
	return err
}
