// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

// identity is the SHA-256 of the file's bytes.
func identity(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}
