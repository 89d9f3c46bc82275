// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/gate/run"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust"
)

// openSigned opens the shared object at path for the dynamic linker, if maker
// signed exactly its bytes.
func openSigned(ctx context.Context, path string, maker key.Public) (*run.Object, error) {
	object, err := source.Open(ctx, path, source.Options{Holding: source.SealedExecutable})
	if err != nil {
		return nil, err
	}
	defer object.Close()
	gate := run.ObjectGate{Demands: sealwax.Demands{{
		Verifier: sealwax.Verifier{Formats: format.All(), Trust: trust.Keys{{Key: maker, Role: sealwax.RoleNative}}},
		Policy:   sealwax.AnyOf(1, sealwax.RoleNative),
	}}}
	opened, _, err := gate.Open(ctx, object)
	return opened, err
}

// TestEmbedding: what docs/embedding.md shows is this code, and it opens what is
// signed and nothing else.
func TestEmbedding(t *testing.T) {
	page, err := os.ReadFile("../../docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile("embedding_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(page), "```go\n// openSigned")
	code, _, _ = strings.Cut(code, "\n```")
	if !strings.Contains(string(own), "\n// openSigned"+code+"\n") || len(code) < 100 {
		t.Errorf("docs/embedding.md shows another function than this file has:\n%s", code)
	}
	maker := sealwaxtest.Key(1)
	plain := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 100)...)
	signed := filepath.Join(t.TempDir(), "signed.so")
	f, err := os.Create(signed)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(trailer.Format{}.Embed(t.Context(), sealwaxtest.Bytes("plain.so", plain), f, maker, sealwax.SignOptions{Now: time.Unix(1_795_545_364, 0)}), f.Close())
	if err != nil {
		t.Fatal(err)
	}
	object, err := openSigned(t.Context(), signed, maker.Public())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(object.Path()); err != nil || !strings.HasPrefix(string(got), string(plain)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	object.Close()
	if object, err := openSigned(t.Context(), signed, sealwaxtest.Key(2).Public()); object != nil || err == nil {
		t.Error("somebody else's was opened")
	}
	unsigned := filepath.Join(t.TempDir(), "plain.so")
	if err := os.WriteFile(unsigned, plain, 0o600); err != nil {
		t.Fatal(err)
	}
	if object, err := openSigned(t.Context(), unsigned, maker.Public()); object != nil || err == nil {
		t.Error("what nobody signed was opened")
	}
}
