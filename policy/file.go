// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/internal/tomltree"
	"github.com/sealwax/sealwax/key"
)

// Limits of policy files, checked before anything is made of them.
const (
	// MaxBytes is the largest policy file.
	MaxBytes = 1 << 20
	// MaxPeople is how many signers and publishers a file may name.
	MaxPeople = 256
	// MaxRules is how many rules a file may have.
	MaxRules = 1024
	// MaxPatterns is how many patterns one rule may have, and MaxAllPatterns all
	// rules together.
	MaxPatterns    = 64
	MaxAllPatterns = 4096
	// MaxMembers is how many names the sets of one rule may have, as many as keys
	// are tried in turn.
	MaxMembers = sealwax.MaxTries
	// MaxNesting is how deep sets may nest.
	MaxNesting = 8
	// MaxKeyBytes is the largest key file that a policy may name.
	MaxKeyBytes = 64 << 10
	// MaxChainBytes is the largest publisher's file that a policy may name, and
	// MaxAllChainBytes all of them together.
	MaxChainBytes    = 2 << 20
	MaxAllChainBytes = 16 << 20
)

// File is a policy file that was read and understood, with what it names beside
// it. The zero File admits nothing.
type File struct {
	// Name is the file's name as it was given to Load or Parse.
	Name string
	// Digest is "sha256:" and the hexadecimal SHA-256 of the file's own bytes: a
	// decision log names the policy by it.
	Digest string
	// Log is where decisions are to be written down, empty for nowhere. A
	// relative path starts at the state folder.
	Log string
	// Signers and Publishers are those whom the file declares, in its order.
	Signers    []Signer
	Publishers []Publisher
	// Rules are the rules in the file's order.
	Rules []Rule

	logLine int
}

// Signer is a key that a policy file gives a name.
type Signer struct {
	Name string
	Key  key.Public
	// From is the file that the key is in, as the policy names it; empty if the
	// policy holds the key itself.
	From string
	// Line is where the policy declares the signer.
	Line int
}

// Publisher is a publisher that a policy file gives a name.
type Publisher struct {
	Name string
	ID   sealwax.PartyID
	// Chain is the publisher's file as it was when the policy was read, not yet
	// believed; nil if the policy leaves it to what is known elsewhere.
	Chain []byte
	// From is the name of the publisher's file in the policy; may be empty.
	From string
	// Line is where the policy declares the publisher.
	Line int
}

// Load reads the policy file at path and the files that it names beside it, each
// once. No file there is an error that wraps fs.ErrNotExist, and the only one that
// does. A file that cannot be read, or that others can write to, is a
// [*safefile.Error]; anything wrong in it is an [*Error].
func Load(path string) (*File, error) {
	data, err := safefile.Read(path, MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	beside := func(name string, limit int64) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), filepath.FromSlash(name))
		}
		return safefile.Read(name, limit)
	}
	return Parse(path, data, beside)
}

// Parse reads a policy file of the given name and content. beside reads a file of
// at most limit bytes that the policy names by an absolute path or one relative to
// the policy; nil has none. The error is an [*Error].
func Parse(name string, data []byte, beside func(name string, limit int64) ([]byte, error)) (*File, error) {
	sum := sha256.Sum256(data)
	r := &reader{file: &File{Name: name, Digest: "sha256:" + hex.EncodeToString(sum[:])}, beside: beside}
	if len(data) > MaxBytes {
		return nil, r.fail(tomltree.Pos{Line: 1, Column: 1}, fmt.Sprintf("larger than %d bytes", MaxBytes), "divide it")
	}
	root, err := tomltree.Parse(data)
	if syntax := (*tomltree.Error)(nil); errors.As(err, &syntax) {
		return nil, r.fail(syntax.Pos, syntax.Problem, "")
	}
	if err != nil {
		return nil, err
	}
	if err := r.document(root); err != nil {
		return nil, err
	}
	return r.file, nil
}

// Signer is the signer of that name, or nil.
func (f *File) Signer(name string) *Signer {
	for i := range f.Signers {
		if f.Signers[i].Name == name {
			return &f.Signers[i]
		}
	}
	return nil
}

// Publisher is the publisher of that name, or nil.
func (f *File) Publisher(name string) *Publisher {
	for i := range f.Publishers {
		if f.Publishers[i].Name == name {
			return &f.Publishers[i]
		}
	}
	return nil
}

// missing says of a file beside the policy what is wrong with it. It never wraps
// fs.ErrNotExist, which would say that the policy itself is not there.
func missing(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "no such file"
	}
	return err.Error()
}
