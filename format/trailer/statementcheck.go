// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
)

// check holds a statement to its rules, whether it is to be written or was read.
func (s *Statement) check() error {
	// "kind is compiled or program": it decides the door.
	if s.Kind != KindCompiled && s.Kind != KindProgram {
		return badStatement("kind %q: want %s or %s", s.Kind, KindCompiled, KindProgram)
	}
	if s.Length < 0 {
		return badStatement("length %d", s.Length)
	}
	if !isHex(s.BLAKE2b512, 64) {
		return badStatement("blake2b-512 %q: want 128 lower-case hexadecimal digits", s.BLAKE2b512)
	}
	if s.Tool == "" {
		return badStatement("it does not say what tool made it")
	}
	// "RFC 3339, UTC, to the second": one moment has one spelling.
	if y := s.Time.Year(); s.Time.IsZero() || s.Time.Nanosecond() != 0 || s.Time.Location().String() != "UTC" || y < 0 || y > 9999 {
		return badStatement("time %v: want whole seconds in UTC", s.Time)
	}
	if err := s.checkCarried(); err != nil {
		return err
	}
	if err := s.checkTexts(); err != nil {
		return err
	}
	if s.Kind == KindProgram {
		return s.checkProgram()
	}
	return s.checkSource()
}

func isHex(s string, size int) bool {
	b, _ := hex.DecodeString(s) // what does not decode is not spelled again
	return len(b) == size && hex.EncodeToString(b) == s
}

func isSHA256(s string) bool {
	digits, ok := strings.CutPrefix(s, "sha256:")
	return ok && isHex(digits, 32)
}

func (s *Statement) checkCarried() error {
	if s.Carried == "" && len(s.SourceKeys) == 0 {
		return nil
	}
	if !isSHA256(s.Carried) {
		return badStatement("carried %q: want sha256: and 64 lower-case hexadecimal digits, or none", s.Carried)
	}
	// "A carried signature is named by its key, and nothing else is."
	if len(s.SourceKeys) == 0 {
		return badStatement("signatures are carried, and source-keys names none")
	}
	return checkList("source-keys", s.SourceKeys)
}

// checkList refuses elements that would be read as two, or as none.
func checkList(name string, list []string) error {
	for _, e := range list {
		if e == "" || strings.Contains(e, ",") {
			return badStatement("%s: %q is no element of a list", name, e)
		}
	}
	return nil
}

// checkTexts holds values to what may be shown to people.
func (s *Statement) checkTexts() error {
	for _, t := range s.tokens() {
		if err := minisign.CheckTrusted(t.value); err != nil {
			return badStatement("%s: %w", t.name, err)
		}
		if text := s.text(t.name); text != nil && !isDigests(t.name) && len(t.value) > maxValue {
			return badStatement("%s: %d bytes, and at most %d can be", t.name, len(t.value), maxValue)
		}
	}
	return nil
}

func isDigests(name string) bool { return name == "source-sums" || name == "translation" }

// checkProgram: a program was made from nothing that anybody speaks of.
func (s *Statement) checkProgram() error {
	if s.Carried != "" {
		return badStatement("a program carries no signatures of a source")
	}
	made := *s
	made.Kind = KindCompiled
	if s.Verified || len(made.tokens()) > len(s.tokens())+1 { // "source=unverified" is always there
		return badStatement("a program states nothing of a source or an engine")
	}
	return nil
}

// checkSource holds what compiled code says of its source together.
func (s *Statement) checkSource() error {
	if s.Source.IsZero() {
		if s.Verified || s.Carried != "" || s.Translation != "" || len(s.SourceMeta) > 0 {
			return badStatement("it states no source, and speaks of one")
		}
		return s.checkFeatures()
	}
	if s.Source.Name == "" {
		return badStatement("the source has no name")
	}
	if !isSHA256(s.Source.Digest) {
		return badStatement("source-digest %q: want sha256: and 64 lower-case hexadecimal digits", s.Source.Digest)
	}
	sums, err := parseSums(s.Source.Sums)
	if err != nil {
		return err
	}
	// "SHA-256 is always among them": blocks of the source go by it too.
	if len(sums["sha256"]) != sha256.Size {
		return badStatement("source-sums %q: the SHA-256 is missing", s.Source.Sums)
	}
	if s.Translation != "" {
		if _, err := parseSums(s.Translation); err != nil {
			return err
		}
	}
	// "Unverified sources carry nothing": they never satisfy anybody who asks for
	// the source's signer.
	if (s.Carried != "" || len(s.SourceMeta) > 0) && !s.Verified {
		return badStatement("the source is not verified, and signatures on it are carried, or what they cover is stated")
	}
	return s.checkFeatures()
}

func (s *Statement) checkFeatures() error {
	if err := checkList("features", s.Features); err != nil {
		return err
	}
	if !slices.IsSorted(s.Features) || len(slices.Compact(slices.Clone(s.Features))) != len(s.Features) {
		return badStatement("features %q: want them sorted, each once", s.Features)
	}
	return nil
}

// speaksOf reports whether the statement is for that kind of artifact.
func (s *Statement) speaksOf(k sealwax.Kind) bool { return sealwax.Kind(s.Kind) == k }
