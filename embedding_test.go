// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/gate/choose"
	"github.com/sealwax/sealwax/policy"
	"github.com/sealwax/sealwax/sealwaxtest"
	"github.com/sealwax/sealwax/source"
	"github.com/sealwax/sealwax/trust"
)

// loadPlugin gives the bytes of the plugin at path, if the policy lets it pass.
func loadPlugin(ctx context.Context, path string, rules *policy.File) ([]byte, error) {
	plugin, err := source.Open(ctx, path, source.Options{Holding: source.Held})
	if err != nil {
		return nil, err
	}
	defer plugin.Close()
	door := choose.Chooser{Formats: format.All(), User: rules}
	if _, err := door.Verify(ctx, trust.FileSubject(path), plugin); err != nil {
		return nil, err
	}
	var verified bytes.Buffer
	_, err = plugin.WriteTo(&verified)
	return verified.Bytes(), err
}

// TestEmbedding: what docs/embedding.md shows is this code, and it loads what is
// signed and nothing else.
func TestEmbedding(t *testing.T) {
	page := readText(t, "docs/embedding.md")
	if code := fenced(t, page, "go"); !strings.Contains(readText(t, "embedding_test.go"), "\n"+code+"\n") {
		t.Errorf("docs/embedding.md shows another function than this file has:\n%s", code)
	}
	alice := sealwaxtest.NewPublisher("alice", 1, minisign.Format{})
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("alice.pub", []byte(alice.Key.Public().MinisignLine()+"\n"))
	rules, err := policy.Load(write("policy.toml", []byte(fenced(t, page, "toml"))))
	if err != nil {
		t.Fatal(err)
	}
	module := []byte("\x00asm\x01\x00\x00\x00")
	signed := write("signed.wasm", module)
	sigs, err := alice.Sign(t.Context(), sealwaxtest.Bytes("signed.wasm", module), sealwax.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	write("signed.wasm.minisig", sigs[0].Data)
	if got, err := loadPlugin(t.Context(), signed, rules); err != nil || !bytes.Equal(got, module) {
		t.Errorf("what is signed: %v", err)
	}
	for _, path := range []string{write("unsigned.wasm", module), write("signed.txt", module)} {
		got, err := loadPlugin(t.Context(), path, rules)
		if denied := (*sealwax.DeniedError)(nil); got != nil || !errors.As(err, &denied) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got, err := loadPlugin(t.Context(), signed, nil); got != nil || err == nil {
		t.Error("without a policy it passes")
	}
}
