// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package sealedmem

import (
	"errors"
	"os"
)

// newPrivateHold makes a file that only this user could open (mode 0600),
// opens it a second time for reading, and takes its name away before a byte is
// written: nobody can open it any more.
func newPrivateHold() (*hold, error) {
	w, err := os.CreateTemp("", "sealwax-*")
	if err != nil {
		return nil, err
	}
	r, err := reopen(w)
	if rmErr := os.Remove(w.Name()); err == nil {
		err = rmErr
	}
	if err != nil {
		w.Close()
		if r != nil {
			r.Close()
		}
		return nil, err
	}
	drop := func() { w.Close(); r.Close() }
	return &hold{writer: w, seal: func() (*File, error) { return sealPrivate(w, r) }, discard: drop}, nil
}

// reopen opens w's file for reading and makes sure it is the same file.
func reopen(w *os.File) (*os.File, error) {
	r, err := os.Open(w.Name())
	if err != nil {
		return nil, err
	}
	ws, werr := w.Stat()
	rs, rerr := r.Stat()
	if err := errors.Join(werr, rerr); err != nil {
		return r, err
	}
	if !os.SameFile(ws, rs) { // mutate:skip somebody would have to win a race
		return r, errors.New("the private copy was replaced while it was opened; check who can write to the temporary folder")
	}
	return r, nil
}

// sealPrivate closes the only descriptor that can write.
func sealPrivate(w, r *os.File) (*File, error) {
	if err := w.Close(); err != nil {
		return nil, err
	}
	return &File{f: r}, nil
}
