// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package run

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/gate/engine"
	"github.com/sealwax/sealwax/gate/engine/cache"
	"github.com/sealwax/sealwax/internal/sealedmem"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// TestTheVerdictComesBeforeTheCache: a refusal looks at nothing that was kept. The
// cache's folder is one that everybody may write to, of which whoever looks at it
// has to tell.
func TestTheVerdictComesBeforeTheCache(t *testing.T) {
	module := []byte("\x00asm\x01\x00\x00\x00")
	maker := sealwaxtest.NewPublisher("maker", 1, minisign.Format{})
	beside, err := maker.Sign(t.Context(), sealwaxtest.Bytes("a.wasm", module), sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	deaf, open := filepath.Join(dir, "engine"), filepath.Join(dir, "compiled")
	if err := errors.Join(os.WriteFile(deaf, []byte("#!/bin/sh\nexit 1\n"), 0o700), os.Mkdir(open, 0o700), os.Chmod(open, 0o777)); err != nil {
		t.Fatal(err)
	}
	errFull := errors.New("the disk is full")
	for _, tc := range []struct {
		name   string
		trust  sealwax.Trust
		kept   error
		looked bool
	}{
		{"allowed", maker.Trust(), nil, true},
		{"allowed, and not written down", maker.Trust(), errFull, false},
		{"refused", sealwaxtest.Trust{}, nil, false},
		{"refused by a key of another role", sealwaxtest.Trusting(sealwax.RoleNative, maker.Key.Public()), nil, false},
	} {
		held, err := sealedmem.Copy(t.Context(), "a.wasm", bytes.NewReader(module), 100)
		if err != nil {
			t.Fatal(err)
		}
		looked := false
		g := Gate{
			Demands: sealwax.Demands{{
				Verifier: sealwax.Verifier{Formats: []sealwax.Format{minisign.Format{}}, Trust: tc.trust},
				Policy:   sealwax.AnyOf(1, sealwax.RoleRelease),
			}},
			Record: func(*sealwax.Report) error { return tc.kept },
			Child: engine.Child{Executable: deaf, Cache: &cache.Store{
				Dir: open, KeyFile: filepath.Join(dir, "key"), Limit: 1 << 20, Warn: func(error) { looked = true },
			}},
		}
		a := sealwaxtest.From("a.wasm", held, beside...)
		if _, _, err := g.Run(t.Context(), a, engine.Job{}); err == nil || looked != tc.looked {
			t.Errorf("%s: looked into the cache %v, want %v (%v)", tc.name, looked, tc.looked, err)
		}
		a.Close()
	}
}
