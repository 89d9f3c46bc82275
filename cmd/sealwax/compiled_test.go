// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/format/wasmsig"
	"github.com/sealwax/sealwax/key"
	"github.com/sealwax/sealwax/sealwaxtest"
)

// cmdCompiled makes what looks like compiled code, without an engine, for scripts
// about who vouches for it: compiled OUT MODULE KEY VERSION [SIGNATURE...]. Each
// signature of the module, a .minisig, is carried along.
func cmdCompiled(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: compiled OUT MODULE KEY VERSION [SIGNATURE...]")
	}
	ctx := context.Background()
	read := func(name string) []byte {
		data, err := os.ReadFile(ts.MkAbs(name))
		ts.Check(err)
		return data
	}
	module := sealwaxtest.Bytes(filepath.Base(args[1]), read(args[1]))
	remember := (&sealwax.Verifier{Formats: format.All()}).Remember(module)
	ts.Check(module.Read(ctx))
	source, err := remember()
	ts.Check(err)
	by, err := key.ParseSecret(ctx, read(args[2]), nil)
	ts.Check(err)
	var carried []trailer.Carried
	for _, sig := range args[4:] {
		carried = append(carried, trailer.Carried{Format: minisign.Format{}.Name(), Data: read(sig)})
	}
	s := trailer.Statement{
		Kind: trailer.KindCompiled, Tool: "sealwax/test", Time: time.Unix(1_790_000_000, 0), Source: source, Verified: len(carried) > 0,
		Engine: "wasmtime", EngineVersion: args[3], Binding: "v" + args[3], Library: args[3],
		Target: "x86_64-unknown-linux-gnu", CPU: "baseline", OptLevel: "speed",
	}
	code := sealwaxtest.Bytes("code", append([]byte("\x7fELF\x02\x01\x01\xc8"), source.Digest...))
	var out bytes.Buffer
	f := trailer.Format{Carried: []sealwax.Format{minisign.Format{}, wasmsig.Format{}}}
	ts.Check(f.Append(ctx, code, &out, by, s, carried))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o644))
}
