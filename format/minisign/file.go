// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package minisign

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sealwax/sealwax/key"
)

// Limits of a signature file, in bytes. The comments' are what minisign's own
// reader takes and what its writer gives.
const (
	MaxFile           = 64 << 10
	MaxUntrusted      = 1003
	MaxTrusted        = 8173
	MaxTrustedWritten = 4077
)

// The two algorithms, as the first two bytes of the signature line spell them.
const (
	algPrehashed = "ED" // Ed25519 over the BLAKE2b-512 of the file
	algLegacy    = "Ed" // Ed25519 over the file itself
)

const (
	untrustedPrefix = "untrusted comment: "
	trustedPrefix   = "trusted comment: "
	signatureBlob   = 2 + 8 + key.SignatureSize // algorithm, key id, signature
)

// File is a parsed signature file. Nothing in it is proven.
type File struct {
	Untrusted string // free text that nothing signs
	Legacy    bool   // algorithm "Ed" instead of "ED"
	KeyID     key.ID
	Signature [key.SignatureSize]byte
	Trusted   string // signed by Global, together with Signature
	Global    [key.SignatureSize]byte
}

// ErrSyntax is wrapped by every error of [Parse].
var ErrSyntax = errors.New("not a minisign signature file")

func syntax(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrSyntax, fmt.Errorf(format, args...))
}

// Parse reads a signature file. It takes LF and CRLF line ends, a missing last
// line end and blank lines at the end; everything else has one spelling.
func Parse(data []byte) (*File, error) {
	if len(data) > MaxFile {
		return nil, syntax("%d bytes, and at most %d can be", len(data), MaxFile)
	}
	if err := mangled(data); err != nil {
		return nil, err
	}
	lines, err := fourLines(string(data))
	if err != nil {
		return nil, err
	}
	f := &File{}
	if f.Untrusted, err = untrusted(lines[0]); err != nil {
		return nil, err
	}
	if err := f.signatureLine(lines[1]); err != nil {
		return nil, err
	}
	if f.Trusted, err = trusted(lines[2]); err != nil {
		return nil, err
	}
	global, err := decode(lines[3], key.SignatureSize)
	if err != nil {
		return nil, syntax("line 4, the signature of the trusted comment: %w", err)
	}
	copy(f.Global[:], global)
	return f, nil
}

// mangled recognises files that an editor or a shell re-encoded.
func mangled(data []byte) error {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return syntax("it begins with a byte-order mark: save it as UTF-8 without BOM")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return syntax("it is UTF-16, as some shells write when output is redirected: fetch it again as it is")
	}
	return nil
}

// fourLines splits the text. "Nothing but blank lines after line 4": text behind
// the signature of the comment is signed by nobody.
func fourLines(s string) ([4]string, error) {
	var lines [4]string
	for i := range lines {
		if s == "" {
			return lines, missing(i)
		}
		line, rest, _ := strings.Cut(s, "\n")
		lines[i], s = strings.TrimSuffix(line, "\r"), rest
	}
	if strings.Trim(s, "\r\n") != "" {
		return lines, syntax("something follows line 4, and nothing signs it")
	}
	return lines, nil
}

func missing(have int) error {
	switch have {
	case 0:
		return syntax("it is empty")
	case 2:
		return syntax("it has 2 lines, as signify's signatures do: a minisign one has 4")
	}
	return syntax("it ends after line %d of 4: it is cut short", have)
}

func untrusted(line string) (string, error) {
	c, ok := strings.CutPrefix(line, untrustedPrefix)
	switch {
	case !ok:
		return "", syntax("line 1 does not begin with %q", untrustedPrefix)
	case len(c) > MaxUntrusted:
		return "", syntax("line 1: a comment of %d bytes, and at most %d can be", len(c), MaxUntrusted)
	case strings.ContainsRune(c, 0):
		return "", syntax("line 1: a NUL in the comment")
	case strings.HasSuffix(c, "\r"):
		// One CR belongs to the line end; a second would be gone when written again.
		return "", syntax("line 1: two carriage returns at the line's end")
	}
	return c, nil
}

func trusted(line string) (string, error) {
	c, ok := strings.CutPrefix(line, trustedPrefix)
	if !ok {
		return "", syntax("line 3 does not begin with %q", trustedPrefix)
	}
	if err := CheckTrusted(c); err != nil {
		return "", syntax("line 3: %w", err)
	}
	return c, nil
}

// CheckTrusted holds a trusted comment to what may stand in one: valid UTF-8
// without control characters, save TAB, at most [MaxTrusted] bytes.
func CheckTrusted(c string) error {
	if len(c) > MaxTrusted {
		return fmt.Errorf("a trusted comment of %d bytes, and at most %d can be", len(c), MaxTrusted)
	}
	if !utf8.ValidString(c) {
		return errors.New("the trusted comment is not UTF-8")
	}
	for _, r := range c {
		// A comment that could move a cursor or hide text is not shown to
		// anybody, so it is not accepted from anybody: C0 save TAB, DEL, C1.
		if (r < 0x20 && r != '\t') || (r >= 0x7f && r <= 0x9f) {
			return fmt.Errorf("the trusted comment holds the control character %U", r)
		}
	}
	return nil
}

func (f *File) signatureLine(line string) error {
	blob, err := decode(line, signatureBlob)
	if err != nil {
		return syntax("line 2, the signature: %w", err)
	}
	switch alg := string(blob[:2]); alg {
	case algPrehashed:
	case algLegacy:
		f.Legacy = true
	default:
		return syntax("line 2: signature algorithm %q is unknown", alg)
	}
	copy(f.KeyID[:], blob[2:10])
	copy(f.Signature[:], blob[10:])
	return nil
}

// decode reads base64 of exactly size bytes, in its one canonical spelling: the
// standard decoder skips line ends inside, so its answer is spelled again.
func decode(line string, size int) ([]byte, error) {
	if want := base64.StdEncoding.EncodedLen(size); len(line) != want {
		return nil, fmt.Errorf("%d characters, want %d of base64", len(line), want)
	}
	b, _ := base64.StdEncoding.DecodeString(line) // what does not decode is not spelled again
	if len(b) != size || base64.StdEncoding.EncodeToString(b) != line {
		return nil, errors.New("not canonical base64")
	}
	return b, nil
}

// Marshal writes the file: four lines, each ended by LF.
func (f *File) Marshal() []byte {
	alg := algPrehashed
	if f.Legacy {
		alg = algLegacy
	}
	blob := append([]byte(alg), f.KeyID[:]...)
	blob = append(blob, f.Signature[:]...)
	enc := base64.StdEncoding.EncodeToString
	return []byte(untrustedPrefix + f.Untrusted + "\n" + enc(blob) + "\n" +
		trustedPrefix + f.Trusted + "\n" + enc(f.Global[:]) + "\n")
}

// globalMessage is what Global signs: the signature and the trusted comment,
// without its prefix and line end.
func (f *File) globalMessage() []byte {
	return append(f.Signature[:len(f.Signature):len(f.Signature)], f.Trusted...)
}
