// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxRoots is how large a file of certificate authorities may be.
const maxRoots = 8 << 20

// readRoots is the system's certificate authorities and those in the files that
// SSL_CERT_FILE and SEALWAX_CA_FILE name. (On Unix, crypto/x509 reads the first
// in place of the system's one file; on macOS and Windows not at all.)
func readRoots(getenv func(string) string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's certificate authorities: %w", err)
	}
	for _, name := range []string{"SSL_CERT_FILE", "SEALWAX_CA_FILE"} {
		if path := getenv(name); path != "" {
			if err := addRoots(pool, path); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return pool, nil
}

// CheckRoots says what is wrong with a file of certificate authorities.
func CheckRoots(path string) error { return addRoots(x509.NewCertPool(), path) }

func addRoots(pool *x509.CertPool, path string) error {
	switch info, err := os.Stat(path); { // before opening: that of a pipe waits
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	case info.Size() > maxRoots:
		return fmt.Errorf("%s has more than %d bytes", path, maxRoots)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	pem, err := io.ReadAll(io.LimitReader(f, maxRoots))
	if err != nil {
		return err
	}
	if !pool.AppendCertsFromPEM(pem) {
		return errors.New(path + " holds no certificate: want PEM")
	}
	return nil
}
