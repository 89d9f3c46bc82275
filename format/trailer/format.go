// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sealwax/sealwax"
)

// Format is signatures at the end of native code. Its zero value carries none of a
// source's signatures: [sealwax.Format] values for them are in Carried.
type Format struct {
	// Carried are the formats that check carried signatures.
	Carried []sealwax.Format
}

var (
	_ sealwax.Format   = Format{}
	_ sealwax.Digester = Format{}
	_ sealwax.Examiner = Format{}
	_ sealwax.Embedder = Format{}
)

// Name is [Name].
func (Format) Name() string { return Name }

// isNative reports whether a can have a trailer, by its first bytes alone.
func isNative(a *sealwax.Artifact) bool {
	return a.Kind() == sealwax.KindCompiled || a.Kind() == sealwax.KindProgram
}

// Find reads the trailer of native code: the signature in it, and those that it
// carries along. A trailer that is not where it belongs is broken.
func (f Format) Find(ctx context.Context, a *sealwax.Artifact) ([]sealwax.Signature, error) {
	if !isNative(a) {
		return nil, nil
	}
	found, err := read(a)
	switch {
	case errors.Is(err, ErrNone):
		return nil, nil
	case errors.Is(err, ErrSyntax):
		return []sealwax.Signature{broken(err)}, nil
	case err != nil:
		return nil, err
	}
	carried, err := f.findCarried(ctx, found)
	if err != nil {
		return nil, err
	}
	own := &signature{frame: found, labels: labels(carried)}
	out := []sealwax.Signature{own}
	for _, c := range carried {
		out = append(out, c.sig)
	}
	return out, nil
}

func broken(err error) *sealwax.Broken {
	return &sealwax.Broken{Format: Name, Source: sealwax.Embedded, Reason: err}
}

// read is readFrame for an artifact, with a better answer where none is at the end.
func read(a *sealwax.Artifact) (*frame, error) {
	f, err := readFrame(a, a.Size())
	if errors.Is(err, ErrNone) {
		return nil, moved(a)
	}
	if err != nil {
		return nil, err
	}
	mach, err := isMach(a)
	switch {
	case err != nil:
		return nil, err
	case mach: // "Mach-O files are signed beside": their own signature ends the file
		return nil, syntax("a Mach-O file has its own signature at the end, and is signed in a file beside it")
	}
	return f, nil
}

// lookBehind is how far before the end a trailer is looked for that is not there:
// only to say what is wrong.
const lookBehind = 64 << 10

// moved is ErrNone, unless a trailer is found that something was appended to.
func moved(a *sealwax.Artifact) error {
	from := max(0, a.Size()-lookBehind)
	end, err := readAt(a, from, a.Size()-from)
	if err != nil {
		return err
	}
	at := strings.LastIndex(string(end), magic)
	if at < 0 { // mutate:skip there is no trailer before the file either
		return ErrNone
	}
	size := from + int64(at+len(magic))
	// A program may have the magic somewhere: only a whole trailer is one.
	switch _, err := readFrame(a, size); {
	case err == nil:
		return syntax("%d bytes follow it, and nothing signs them", a.Size()-size)
	case errors.Is(err, ErrNone), errors.Is(err, ErrSyntax):
		return ErrNone
	default:
		return err
	}
}

// Digest plans the SHA-256 of the original, which signing does not change. What
// does not end in a trailer is hashed whole.
func (Format) Digest(a *sealwax.Artifact) func() ([]byte, error) {
	if !isNative(a) {
		return nil
	}
	f, err := read(a)
	if err != nil {
		return nil
	}
	f.plan(a, sumSHA256)
	return func() ([]byte, error) { return f.sum(a, sumSHA256) }
}

// Examine knows the form of native code as far as anybody may look at it before
// it is authenticated: the first bytes, which gave its kind. What is signed is
// signed to the last byte, so that no other form can be made of it.
func (Format) Examine(a *sealwax.Artifact) func() (sealwax.Form, error) {
	if !isNative(a) {
		return nil
	}
	return func() (sealwax.Form, error) { return sealwax.Form{}, nil }
}

// isMach reports whether native code is neither ELF nor PE.
func isMach(r io.ReaderAt) (bool, error) {
	head, err := readAt(r, 0, 4)
	if err != nil {
		return false, fmt.Errorf("reading the first bytes: %w", err)
	}
	return string(head) != "\x7fELF" && string(head[:2]) != "MZ", nil
}
