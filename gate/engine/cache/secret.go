// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sealwax/sealwax/internal/atomicfile"
	"github.com/sealwax/sealwax/internal/safefile"
)

// fileLabel begins the key file's one line, so that nothing takes it for a key
// that signs or verifies.
const fileLabel = "sealwax-compile-cache-key/1 "

// secretSize is the length of the key that entries are authenticated with: as
// long as what HMAC-SHA256 gives out.
const secretSize = 32

// errNoSecret says that there is a key file and that it holds no key to rely on:
// somebody else may have read it, or it is damaged.
var errNoSecret = errors.New("the key file holds no secret")

// secret reads the key. Without a file the error wraps fs.ErrNotExist.
func (s *Store) secret() ([]byte, error) {
	info, err := os.Lstat(s.KeyFile) // before opening: opening a pipe waits
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &safefile.Error{Path: s.KeyFile, Err: errors.New("not a regular file"), Fix: "move it away"}
	}
	f, err := os.Open(s.KeyFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	return readSecret(s.KeyFile, info, f)
}

// CheckKey says what is wrong with the key file. No file at all is nothing wrong: the
// first module that is kept makes one. A key that others may have read, or that is
// damaged, is an error too, though the next run mends that: it makes a new key, and
// what was kept counts no more.
func (s *Store) CheckKey() error {
	_, err := s.secret()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, errNoSecret):
		return &safefile.Error{Path: s.KeyFile, Err: errors.New("others may have read it, or it is damaged"), Fix: "the next run makes a new one, and compiles anew"}
	}
	return err
}

func readSecret(path string, info fs.FileInfo, f io.Reader) ([]byte, error) {
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, errNoSecret
	}
	if err := safefile.Check(path, info); err != nil {
		return nil, err
	}
	line, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return nil, err
	}
	digits, labelled := strings.CutPrefix(strings.TrimSuffix(string(line), "\n"), fileLabel)
	secret, err := hex.DecodeString(digits)
	if err != nil || !labelled || len(secret) != secretSize {
		return nil, errNoSecret
	}
	return secret, nil
}

// makeSecret gives the key that is there, or makes one. Of several processes that
// make the first one at once, all get the same.
func (s *Store) makeSecret() ([]byte, error) {
	secret, err := s.secret()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = s.writeSecret(false)
	case errors.Is(err, errNoSecret):
		err = s.writeSecret(true) // what was kept with it counts no more
	default:
		return secret, err
	}
	if err != nil {
		return nil, err
	}
	return s.secret()
}

// writeSecret makes a new key. That somebody else made one meanwhile is as good,
// unless it is to be replaced.
func (s *Store) writeSecret(replace bool) error {
	if err := os.MkdirAll(filepath.Dir(s.KeyFile), 0o700); err != nil {
		return err
	}
	fresh := make([]byte, secretSize)
	_, _ = rand.Read(fresh) // never fails: it ends the process instead
	line := fileLabel + hex.EncodeToString(fresh) + "\n"
	err := atomicfile.WriteFile(s.KeyFile, []byte(line), atomicfile.Options{Mode: atomicfile.Secret, Replace: replace})
	if errors.Is(err, atomicfile.ErrExists) {
		return nil
	}
	return err
}
