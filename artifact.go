// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Kind is what an artifact's first bytes say that it is. It is a fact about the
// bytes, not about their content being well formed.
type Kind string

// The kinds. The zero value is "not looked at".
const (
	KindFile      Kind = "file"      // anything that is no other kind
	KindModule    Kind = "module"    // a WebAssembly core module, version 1
	KindComponent Kind = "component" // a WebAssembly component, layer 1
	KindCompiled  Kind = "compiled"  // native code that wasmtime made of WebAssembly: ELF with its OS/ABI
	KindProgram   Kind = "program"   // any other native code: ELF, PE or Mach-O
)

// Noun is the kind in a sentence: "a module", "compiled code".
func (k Kind) Noun() string {
	if k == KindCompiled {
		return "compiled code"
	}
	return "a " + string(k)
}

// native reports whether artifacts of the kind are code that a processor runs.
func (k Kind) native() bool { return k == KindCompiled || k == KindProgram }

// The two preambles that are known: WebAssembly core specification section
// 5.5.16 (magic, version 1) and the component model's Binary.md (version 0x0d,
// layer 1).
const (
	modulePreamble    = "\x00asm\x01\x00\x00\x00"
	componentPreamble = "\x00asm\x0d\x00\x01\x00"
	preambleSize      = 8
)

// How native code begins. In ELF (gABI 4.1, "ELF Identification") byte 7 is the
// OS/ABI, and wasmtime's own is 200; PE files begin as DOS programs do.
const (
	elfMagic    = "\x7fELF"
	elfABI      = 7
	wasmtimeABI = 200
	peMagic     = "MZ"
)

// machMagics are those of Mach-O files for one processor (mach-o/loader.h), in
// either byte order. That of files for several is Java's as well, and tells nothing.
func machMagics() []string {
	return []string{"\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe"}
}

// Companion is one thing that lies beside an artifact: a sidecar file, later a
// registry's referrer. What it is, the formats find out.
type Companion struct {
	// Name is how the companion is called in reports.
	Name string
	// Data are its bytes, whole: companions are small.
	Data []byte
	// Err says that the companion is there and could not be read. It makes a
	// refusal undecided: with this companion the answer might have been yes.
	Err error
}

// CompanionsFunc lists what lies beside an artifact. None is not an error.
type CompanionsFunc func(ctx context.Context) ([]Companion, error)

// Content is the bytes of an artifact: held, so that two reads of one offset
// give one answer, or at least one open descriptor for a file that will only be
// verified.
type Content interface {
	io.ReaderAt
	io.Closer
	// Size is the content's length in bytes.
	Size() int64
}

// Nameless is the name of an artifact that has none, as a stream: no statement
// about a file's name can be held against it.
const Nameless = "-"

// Artifact is one thing to be judged: a held snapshot, never a path that is
// opened twice. Package source makes artifacts. An Artifact is used by one
// goroutine at a time.
type Artifact struct {
	name       string
	kind       Kind
	head       string // the first bytes, which the kind was told from
	content    Content
	companions CompanionsFunc
	pass       *pass
}

// NewArtifact is an artifact of the given bytes. name is what the caller calls
// it: patterns are matched against it, so it never comes from the bytes. The
// artifact takes over content and closes it, unless an error is returned.
// companions may be nil.
func NewArtifact(name string, content Content, companions CompanionsFunc) (*Artifact, error) {
	head, err := readHead(content)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return &Artifact{name: name, kind: kindOf(head), head: head, content: content, companions: companions, pass: &pass{}}, nil
}

// readHead reads as many bytes as a preamble has; less than that is none.
func readHead(c Content) (string, error) {
	if c.Size() < preambleSize {
		return "", nil
	}
	b := make([]byte, preambleSize)
	n, err := c.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return string(b[:n]), nil
}

func kindOf(head string) Kind {
	switch head {
	case modulePreamble:
		return KindModule
	case componentPreamble:
		return KindComponent
	}
	switch {
	case strings.HasPrefix(head, elfMagic) && head[elfABI] == wasmtimeABI:
		return KindCompiled
	case strings.HasPrefix(head, elfMagic), strings.HasPrefix(head, peMagic):
		return KindProgram
	case slices.ContainsFunc(machMagics(), func(m string) bool { return strings.HasPrefix(head, m) }):
		return KindProgram
	}
	return KindFile
}

// Name is what the caller calls the artifact.
func (a *Artifact) Name() string { return a.name }

// Kind is what the first bytes say.
func (a *Artifact) Kind() Kind { return a.kind }

// Size is the artifact's length in bytes.
func (a *Artifact) Size() int64 { return a.content.Size() }

// ReadAt reads from the held bytes. It is meant for a format's first look, for
// emitting, and for gates; [Signature.Check] never needs it.
func (a *Artifact) ReadAt(p []byte, off int64) (int, error) { return a.content.ReadAt(p, off) }

// Content is the held bytes, for a gate that hands them on.
func (a *Artifact) Content() Content { return a.content }

// Close lets go of the bytes.
func (a *Artifact) Close() error { return a.content.Close() }

// Companions lists what lies beside the artifact.
func (a *Artifact) Companions(ctx context.Context) ([]Companion, error) {
	if a.companions == nil {
		return nil, nil
	}
	return a.companions(ctx)
}

// Beside is the same artifact with other things beside it. It shares the bytes
// and the one read: a signer checks with it what it has just made.
func (a *Artifact) Beside(companions ...Companion) *Artifact {
	b := *a
	if b.companions = nil; len(companions) == 0 {
		return &b
	}
	b.companions = func(context.Context) ([]Companion, error) { return companions, nil }
	return &b
}

// WriteTo writes all held bytes to w.
func (a *Artifact) WriteTo(w io.Writer) (int64, error) {
	return io.CopyBuffer(writerOnly{w}, io.NewSectionReader(a.content, 0, a.Size()), make([]byte, 1<<20))
}

type writerOnly struct{ io.Writer }
