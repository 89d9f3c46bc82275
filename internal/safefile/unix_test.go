// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package safefile

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestEverybodyMayWrite(t *testing.T) {
	path := written(t, []byte("x"))
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Read(path, 10)
	wrong(t, err, path, "chmod o-w '"+path+"'")
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, 10); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	wrong(t, CheckFolder(dir), dir, "everybody may write to it")
}

// TestPipe: a pipe is refused, and nobody waits for its other end.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Read(path, 10)
	wrong(t, err, path, "not a regular file")
}

// ownedBy is a file's description that names an owner.
type ownedBy uint32

func (ownedBy) Name() string       { return "" }
func (ownedBy) Size() int64        { return 0 }
func (ownedBy) Mode() fs.FileMode  { return 0o600 }
func (ownedBy) ModTime() time.Time { return time.Time{} }
func (ownedBy) IsDir() bool        { return false }
func (o ownedBy) Sys() any         { return &syscall.Stat_t{Uid: uint32(o)} }

// nobodys is a file's description that names no owner.
type nobodys struct{ ownedBy }

func (nobodys) Sys() any { return nil }

func TestOwner(t *testing.T) {
	self := os.Geteuid()
	for _, uid := range []int{0, self} {
		if err := Check("x", ownedBy(uid)); err != nil {
			t.Errorf("uid %d: %v", uid, err)
		}
	}
	wrong(t, Check("x", nobodys{}), "x", "it belongs to another user")
	wrong(t, Check("it's", ownedBy(self+1)), "it's", `chown "$USER" 'it'\''s'`)
}
