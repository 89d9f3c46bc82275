// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"io"
	"regexp"
	"time"

	"github.com/sealwax/sealwax/key"
)

// SignOptions is what a signer states besides the bytes.
type SignOptions struct {
	// Comment is free text that the signature covers, where the format has room.
	Comment string
	// Fields are named statements that the signature covers, in order.
	Fields []Field
	// Now is the time that formats which state one write.
	Now time.Time
	// Extensible asks for room behind the signature: further sections may be
	// added and signed later without breaking it. Wasmsig only.
	Extensible bool
}

// Maker is an optional interface of a [Format]: it writes detached signatures.
type Maker interface {
	Format
	// Make signs the artifact and returns the detached signature's bytes. It
	// uses the artifact's one read.
	Make(ctx context.Context, a *Artifact, by key.Signer, o SignOptions) ([]byte, error)
}

// Embedder is an optional interface of a [Format] whose signatures can be inside
// the artifact. Each method writes a whole new artifact to w; what it wrote is
// worthless if it returns an error.
type Embedder interface {
	Format
	// Holds reports whether the format's signatures can be inside this artifact.
	Holds(a *Artifact) bool
	// Embed writes the artifact with one more signature in it.
	Embed(ctx context.Context, a *Artifact, w io.Writer, by key.Signer, o SignOptions) error
	// Attach writes the artifact with a detached signature inside it.
	Attach(ctx context.Context, a *Artifact, w io.Writer, sig []byte) error
	// Detach writes the artifact without its signatures, and returns them as
	// one detached signature.
	Detach(ctx context.Context, a *Artifact, w io.Writer) (sig []byte, err error)
	// Strip writes the artifact without its signatures. An artifact without any
	// is written as it is.
	Strip(ctx context.Context, a *Artifact, w io.Writer) error
}

// Splitter is an optional interface of a [Format] that can divide an artifact
// into parts that are signed one after another.
type Splitter interface {
	// Split writes the artifact with delimiters. sections says which custom
	// sections belong with the standard ones; nil means all.
	Split(ctx context.Context, a *Artifact, w io.Writer, sections *regexp.Regexp) error
}

// Sidecar is an optional interface of a [Format] whose signatures can be files of
// their own.
type Sidecar interface {
	// Extension is the ending of the usual name, with its dot.
	Extension() string
	// Recognise reports whether data is a signature in this format. It believes
	// nothing.
	Recognise(data []byte) bool
}

// Digester is an optional interface of a [Format] that knows an identity which
// its signatures do not change.
type Digester interface {
	// Digest plans the identity; the function gives its SHA-256 after the read.
	// It returns nil for artifacts that the format does not know.
	Digest(a *Artifact) func() ([]byte, error)
}
