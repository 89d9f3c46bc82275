// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/internal/safefile"
	"github.com/sealwax/sealwax/internal/sealedmem"
)

// DefaultLimit is how many bytes a cache is given where nobody says otherwise.
const DefaultLimit = 1 << 30

// Store is a folder of entries. The zero Store keeps nothing and knows nothing.
// A Store may be used from several goroutines and processes at once.
type Store struct {
	// Dir is the folder of the entries, which is made (0700) when the first one is
	// kept. It must be nobody else's and not writable for everybody.
	Dir string
	// KeyFile holds the key that entries are authenticated with; it is made (0600)
	// when the first one is kept. It belongs where the cache's own folder is not: who
	// restores a cache from somewhere must not bring the key along.
	KeyFile string
	// Limit is the size of all entries in bytes; beyond it, those go first that were
	// not used for the longest time. 0 and less keep nothing.
	Limit int64
	// Now is the time, which an entry notes when it is used. Without it, those go
	// first that were made first.
	Now func() time.Time
	// Warn, if set, is told what a person should mend, as a [*safefile.Error]: the
	// folder or the key is somebody else's. Everything else that keeps the cache
	// from being used costs time and nothing more.
	Warn func(error)
}

// Reasons for which there is nothing to use. In every case the module has to be
// compiled.
var (
	// ErrNone: nothing was kept under this key.
	ErrNone = errors.New("nothing is kept for this module and engine")
	// ErrForeign: what lies there was not kept with this key, or has changed since.
	ErrForeign = errors.New("what is kept there cannot be relied on")
	// ErrTooLarge: it is larger than the whole cache may be.
	ErrTooLarge = errors.New("larger than the cache's limit")
)

// Entry is compiled code as it was kept.
type Entry struct {
	Code  *sealedmem.File // the caller closes it
	Maker Maker
}

// Load gives what was kept under k, from memory that cannot change any more and
// checked there. Every error means that the module has to be compiled; [ErrNone]
// and [ErrForeign] tell why. A foreign entry is removed.
func (s *Store) Load(ctx context.Context, k Key) (Entry, error) {
	e, err := s.load(ctx, k)
	if err != nil {
		return Entry{}, fmt.Errorf("looking for compiled code: %w", s.warned(err))
	}
	return e, nil
}

func (s *Store) load(ctx context.Context, k Key) (Entry, error) {
	description, err := k.describe()
	if err != nil {
		return Entry{}, err
	}
	if s.Limit <= 0 {
		return Entry{}, ErrNone
	}
	if err := checkFolder(s.Dir); err != nil {
		return Entry{}, noneIfMissing(err)
	}
	secret, err := s.secret()
	if errors.Is(err, errNoSecret) {
		err = fmt.Errorf("%w: %w", ErrForeign, err)
	}
	if err != nil {
		return Entry{}, noneIfMissing(err)
	}
	path := s.path(description)
	e, err := s.read(ctx, path, description, secret)
	switch {
	case errors.Is(err, ErrForeign):
		_ = os.Remove(path) // what takes its place will be as good without this
	case err == nil:
		s.used(path)
	}
	return e, err
}

// checkFolder refuses a folder that somebody else could have filled. Only that is
// a [*safefile.Error]: a folder that cannot be reached at all is no news to
// whoever has no home.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return safefile.Check(dir, info)
}

func noneIfMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNone
	}
	return err
}

// warned tells the person what only they can mend.
func (s *Store) warned(err error) error {
	if unsafe := (*safefile.Error)(nil); s.Warn != nil && errors.As(err, &unsafe) {
		s.Warn(unsafe)
	}
	return err
}

// path is the place of an entry: one key, one name.
func (s *Store) path(description string) string {
	sum := sha256.Sum256([]byte(description))
	return filepath.Join(s.Dir, hex.EncodeToString(sum[:])+suffix)
}

// read takes an entry into memory and checks it there.
func (s *Store) read(ctx context.Context, path, description string, secret []byte) (Entry, error) {
	f, size, err := s.open(path)
	if err != nil {
		return Entry{}, err
	}
	defer f.Close()
	front := make([]byte, min(size, maxHead))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), front); err != nil {
		return Entry{}, err
	}
	h, err := parseHead(front)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	// An entry speaks of the key it was kept under, whatever its file is called.
	if h.description != description {
		return Entry{}, fmt.Errorf("%w: it is about another module or engine", ErrForeign)
	}
	code, err := sealedmem.Copy(ctx, "compiled", io.NewSectionReader(f, h.size, size-h.size), s.Limit)
	if err != nil {
		return Entry{}, err
	}
	if err := h.verify(secret, code); err != nil {
		_ = code.Close()
		return Entry{}, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return Entry{Code: code, Maker: h.maker}, nil
}

// open opens a regular file of a size that could have been kept.
func (s *Store) open(path string) (*os.File, int64, error) {
	info, err := os.Lstat(path) // before opening: opening a pipe waits
	if err != nil {
		return nil, 0, noneIfMissing(err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%w: not a regular file", ErrForeign)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, noneIfMissing(err)
	}
	info, err = f.Stat()
	if err == nil && info.Size() > s.Limit {
		err = fmt.Errorf("%w: %w", ErrForeign, ErrTooLarge)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Save keeps code, which maker made of what k says, and then lets go of what was
// not used for the longest time until the limit holds. Who could change code
// while it is saved decides what is kept: seal it first.
func (s *Store) Save(k Key, maker Maker, code *sealedmem.File) error {
	if err := s.save(k, maker, code); err != nil {
		return fmt.Errorf("keeping compiled code: %w", s.warned(err))
	}
	return nil
}

func (s *Store) save(k Key, maker Maker, code *sealedmem.File) error {
	description, err := k.describe()
	if err != nil {
		return err
	}
	if code.Size()+maxHead > s.Limit {
		return ErrTooLarge
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	if err := checkFolder(s.Dir); err != nil {
		return err
	}
	secret, err := s.makeSecret()
	if err != nil {
		return err
	}
	front, err := marshalHead(secret, description, maker, code)
	if err != nil {
		return err
	}
	path := s.path(description)
	if err := write(path, front, code); err != nil {
		return err
	}
	s.used(path)
	return s.trim(s.Limit)
}

// used notes that an entry is. Where it cannot be noted, the entry goes earlier.
func (s *Store) used(path string) {
	if s.Now != nil {
		_ = os.Chtimes(path, time.Time{}, s.Now())
	}
}

func write(path, front string, code *sealedmem.File) error {
	f, err := atomicfile.Create(path, atomicfile.Options{Mode: atomicfile.Secret, Replace: true})
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := io.WriteString(f, front); err != nil {
		return err
	}
	if _, err := io.CopyBuffer(f, io.NewSectionReader(code, 0, code.Size()), make([]byte, 256<<10)); err != nil {
		return err
	}
	return f.Commit()
}
