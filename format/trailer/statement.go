// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/key"
)

// Limits of a statement, in bytes. Stock minisign reads trusted comments of about
// 4,000 bytes and no longer ones.
const (
	MaxStatement = 2048
	maxValue     = 255 // of one value that is neither a list nor digests
)

// domain begins every statement: no other trusted comment may begin with
// [minisign.StatementPrefix].
const domain = minisign.StatementPrefix + "v1"

// Kind is what a signer says that the code is. It decides the door that the code
// may pass. The zero Kind is none.
type Kind string

// The kinds.
const (
	KindCompiled Kind = "compiled" // made of a WebAssembly module by an engine's compiler
	KindProgram  Kind = "program"  // any other program or shared object
)

// Statement is what the signer states of native code. What the original's bytes
// are ([Statement.Key] to [Statement.SourceKeys]) is set by [Format.Append].
type Statement struct {
	Kind Kind
	// Key is the signer's minisign key id.
	Key key.ID
	// Length is that of the original, in bytes, and BLAKE2b512 its digest in
	// lower-case hexadecimal.
	Length     int64
	BLAKE2b512 string
	// Carried is the digest of the carried signatures, "sha256:HEX"; empty is none.
	Carried string
	// SourceKeys names the keys that the carried signatures carry as theirs,
	// "FORMAT:ID", in order.
	SourceKeys []string

	// Tool is what made the statement, with its version: "sealwax/1.2.3".
	Tool string
	// Time is when, to the second, in UTC.
	Time time.Time

	// What follows is stated of compiled code only. All of it may be empty, when
	// somebody signs compiled code by hand.

	// Source is the module or text that was compiled.
	Source sealwax.Ancestor
	// Verified says that the compiler had a signature on the source checked.
	Verified bool
	// SourceMeta is what the source states of itself, and its signatures cover: see
	// [sealwax.Form]. Claims of those signatures get it, as they would have it beside
	// the source.
	SourceMeta []sealwax.Field
	// Translation are the digests of the module that a text was translated to, as
	// [sealwax.FormatSums] writes them.
	Translation string
	// The engine and what it was asked for. Binding and Library are the versions of
	// the Go binding and of the engine's library in it.
	Engine, EngineVersion, Binding, Library, Target, CPU, OptLevel string
	// Features are all that the code may use of the CPU, whatever that was called
	// ("+sse3"), sorted: with these the same code can be made again.
	Features []string
}

// ErrStatement is wrapped by every error of [ParseStatement] and of
// [Statement.Marshal].
var ErrStatement = errors.New("no sealwax-native/v1 statement")

func badStatement(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrStatement, fmt.Errorf(format, args...))
}

// token is one NAME=VALUE of a statement.
type token struct{ name, value string }

// tokens lists what s states, in the one order. What is empty is not stated.
func (s *Statement) tokens() []token {
	list := []token{
		{"kind", string(s.Kind)},
		{"key", s.Key.String()},
		{"length", strconv.FormatInt(s.Length, 10)},
		{"blake2b-512", s.BLAKE2b512},
		{"tool", s.Tool},
		{"time", s.Time.Format(time.RFC3339)},
		{"carried", orNone(s.Carried)},
		{"source-keys", strings.Join(s.SourceKeys, ",")},
	}
	if s.Kind == KindCompiled {
		list = append(list,
			token{"source", verified(s.Verified)},
			token{"source-digest", s.Source.Digest},
			token{"source-sums", s.Source.Sums},
			token{"source-name", s.Source.Name},
			token{"source-meta", formatMeta(s.SourceMeta)},
			token{"translation", s.Translation},
			token{"engine", s.Engine},
			token{"engine-version", s.EngineVersion},
			token{"binding", s.Binding},
			token{"library", s.Library},
			token{"target", s.Target},
			token{"cpu", s.CPU},
			token{"opt-level", s.OptLevel},
			token{"features", strings.Join(s.Features, ",")},
		)
	}
	return slices.DeleteFunc(list, func(t token) bool { return t.value == "" })
}

const none = "none"

func orNone(digest string) string {
	if digest == "" {
		return none
	}
	return digest
}

// The two words for a source.
const (
	sourceVerified   = "verified"
	sourceUnverified = "unverified"
)

func verified(yes bool) string {
	if yes {
		return sourceVerified
	}
	return sourceUnverified
}

// Marshal writes the statement. There is one text for one statement.
func (s *Statement) Marshal() (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(domain)
	for _, t := range s.tokens() {
		b.WriteString(" " + t.name + "=" + escape(t.value))
	}
	if b.Len() > MaxStatement {
		return "", badStatement("%d bytes, and at most %d can be", b.Len(), MaxStatement)
	}
	return b.String(), nil
}

// ParseStatement reads what [Statement.Marshal] writes, and nothing else.
func ParseStatement(text string) (*Statement, error) {
	if len(text) > MaxStatement {
		return nil, badStatement("%d bytes, and at most %d can be", len(text), MaxStatement)
	}
	parts := strings.Split(text, " ")
	if parts[0] != domain {
		return nil, badStatement("it does not begin with %q", domain)
	}
	s := &Statement{}
	for _, part := range parts[1:] {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, badStatement("%q is no NAME=VALUE", part)
		}
		if err := s.set(name, unescape(value)); err != nil {
			return nil, err
		}
	}
	// "One spelling": order, duplicates, empty values, escapes and figures are all
	// held by writing what was read again.
	again, err := s.Marshal()
	if err != nil {
		return nil, err
	}
	if again != text {
		return nil, badStatement("it is not written in its one spelling")
	}
	return s, nil
}

// set reads one value. What it reads too kindly, [ParseStatement] finds out.
func (s *Statement) set(name, value string) (err error) {
	if text := s.text(name); text != nil {
		*text = value
		return nil
	}
	switch name {
	case "kind":
		s.Kind = Kind(value)
	case "key":
		s.Key, err = key.ParseID(value)
	case "length":
		s.Length, err = strconv.ParseInt(value, 10, 64)
	case "time":
		s.Time, err = time.Parse(time.RFC3339, value)
		s.Time = s.Time.UTC()
	case "carried":
		s.Carried = strings.TrimPrefix(value, none)
	case "source-keys":
		s.SourceKeys = strings.Split(value, ",")
	case "source":
		s.Verified = value == sourceVerified
	case "features":
		s.Features = strings.Split(value, ",")
	case "source-meta":
		s.SourceMeta, err = parseMeta(value)
	default:
		return badStatement("it states %q, which is unknown", name)
	}
	if err != nil {
		return badStatement("%s: %w", name, err)
	}
	return nil
}

// text is the field of a value that is text, or nil.
func (s *Statement) text(name string) *string {
	switch name {
	case "blake2b-512":
		return &s.BLAKE2b512
	case "tool":
		return &s.Tool
	case "source-digest":
		return &s.Source.Digest
	case "source-sums":
		return &s.Source.Sums
	case "source-name":
		return &s.Source.Name
	case "translation":
		return &s.Translation
	case "engine":
		return &s.Engine
	case "engine-version":
		return &s.EngineVersion
	case "binding":
		return &s.Binding
	case "library":
		return &s.Library
	case "target":
		return &s.Target
	case "cpu":
		return &s.CPU
	case "opt-level":
		return &s.OptLevel
	}
	return nil
}

// parseSums reads digests in their one spelling.
func parseSums(text string) (sealwax.Remembered, error) {
	sums, err := sealwax.ParseSums(text)
	if err != nil {
		return nil, badStatement("%w", err)
	}
	return sums, nil
}
