// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/blake2b"
	"github.com/sealwax/sealwax/internal/objfile"
	"github.com/sealwax/sealwax/key"
)

// Append writes the original to w and signs it in a trailer behind: it hashes the
// very bytes that it writes. What s says of the original, and of the signatures
// that are carried along, is set here. What was written is worthless if Append
// returns an error.
func (f Format) Append(ctx context.Context, a *sealwax.Artifact, w io.Writer, by key.Signer, s Statement, carried []Carried) error {
	if err := appendable(a); err != nil {
		return err
	}
	if !s.speaksOf(a.Kind()) {
		return fmt.Errorf("%s is %s, and the statement would be for %s", a.Name(), a.Kind().Noun(), sealwax.Kind(s.Kind).Noun())
	}
	fr, err := f.newFrame(ctx, carried)
	if err != nil {
		return err
	}
	sum, err := copyOriginal(ctx, w, a, a.Size())
	if err != nil {
		return err
	}
	fr.keyID = by.Public().MinisignID()
	s.Key, s.Length, s.BLAKE2b512 = fr.keyID, a.Size(), hex.EncodeToString(sum)
	s.Carried, s.SourceKeys = fr.digest, fr.sourceKeys
	s.Time = s.Time.UTC().Truncate(time.Second)
	if fr.statement, err = s.Marshal(); err != nil {
		return fmt.Errorf("signing %s: %w", a.Name(), err)
	}
	if err := fr.sign(ctx, by, sum); err != nil {
		return err
	}
	tail, err := fr.marshal()
	if err != nil {
		return err
	}
	_, err = w.Write(tail)
	return err
}

// newFrame has the carried signatures in it. Each file must be one that somebody
// can check later.
func (f Format) newFrame(ctx context.Context, carried []Carried) (fr *made, err error) {
	fr = &made{}
	if fr.block, err = marshalCarried(carried); err != nil {
		return nil, err
	}
	fr.carried, fr.digest = carried, digestCarried(fr.block)
	found, err := f.findCarried(ctx, &fr.frame)
	if err != nil {
		return nil, err
	}
	good := map[string]bool{}
	for _, c := range found {
		h := c.sig.Hint()
		good[h.Source] = good[h.Source] || h.Role == sealwax.RoleRelease
	}
	for _, c := range found {
		if b, ok := c.sig.(*sealwax.Broken); ok && !good[b.Source] {
			return nil, fmt.Errorf("carrying signatures along: %w", b.Reason)
		}
	}
	fr.sourceKeys = labels(found)
	return fr, nil
}

// made is a frame that is being made.
type made struct {
	frame
	sourceKeys []string
}

// sign makes the two signatures.
func (f *frame) sign(ctx context.Context, by key.Signer, sum []byte) error {
	var err error
	if f.signature, err = key.SignEd25519(ctx, by, sum); err != nil {
		return err
	}
	f.global, err = key.SignEd25519(ctx, by, f.globalMessage())
	return err
}

// appendable says why nothing can be put at the end of a.
func appendable(a *sealwax.Artifact) error {
	if err := Fits(a); err != nil {
		return err
	}
	signed, err := endsInMagic(a, a.Size())
	switch {
	case err != nil:
		return err
	case signed: // "An original that already ends in the magic is refused."
		return fmt.Errorf("%s ends in a signature already: strip it first, or detach it (sealwax strip, sealwax detach)", a.Name())
	}
	return nil
}

// ErrBeside is wrapped by [Fits] for native code that is signed in a file beside it.
var ErrBeside = errors.New("a signature cannot be inside it: sealwax sign FILE signs it in a file of its own")

// Fits says why a signature cannot be at the end of a: it is no native code, or
// code whose own format has a signature there (ErrBeside). Nil means that it can.
func Fits(a *sealwax.Artifact) error {
	if !isNative(a) {
		return fmt.Errorf("%s is no native code that is known here: ELF, PE, or what wasmtime compiles", a.Name())
	}
	mach, err := isMach(a)
	switch {
	case err != nil:
		return err
	case mach:
		return fmt.Errorf("%s is a Mach-O file, whose own signature must be the last thing in it: %w", a.Name(), ErrBeside)
	}
	signed, err := objfile.Authenticode(a, a.Size())
	switch {
	case errors.Is(err, objfile.ErrMalformed):
		return fmt.Errorf("%s begins as a PE file, and one cannot tell where its own signature is: %w: %w", a.Name(), err, ErrBeside)
	case err != nil:
		return fmt.Errorf("reading %s: %w", a.Name(), err)
	case signed:
		return fmt.Errorf("%s has an Authenticode signature, which what is put behind it would break: %w", a.Name(), ErrBeside)
	}
	return nil
}

// copySize is how much is copied at once.
const copySize = 1 << 20

// copyOriginal writes the first size bytes of a to w, and gives the BLAKE2b-512 of
// what it wrote.
func copyOriginal(ctx context.Context, w io.Writer, a io.ReaderAt, size int64) ([]byte, error) {
	h := blake2b.New512()
	buf := make([]byte, min(copySize, size))
	for off := int64(0); off < size; off += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		buf = buf[:min(int64(len(buf)), size-off)]
		if n, err := a.ReadAt(buf, off); n < len(buf) {
			return nil, fmt.Errorf("reading at offset %d: %w", off, errors.Join(io.ErrUnexpectedEOF, err))
		}
		h.Write(buf)
		if _, err := w.Write(buf); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}
